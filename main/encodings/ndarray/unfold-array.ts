import { joblibArray } from '#main/encodings/ndarray/joblib-array.ts';
import { maskedArray, type MaskedArray } from '#main/encodings/ndarray/masked-array.ts';
import {
  objectsOf,
  pickledArray,
  pickledScalar,
  type PickledArray,
} from '#main/encodings/ndarray/pickled-array.ts';
import { pickledSparse, type PickledSparse } from '#main/encodings/ndarray/sparse-array.ts';
import { textOf } from '#main/encodings/pickle/content.ts';
import { asKind, type PickleNode, type PickleObject } from '#main/encodings/pickle/nodes.ts';
import { reprOf } from '#main/encodings/pickle/repr.ts';
import type { Unfolded } from '#main/encodings/pickle/tree.ts';
import type { ArrayDtype } from '#main/encodings/ndarray/array-dtype.ts';
import type { MetadataValue } from '#shared/checkpoint.ts';
import { AppError } from '#shared/errors.ts';
import { coordinateOf } from '#shared/tensor.ts';

/** What a walk over a pickle finds of NumPy's and SciPy's. */
export type ArrayLeaf =
  | { readonly kind: 'array'; readonly array: PickledArray }
  | { readonly kind: 'masked'; readonly array: MaskedArray }
  | { readonly kind: 'sparse'; readonly array: PickledSparse }
  | { readonly kind: 'texts'; readonly shape: readonly number[]; readonly values: readonly string[] }
  /** An array that makes no sense. */
  | { readonly kind: 'broken'; readonly error: AppError };

/**
 * Arrays become leaves, scalars values, and arrays of objects what they hold: of no dimension the object itself,
 * of one a list, of more a dict by coordinate; all texts stay together as one leaf.
 */
export function unfoldArray(node: PickleObject): Unfolded<ArrayLeaf> | undefined {
  const call = asKind(node, 'call');
  if (!call) return undefined;
  try {
    const scalar = pickledScalar(call);
    if (scalar) return { kind: 'value', value: scalarValue(scalar.dtype, scalar.bytes) ?? reprOf(call) };
    const joblib = joblibArray(call);
    if (joblib && 'objects' in joblib) return { kind: 'same', node: joblib.objects };
    const masked = maskedArray(call);
    if (masked) return { kind: 'leaf', leaf: { kind: 'masked', array: masked } };
    const sparse = pickledSparse(call);
    if (sparse) return { kind: 'leaf', leaf: { kind: 'sparse', array: sparse } };
    const array = joblib ?? pickledArray(call);
    if (!array) return undefined;
    const objects = objectsOf(array);
    return objects ? unfoldObjects(objects, array.shape) : { kind: 'leaf', leaf: { kind: 'array', array } };
  } catch (error) {
    if (error instanceof AppError) return { kind: 'leaf', leaf: { kind: 'broken', error } };
    throw error;
  }
}

function unfoldObjects(objects: readonly PickleNode[], shape: readonly number[]): Unfolded<ArrayLeaf> {
  if (shape.length === 0) return { kind: 'same', node: objects[0] ?? null };
  const texts = objects.map((object) => textOf(object));
  if (texts.length > 0 && texts.every((text): text is string => text !== undefined)) {
    return { kind: 'leaf', leaf: { kind: 'texts', shape, values: texts } };
  }
  if (shape.length === 1) return { kind: 'list', items: objects };
  return {
    kind: 'dict',
    entries: objects.map((object, flat) => [coordinateOf(flat, shape).join('.'), object] as const),
  };
}

/** The number or text that a scalar's bytes are. */
function scalarValue(dtype: ArrayDtype, bytes: Uint8Array): MetadataValue | undefined {
  if (dtype.kind !== 'plain' || bytes.byteLength < dtype.itemBytes) return undefined;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const isLittle = dtype.byteOrder === 'little';
  switch (dtype.dtype) {
    case 'bool':
      return bytes[0] !== 0;
    case 'f64':
      return view.getFloat64(0, isLittle);
    case 'f32':
      return view.getFloat32(0, isLittle);
    case 'i8':
      return view.getInt8(0);
    case 'u8':
      return view.getUint8(0);
    case 'i16':
      return view.getInt16(0, isLittle);
    case 'u16':
      return view.getUint16(0, isLittle);
    case 'i32':
      return view.getInt32(0, isLittle);
    case 'u32':
      return view.getUint32(0, isLittle);
    case 'i64':
      return narrowed(view.getBigInt64(0, isLittle));
    case 'u64':
      return narrowed(view.getBigUint64(0, isLittle));
    default:
      return undefined;
  }
}

function narrowed(value: bigint): number | bigint {
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : value;
}
