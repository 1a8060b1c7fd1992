import { releaseMemory } from '#main/bytes/release-memory.ts';
import { GATHER_BYTES } from '#main/bytes/limits.ts';
import { elementCountOf } from '#shared/tensor.ts';

/** Elements [start, start + count) of a tensor; the caller owns the bytes. */
export type Read = (start: number, count: number, signal?: AbortSignal) => Promise<Uint8Array>;

/**
 * Windows out of larger blocks, for values that lie across the order they are read in: what one window takes of the
 * file lies between what the next ones take. The first of two windows that follow one another is read alone, since
 * it may have been all that is wanted.
 * @param shape of the tensor.
 * @param width bytes of one element.
 * @param blockBytes of a block, at most.
 */
export function readAhead(
  read: Read,
  shape: readonly number[],
  width: number,
  blockBytes = GATHER_BYTES,
): Read {
  const most = Math.max(1, Math.floor(blockBytes / width));
  const row = largestRow(shape, most);
  const elementCount = elementCountOf(shape) ?? 0;
  let begin = 0;
  let block: Uint8Array = new Uint8Array(0);
  let next = NaN;
  return async (start, count, signal) => {
    const isNext = start === next;
    next = start + count;
    const isHeld = start >= begin && (next - begin) * width <= block.byteLength;
    if (!isHeld) {
      const first = start - (start % row);
      const length = Math.min(most - (most % row), elementCount - first);
      if (!isNext || next > first + length) return read(start, count, signal);
      releaseMemory(block);
      block = new Uint8Array(0);
      block = await read(first, length, signal);
      begin = first;
    }
    return block.slice((start - begin) * width, (start - begin + count) * width);
  };
}

/** Elements of the longest row, plane and so on that is no longer than a block: a part of one may take as long as all of it. */
function largestRow(shape: readonly number[], most: number): number {
  let row = 1;
  for (let axis = shape.length - 1; axis > 0 && row * shape[axis]! <= most; axis--) row *= shape[axis]!;
  return Math.max(1, row);
}
