// NumPy arrays, scalars and dtypes inside pickles: numpy/core/src/multiarray/{methods,descriptor,scalartypes}.c (__reduce__, __setstate__).
import { ARRAY_FIELDS, PICKLED_ARRAY_BYTES } from '#main/bytes/limits.ts';
import { memorySource } from '#main/bytes/memory-source.ts';
import type { ByteSource } from '#main/bytes/source.ts';
import {
  dimensionsOf,
  hasObjects,
  namedDtype,
  parseTypeString,
  type ArrayDtype,
  type RecordField,
} from '#main/encodings/ndarray/array-dtype.ts';
import { storeArray, type ArrayLayout, type StoredColumn } from '#main/encodings/ndarray/ndarray.ts';
import { bytesOf, heldBytes, spanOf, textOf } from '#main/encodings/pickle/content.ts';
import {
  asKind,
  itemsOf,
  numberOf,
  safeInteger,
  type PickleCall,
  type PickleNode,
} from '#main/encodings/pickle/nodes.ts';
import { AppError } from '#shared/errors.ts';
import { elementCountOf } from '#shared/tensor.ts';

export interface PickledArray extends ArrayLayout {
  /** Bytes-like; for an array of objects the list of them. */
  readonly data: PickleNode;
}

/** Whether a node is a global of NumPy with this name: modules moved about, names stayed. */
export function isNumpy(node: PickleNode | undefined, name: string): boolean {
  const global = asKind(node, 'global');
  return global?.name === name && isNumpyModule(global.module);
}

function isNumpyModule(module: string): boolean {
  return module === 'numpy' || module.startsWith('numpy.');
}

/**
 * The array that a node stands for: NumPy's `_reconstruct` with its state, protocol 5's `_frombuffer`,
 * TensorFlow's `convert_to_tensor(array)`, JAX's `_reconstruct_array(…)`.
 * @returns undefined for anything else.
 * @throws AppError where the node is such an array and makes no sense.
 */
export function pickledArray(node: PickleNode | undefined): PickledArray | undefined {
  const call = asKind(node, 'call');
  if (!call) return undefined;
  const args = itemsOf(call.args) ?? [];
  const name = asKind(call.callable, 'global')?.name;
  if (name === 'convert_to_tensor') return pickledArray(args[0]);
  if (name === '_reconstruct_array' && args.length >= 3) return arrayFromState(args[2]);
  if (isNumpy(call.callable, '_reconstruct')) return arrayFromState(call.states?.at(-1));
  if (isNumpy(call.callable, '_frombuffer')) return arrayFromBuffer(args);
  return undefined;
}

/** State of an ndarray: (version, shape, dtype, is Fortran, bytes or list); version 0 lacks the first. */
function arrayFromState(state: PickleNode | undefined): PickledArray {
  const all = itemsOf(state) ?? [];
  const parts = all.length === 4 ? all : all.slice(1);
  const [shape, dtype, isFortran, data] = parts;
  if (parts.length !== 4 || data === undefined)
    throw new AppError('corrupt', 'the pickled array has no proper state');
  return {
    dtype: pickledDtype(dtype),
    shape: pickledShape(shape),
    isFortran: numberOf(isFortran) === 1,
    data,
  };
}

/** `_frombuffer(buffer, dtype, shape, order)`. */
function arrayFromBuffer(args: readonly PickleNode[]): PickledArray {
  const [data, dtype, shape, order] = args;
  if (data === undefined) throw new AppError('corrupt', 'the pickled array has no buffer');
  return { dtype: pickledDtype(dtype), shape: pickledShape(shape), isFortran: textOf(order) === 'F', data };
}

export function pickledShape(node: PickleNode | undefined): readonly number[] {
  const items = itemsOf(node) ?? [node ?? null];
  return dimensionsOf({ kind: 'tuple', items: items.map((item) => safeInteger(item) ?? -1) });
}

/**
 * The data type that a pickled `numpy.dtype(…)` stands for.
 * @throws AppError as `parseTypeString`.
 */
export function pickledDtype(node: PickleNode | undefined): ArrayDtype {
  const call = asKind(node, 'call');
  const args = itemsOf(call?.args) ?? [];
  // texts of any length, which the pickle lists as it does objects
  if (call && isNumpy(call.callable, STRING_DTYPE)) return { kind: 'object', itemBytes: 16 };
  if (!call || !isNumpy(call.callable, 'dtype')) {
    throw new AppError('unsupported', 'the data type of a pickled array is not one that NumPy brings');
  }
  const state = itemsOf(call.states?.at(-1)) ?? [];
  const isBig = textOf(state[1]) === '>' || asciiText(state[1]) === '>';
  const named = asKind(args[0], 'global') ?? asKind(asKind(args[0], 'call')?.callable, 'global');
  if (named) {
    const dtype = namedDtype(named.name);
    if (dtype) return { ...dtype, byteOrder: isBig ? 'big' : 'little' };
    throw new AppError('unsupported', `the NumPy type ${named.name} has no dtype here`, {
      found: named.name,
    });
  }
  const text = textOf(args[0]) ?? asciiText(args[0]) ?? '';
  const fields = asKind(state[4], 'dict') ?? asKind(state[3], 'dict');
  const names = itemsOf(state[3]) ?? itemsOf(state[4]);
  // NumPy goes by the length in the state, which follows that in the name
  const stated = safeInteger(state[5]) ?? -1;
  const itemBytes = stated >= 0 ? stated : Number(text.slice(1));
  if (fields && names) return recordFromState(fields.keys, fields.values, names, itemBytes);
  return parseTypeString(`${text}${timeUnit(state)}`, isBig ? 'big' : 'little');
}

