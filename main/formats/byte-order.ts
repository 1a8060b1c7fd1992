import { blockLayout } from '#shared/block-dtype.ts';
import { swapUnit } from '#shared/dtype.ts';

/** Turns whole elements of the other byte order round in place: every word of a block, both parts of a complex number. */
export function swapInPlace(bytes: Uint8Array, dtype: string): void {
  const block = blockLayout(dtype);
  if (!block) return swapRun(bytes, swapUnit(dtype));
  for (let begin = 0; begin + block.byteLength <= bytes.byteLength; begin += block.byteLength) {
    for (const { offset, width, count } of block.words) {
      swapRun(bytes.subarray(begin + offset, begin + offset + width * count), width);
    }
  }
}

function swapRun(bytes: Uint8Array, unit: number): void {
  if (unit === 1) return;
  for (let begin = 0; begin + unit <= bytes.byteLength; begin += unit) {
    bytes.subarray(begin, begin + unit).reverse();
  }
}
