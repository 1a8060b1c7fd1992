import { SPARSE_PART_BYTES } from '#main/bytes/limits.ts';
import { memorySource } from '#main/bytes/memory-source.ts';
import type { ByteSource } from '#main/bytes/source.ts';
import { AppError } from '#shared/errors.ts';
import { dtypeInfo } from '#shared/dtype.ts';
import { contiguousStrides, elementCountOf } from '#shared/tensor.ts';

/** One stored array that a larger whole consists of: indices, values, scales. Offsets are bytes, strides elements. */
export interface StridedPart {
  readonly dtype: string;
  readonly shape: readonly number[];
  readonly source: ByteSource;
  /** Of the storage. */
  readonly offset: number;
  /** Of the storage. */
  readonly byteLength: number;
  readonly byteOrder: 'little' | 'big';
  readonly elementOffset?: number;
  /** Absent for C order. */
  readonly strides?: readonly number[];
}

/** A part whose elements follow each other in C order. */
export interface ContiguousPart {
  readonly source: ByteSource;
  readonly offset: number;
}

/**
 * The part in C order: where it is, or copied into memory where its strides are others.
 * @throws AppError `corrupt` for a part outside its storage, `limit` for a copy that would be too large.
 */
export async function contiguousPart(part: StridedPart): Promise<ContiguousPart> {
  const width = dtypeInfo(part.dtype).bits / 8;
  const count = elementCountOf(part.shape) ?? Infinity;
  const origin = part.elementOffset ?? 0;
  const strides = part.strides ?? contiguousStrides(part.shape);
  const last = part.shape.reduce((at, dimension, axis) => at + (dimension - 1) * strides[axis]!, origin);
  if (count > 0 && (last + 1) * width > part.byteLength) {
    throw new AppError('corrupt', 'a part of the tensor reaches beyond its storage', {
      file: part.source.name,
      offset: part.offset,
      expected: `${(last + 1) * width} bytes`,
      found: `${part.byteLength} bytes`,
    });
  }
  const dense = contiguousStrides(part.shape);
  const isDense = part.shape.every((dimension, axis) => dimension <= 1 || strides[axis] === dense[axis]);
  if (isDense || count === 0) return { source: part.source, offset: part.offset + origin * width };
  requireSmall(Math.max(count, last + 1 - origin) * width);
  const stored = await part.source.read(part.offset + origin * width, (last + 1 - origin) * width);
  const bytes = new Uint8Array(count * width);
  for (let flat = 0; flat < count; flat++) {
    let at = 0;
    let rest = flat;
    for (let axis = part.shape.length - 1; axis >= 0; axis--) {
      at += (rest % part.shape[axis]!) * strides[axis]!;
      rest = Math.floor(rest / part.shape[axis]!);
    }
    bytes.set(stored.subarray(at * width, (at + 1) * width), flat * width);
  }
  return { source: memorySource(bytes, part.source.name), offset: 0 };
}

type NumberReader = (view: DataView, offset: number, isLittle: boolean) => number;

const READERS: ReadonlyMap<string, NumberReader> = new Map<string, NumberReader>([
  ['i64', (view, offset, isLittle) => Number(view.getBigInt64(offset, isLittle))],
  ['u64', (view, offset, isLittle) => Number(view.getBigUint64(offset, isLittle))],
  ['i32', (view, offset, isLittle) => view.getInt32(offset, isLittle)],
  ['u32', (view, offset, isLittle) => view.getUint32(offset, isLittle)],
  ['i16', (view, offset, isLittle) => view.getInt16(offset, isLittle)],
  ['u16', (view, offset, isLittle) => view.getUint16(offset, isLittle)],
  ['i8', (view, offset) => view.getInt8(offset)],
  ['u8', (view, offset) => view.getUint8(offset)],
  ['f64', (view, offset, isLittle) => view.getFloat64(offset, isLittle)],
  ['f32', (view, offset, isLittle) => view.getFloat32(offset, isLittle)],
]);

/**
 * The numbers of a part in C order; integers beyond 2^53 are inexact, which no index is.
 * @throws AppError as `contiguousPart`, and `unsupported` for dtypes that are no indices or scales.
 */
export async function readNumbers(part: StridedPart): Promise<Float64Array> {
  const read = READERS.get(part.dtype);
  if (!read) throw new AppError('unsupported', `indices of the dtype ${part.dtype} are not read`);
  const width = dtypeInfo(part.dtype).bits / 8;
  const count = elementCountOf(part.shape) ?? Infinity;
  requireSmall(count * width);
  const { source, offset } = await contiguousPart(part);
  const bytes = await source.read(offset, count * width);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const isLittle = part.byteOrder === 'little';
  return Float64Array.from({ length: count }, (_, index) => read(view, index * width, isLittle));
}

/** @throws AppError `limit` for more bytes than a part may take in memory. */
export function requireSmall(bytes: number): void {
  if (bytes <= SPARSE_PART_BYTES) return;
  throw new AppError('limit', 'a part of the tensor is larger than we take into memory', {
    expected: `at most ${SPARSE_PART_BYTES} bytes`,
    found: `${bytes} bytes`,
  });
}