function recordFromState(
  keys: readonly PickleNode[],
  values: readonly PickleNode[],
  names: readonly PickleNode[],
  itemBytes: number,
): ArrayDtype {
  if (names.length > ARRAY_FIELDS || !Number.isSafeInteger(itemBytes)) {
    throw new AppError('limit', 'the record of a pickled array has more fields than we read');
  }
  const byName = new Map(keys.map((key, index) => [textOf(key), values[index]!]));
  const fields = names.map((node): RecordField => {
    const name = textOf(node) ?? '';
    const [dtype, offset] = itemsOf(byName.get(name)) ?? [];
    const start = safeInteger(offset);
    if (dtype === undefined || start === undefined || start < 0) {
      throw new AppError('corrupt', `the record of a pickled array does not tell where its field ${name} is`);
    }
    const [base, shape] = subArrayOf(dtype);
    const field = { name, offset: start, dtype: pickledDtype(base), shape };
    const end = start + field.dtype.itemBytes * (elementCountOf(shape) ?? Infinity);
    if (end > itemBytes) {
      throw new AppError('corrupt', `the field ${name} of a pickled array ends beyond its record`, {
        expected: `at most ${itemBytes} bytes`,
        found: `${end} bytes`,
      });
    }
    return field;
  });
  return { kind: 'record', fields, itemBytes };
}

/** A field that holds an array in each record: (base, shape) stand in its dtype's state. */
function subArrayOf(dtype: PickleNode): [PickleNode, readonly number[]] {
  const state = itemsOf(asKind(dtype, 'call')?.states?.at(-1)) ?? [];
  const [base, shape] = itemsOf(state[2]) ?? [];
  return base === undefined || shape === undefined ? [dtype, []] : [base, pickledShape(shape)];
}

/** The unit of a time, which stands at the end of the state: ({}, (unit, count, denominator, event)). */
function timeUnit(state: readonly PickleNode[]): string {
  const metadata = itemsOf(itemsOf(state[8])?.[1]);
  const unit = textOf(metadata?.[0]) ?? asciiText(metadata?.[0]);
  if (metadata === undefined || unit === undefined || unit === 'generic') return '';
  const count = safeInteger(metadata[1]) ?? 1;
  return `[${count === 1 ? '' : count}${unit}]`;
}

function asciiText(node: PickleNode | undefined): string | undefined {
  const bytes = heldBytes(node);
  return bytes && String.fromCharCode(...bytes);
}

/**
 * Describes the values of a pickled array, where they are in the pickle's source wherever they stand there as they are.
 * @throws AppError `corrupt` for data shorter than the shape, `limit`.
 */
export async function storePickledArray(
  array: PickledArray,
  source: ByteSource,
): Promise<readonly StoredColumn[]> {
  const span = spanOf(array.data);
  if (span) return storeArray(array, source, span.offset, span.offset + span.byteLength);
  const bytes = await bytesOf(array.data, source, PICKLED_ARRAY_BYTES);
  return storeArray(array, memorySource(bytes, source.name), 0);
}

/** The objects of an array of objects, which a pickle lists in C order whatever the array's own; undefined for other arrays. */
export function objectsOf(array: PickledArray): readonly PickleNode[] | undefined {
  return hasObjects(array.dtype) ? (itemsOf(array.data) ?? []) : undefined;
}

/** What a pickled NumPy scalar, `scalar(dtype, bytes)`, consists of. */
export function pickledScalar(node: PickleCall): { dtype: ArrayDtype; bytes: Uint8Array } | undefined {
  if (!isNumpy(node.callable, 'scalar')) return undefined;
  const [dtype, data] = itemsOf(node.args) ?? [];
  const bytes = heldBytes(data);
  return bytes && { dtype: pickledDtype(dtype), bytes };
}

/** Everything of NumPy's that a pickle of arrays names; none of it is unknown to us. */
export function isArrayGlobal(module: string, name: string): boolean {
  return (
    (isNumpyModule(module) && ARRAY_GLOBALS.has(name)) ||
    name === 'convert_to_tensor' ||
    name === '_reconstruct_array' ||
    namedDtype(name) !== undefined ||
    (module === '_codecs' && name === 'encode')
  );
}

/** What makes NumPy 2's StringDType. */
const STRING_DTYPE = '_convert_to_stringdtype_kwargs';

const ARRAY_GLOBALS: ReadonlySet<string> = new Set([
  STRING_DTYPE,
  ...['_reconstruct', '_frombuffer', 'ndarray', 'dtype', 'scalar'],
  ...['matrix', 'memmap', 'recarray', 'record', 'chararray'],
  ...['_mareconstruct', 'MaskedArray'],
  // states of random generators
  ...[
    '__randomstate_ctor',
    '__generator_ctor',
    '__bit_generator_ctor',
    'MT19937',
    'PCG64',
    'PCG64DXSM',
    'Philox',
    'SFC64',
  ],
]);
