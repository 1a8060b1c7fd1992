// MXNet NDArray record, versions 0 to 3: apache/mxnet src/ndarray/ndarray.cc, `NDArray::Save` and `NDArray::Load`.
import { TENSOR_RANK } from '#main/bytes/limits.ts';
import type { SourceCursor } from '#main/bytes/source-cursor.ts';
import { AppError, type ErrorFields } from '#shared/errors.ts';
import { byteLengthOf, elementCountOf } from '#shared/tensor.ts';

/** A record's header; offsets and lengths are bytes of the file. */
export interface NdArray {
  readonly version: 0 | 1 | 2 | 3;
  readonly begin: number;
  readonly end: number;
  /** Absent for a "none" array: it has no dtype, no context and no data. */
  readonly content?: NdArrayContent;
}

export interface NdArrayContent {
  readonly dtype: string;
  readonly shape: readonly number[];
  /** As MXNet prints it: "cpu(0)". */
  readonly context: string;
  readonly data: StoredPart;
  readonly sparse?: { readonly layout: 'row_sparse' | 'csr'; readonly aux: readonly StoredPart[] };
}

/** One block of values: the shape of what is stored, which for a sparse array is not the array's own. */
export interface StoredPart {
  readonly dtype: string;
  readonly shape: readonly number[];
  readonly offset: number;
  readonly byteLength: number;
}

const V1_MAGIC = 0xf993fac8;
const V2_MAGIC = 0xf993fac9;
const V3_MAGIC = 0xf993faca;

/** mshadow's type codes. */
const DTYPES = [
  'f32',
  'f64',
  'f16',
  'u8',
  'i32',
  'i8',
  'i64',
  'bool',
  'i16',
  'u16',
  'u32',
  'u64',
  'bf16',
] as const;

const STORAGE_TYPES = ['dense', 'row_sparse', 'csr'] as const;

const DEVICES: ReadonlyMap<number, string> = new Map([
  [1, 'cpu'],
  [2, 'gpu'],
  [3, 'cpu_pinned'],
  [5, 'cpu_shared'],
]);

/**
 * Reads the header at the cursor and leaves the cursor behind the data, which are not read.
 * @param index of the record in its list, for messages.
 * @throws AppError `corrupt`: without its length nothing behind the record can be found.
 */
export async function readNdArray(cursor: SourceCursor, index: number): Promise<NdArray> {
  const begin = cursor.position();
  const fault: Fault = (message, fields) =>
    new AppError('corrupt', `array ${index} of the list ${message}`, fields);

  const first = (await cursor.take(4)).u32();
  if (first === V1_MAGIC) return legacy(1, await wideShape(cursor, fault));
  if (first === V2_MAGIC || first === V3_MAGIC) return current(first === V3_MAGIC ? 3 : 2);
  if (first > TENSOR_RANK) {
    throw fault('begins with neither a version nor a rank', {
      offset: begin,
      expected: `a rank up to ${TENSOR_RANK}, or 0xf993fac8 to 0xf993faca`,
      found: `0x${first.toString(16)}`,
    });
  }
  const dimensions = await cursor.take(4 * first);
  return legacy(
    0,
    Array.from({ length: first }, () => dimensions.u32()),
  );

  async function legacy(version: 0 | 1, shape: Shape): Promise<NdArray> {
    if (shape === undefined || shape.length === 0) return { version, begin, end: cursor.position() };
    const context = await contextAt(cursor);
    const dtype = await dtypeAt(cursor, fault);
    const data = pass(cursor, dtype, shape, fault);
    return { version, begin, end: cursor.position(), content: { dtype, shape, context, data } };
  }

  async function current(version: 2 | 3): Promise<NdArray> {
    const at = cursor.position();
    const storageType = STORAGE_TYPES[(await cursor.take(4)).i32()];
    if (storageType === undefined || (version === 3 && storageType !== 'dense')) {
      throw fault('has an unknown storage type', {
        offset: at,
        expected: version === 3 ? '0 (dense)' : '0 (dense), 1 (row_sparse) or 2 (csr)',
      });
    }
    const stored = storageType === 'dense' ? undefined : await wideShape(cursor, fault);
    const shape = await wideShape(cursor, fault);
    // before numpy mode a rank of 0 said "none"; since then it is a scalar, and unknown dimensions say it
    const isNone = shape === undefined || (version === 2 && shape.length === 0);
    if (isNone) return { version, begin, end: cursor.position() };
    const context = await contextAt(cursor);
    const dtype = await dtypeAt(cursor, fault);
    if (storageType === 'dense') {
      const data = pass(cursor, dtype, shape, fault);
      return { version, begin, end: cursor.position(), content: { dtype, shape, context, data } };
    }
    const auxHeaders: { dtype: string; shape: readonly number[] }[] = [];
    for (let count = storageType === 'csr' ? 2 : 1; count > 0; count--) {
      const auxDtype = await dtypeAt(cursor, fault);
      auxHeaders.push({ dtype: auxDtype, shape: (await wideShape(cursor, fault)) ?? [] });
    }
    const data = pass(cursor, dtype, stored ?? [], fault);
    const aux = auxHeaders.map((header) => pass(cursor, header.dtype, header.shape, fault));
    const content = { dtype, shape, context, data, sparse: { layout: storageType, aux } };
    return { version, begin, end: cursor.position(), content };
  }
}

