// TensorMetadata and QuantizedSchema of torch/csrc/jit/serialization/mobile_bytecode.fbs.
import { TENSOR_RANK } from '#main/bytes/limits.ts';
import type { FlatBuffers, FlatTable } from '#main/encodings/flatbuffers/flatbuffers.ts';
import type { PickleCall, PickleNode } from '#main/encodings/pickle/nodes.ts';
import { plainText } from '#main/formats/pytorch/id-parts.ts';
import { AppError } from '#shared/errors.ts';

/** Fields of TensorMetadata. */
const STORAGE = 0;
const DTYPE = 1;
const OFFSET = 2;
const SIZES = 3;
const STRIDES = 4;
const QUANTISED = 6;

/** Fields of QuantizedSchema. */
const SCHEME = 0;
const SCALE = 1;
const ZERO_POINT = 2;
const SCALES = 3;
const ZERO_POINTS = 4;
const AXIS = 5;

/** Names of torch by the numbers of ScalarType: c10/core/ScalarType.h. */
const DTYPES = [
  ...['uint8', 'int8', 'int16', 'int32', 'int64', 'float16', 'float32', 'float64'],
  ...['complex32', 'complex64', 'complex128', 'bool', 'qint8', 'quint8', 'qint32', 'bfloat16'],
  ...['quint4x2', 'quint2x4', 'bits1x8', 'bits2x4', 'bits4x2', 'bits8', 'bits16'],
  ...['float8_e5m2', 'float8_e4m3fn', 'float8_e5m2fnuz', 'float8_e4m3fnuz', 'uint16', 'uint32', 'uint64'],
] as const;

/** Storage classes of the dtypes of quantised tensors, whose numbers are told by nothing else. */
const QUANTISED_STORAGES: ReadonlyMap<string, string> = new Map([
  ['qint8', 'QInt8Storage'],
  ['quint8', 'QUInt8Storage'],
  ['qint32', 'QInt32Storage'],
  ['quint4x2', 'QUInt4x2Storage'],
]);

/** c10/core/QScheme.h. */
const SCHEMES = [
  'per_tensor_affine',
  'per_channel_affine',
  'per_tensor_symmetric',
  'per_channel_symmetric',
  'per_channel_affine_float_qparams',
] as const;

/** The key of a storage, by its number. */
export function storageKey(index: number): string {
  return String(index);
}

/** What would rebuild the tensor in a pickle of torch.save's. @throws AppError `corrupt`, `limit`. */
export async function tensorNode(file: FlatBuffers, table: FlatTable): Promise<PickleNode> {
  const name: string | undefined = DTYPES[table.i8(DTYPE)];
  if (name === undefined) {
    throw new AppError('unsupported', `the dtype ${table.i8(DTYPE)} is none of ours`, {
      offset: table.position,
    });
  }
  const quantised = await file.tableIn(table, QUANTISED);
  const storageClass = QUANTISED_STORAGES.get(name) ?? 'UntypedStorage';
  const key = plainText(storageKey(table.u32(STORAGE)));
  // as long as the file says: what the tensor needs is checked against that
  const storage = {
    kind: 'persistent',
    id: tuple([plainText('storage'), torch(storageClass), key, plainText('cpu'), 0]),
  } as const;
  const place = [
    storage,
    table.i32(OFFSET),
    tuple(await dimensions(file, table, SIZES)),
    tuple(await dimensions(file, table, STRIDES)),
  ];
  return quantised
    ? call('_rebuild_qtensor', [...place, await quantiser(file, quantised), false, null])
    : call('_rebuild_tensor_v3', [...place, false, null, torch(name)]);
}

async function dimensions(file: FlatBuffers, table: FlatTable, field: number): Promise<readonly number[]> {
  const count = (await file.vectorIn(table, field, 4))?.count ?? 0;
  if (count > TENSOR_RANK) {
    throw new AppError('corrupt', `a tensor has ${count} dimensions`, {
      offset: table.position,
      expected: `at most ${TENSOR_RANK}`,
      found: String(count),
    });
  }
  const view = await file.items(table, field, 4);
  return Array.from({ length: count }, (_, index) => view.getInt32(4 * index, true));
}

/** `(scheme, scale, zero point)` or `(scheme, scales, zero points, axis)`. */
async function quantiser(file: FlatBuffers, table: FlatTable): Promise<PickleNode> {
  const scheme = torch(SCHEMES[table.i8(SCHEME)] ?? 'unknown');
  const [scales, zeroPoints] = [await file.tableIn(table, SCALES), await file.tableIn(table, ZERO_POINTS)];
  if (!scales || !zeroPoints) {
    return tuple([scheme, { kind: 'float', value: table.f64(SCALE) }, table.i32(ZERO_POINT)]);
  }
  // scales of scales there are none
  const plain = async (of: FlatTable): Promise<PickleNode> =>
    of.target(QUANTISED) === undefined ? tensorNode(file, of) : null;
  return tuple([scheme, await plain(scales), await plain(zeroPoints), table.i32(AXIS)]);
}

function tuple(items: readonly PickleNode[]): PickleNode {
  return { kind: 'tuple', items: [...items] };
}

function torch(name: string): PickleNode {
  return { kind: 'global', module: 'torch', name, offset: 0 };
}

function call(name: string, args: readonly PickleNode[]): PickleCall {
  const callable = { kind: 'global', module: 'torch._utils', name, offset: 0 } as const;
  return { kind: 'call', opcode: 'REDUCE', callable, args: tuple(args), offset: 0 };
}
