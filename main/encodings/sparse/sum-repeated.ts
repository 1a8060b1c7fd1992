import { memorySource } from '#main/bytes/memory-source.ts';
import type { ByteSource } from '#main/bytes/source.ts';
import { AppError } from '#shared/errors.ts';
import { swapUnit } from '#shared/dtype.ts';

/** Typed arrays whose own arithmetic is that of the dtype: floats round, integers wrap. Complex numbers are pairs. */
const ARRAYS = {
  f64: Float64Array,
  c128: Float64Array,
  f32: Float32Array,
  c64: Float32Array,
  i32: Int32Array,
  u32: Uint32Array,
  i16: Int16Array,
  u16: Uint16Array,
  i8: Int8Array,
  u8: Uint8Array,
  i64: BigInt64Array,
  u64: BigUint64Array,
} as const;

export interface SummedItems {
  /** The items in the order of their positions, in the byte order that they had. */
  readonly source: ByteSource;
  readonly positions: Float64Array;
}

/**
 * Adds up the items that belong to one place, in the order in which they are stored.
 * @param bytes all items as stored.
 * @param sorted positions in ascending order.
 * @param order which stored item each of them is; absent where that is the stored order.
 * @throws AppError `unsupported` for dtypes without arithmetic here.
 */
export function sumRepeated(
  bytes: Uint8Array,
  itemBytes: number,
  dtype: string,
  byteOrder: 'little' | 'big',
  sorted: Float64Array,
  order: Uint32Array | undefined,
): SummedItems {
  const TypedArray = ARRAYS[dtype as keyof typeof ARRAYS];
  if (!TypedArray) throw new AppError('unsupported', `repeated entries of the dtype ${dtype} are not summed`);
  const unit = swapUnit(dtype);
  // a copy begins where typed arrays can
  const aligned = bytes.slice();
  if (byteOrder === 'big') swap(aligned, unit);
  const numbers = new TypedArray(
    aligned.buffer,
    aligned.byteOffset,
    aligned.byteLength / TypedArray.BYTES_PER_ELEMENT,
  );
  const distinct: number[] = [];
  const itemNumbers = itemBytes / TypedArray.BYTES_PER_ELEMENT;
  const sums = new TypedArray(sorted.length * itemNumbers);
  sorted.forEach((position, index) => {
    if (distinct.at(-1) !== position) distinct.push(position);
    const into = (distinct.length - 1) * itemNumbers;
    const from = (order ? order[index]! : index) * itemNumbers;
    for (let at = 0; at < itemNumbers; at++) {
      // number and bigint arrays alike: both operands are of one kind
      (sums[into + at] as number) += numbers[from + at] as number;
    }
  });
  const summed = new Uint8Array(sums.buffer, 0, distinct.length * itemBytes);
  if (byteOrder === 'big') swap(summed, unit);
  return { source: memorySource(summed), positions: Float64Array.from(distinct) };
}

function swap(bytes: Uint8Array, unit: number): void {
  for (let begin = 0; begin + unit <= bytes.byteLength; begin += unit)
    bytes.subarray(begin, begin + unit).reverse();
}