type Fault = (message: string, fields: ErrorFields) => AppError;

/** Undefined where MXNet says that it does not know. */
type Shape = readonly number[] | undefined;

/** i32 rank and i64 dimensions. */
async function wideShape(cursor: SourceCursor, fault: Fault): Promise<Shape> {
  const at = cursor.position();
  const rank = (await cursor.take(4)).i32();
  if (rank === -1) return undefined;
  if (rank < 0 || rank > TENSOR_RANK) {
    throw fault('has a rank that no array has', {
      offset: at,
      expected: `0 to ${TENSOR_RANK}`,
      found: String(rank),
    });
  }
  const dimensions = await cursor.take(8 * rank);
  const shape: number[] = [];
  let isKnown = true;
  for (let axis = 0; axis < rank; axis++) {
    const dimension = dimensions.i64();
    if (dimension === -1n) isKnown = false;
    else if (dimension < 0n || dimension > BigInt(Number.MAX_SAFE_INTEGER)) {
      throw fault('has a dimension that no array has', { offset: at, found: String(dimension) });
    }
    shape.push(Number(dimension));
  }
  return isKnown ? shape : undefined;
}

async function contextAt(cursor: SourceCursor): Promise<string> {
  const fields = await cursor.take(8);
  const device = fields.i32();
  return `${DEVICES.get(device) ?? `device ${device}`}(${fields.i32()})`;
}

async function dtypeAt(cursor: SourceCursor, fault: Fault): Promise<string> {
  const at = cursor.position();
  const code = (await cursor.take(4)).i32();
  const dtype = DTYPES[code];
  if (dtype === undefined) {
    throw fault('has an unknown type code', {
      offset: at,
      expected: `0 to ${DTYPES.length - 1}`,
      found: String(code),
    });
  }
  return dtype;
}

/** Passes over the values of one block. */
function pass(cursor: SourceCursor, dtype: string, shape: readonly number[], fault: Fault): StoredPart {
  const offset = cursor.position();
  const count = elementCountOf(shape);
  const byteLength = count === undefined ? Infinity : byteLengthOf(dtype, count);
  if (byteLength > cursor.remaining()) {
    throw fault('has more values than the file has bytes', {
      offset,
      expected: `${byteLength === Infinity ? 'bytes' : `${byteLength} bytes`} for ${dtype} [${shape.join(', ')}]`,
      found: `${cursor.remaining()} bytes`,
      hint: 'the file is cut short or damaged; fetch or save it again',
    });
  }
  cursor.skip(byteLength);
  return { dtype, shape, offset, byteLength };
}
