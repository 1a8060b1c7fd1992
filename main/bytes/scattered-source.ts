import { checkRange } from '#main/bytes/range.ts';
import type { ByteSource } from '#main/bytes/source.ts';
import { throwIfCancelled } from '#shared/errors.ts';

/** Items of another source put in their places among zeros. */
export interface Scatter {
  /** Bytes into the other source where item 0 begins; the items follow each other. */
  readonly offset: number;
  readonly itemBytes: number;
  /** For every item, where it goes, counted in items; ascending and distinct. */
  readonly positions: Float64Array;
  /** Which stored item goes to each position; absent where they are in the order of the positions. */
  readonly order?: Uint32Array;
  /** Of the whole, zeros included. */
  readonly byteLength: number;
  /** A word that counts as zero, too, wherever an item has it in a place that its length divides. */
  readonly zeroWord?: Uint8Array;
}

/** A window's items that lie this close in the stored order are read together. */
const JOINED_ITEMS = 64;

/** A source that is zero but for the items that another source holds; closing it leaves that one open. */
export function scatteredSource(of: ByteSource, scatter: Scatter, name = of.name): ByteSource {
  const { offset, itemBytes, positions, order, byteLength, zeroWord } = scatter;
  checkRange(of.name, of.byteLength, offset, positions.length * itemBytes);

  return {
    name,
    byteLength,
    description: { kind: 'scattered', of: of.description, ...scatter },
    read: async (start, length, signal) => {
      checkRange(name, byteLength, start, length);
      const out = new Uint8Array(length);
      const end = start + length;
      let at = firstAtOrAfter(positions, Math.floor(start / itemBytes));
      while (at < positions.length && positions[at]! * itemBytes < end) {
        throwIfCancelled(signal);
        const run = runAt(at, Math.ceil(end / itemBytes));
        const bytes = await of.read(
          offset + run.low * itemBytes,
          (run.high - run.low + 1) * itemBytes,
          signal,
        );
        if (zeroWord) clearWords(bytes, zeroWord);
        for (; at < run.next; at++) {
          const stored = order ? order[at]! : at;
          place(
            bytes.subarray((stored - run.low) * itemBytes, (stored - run.low + 1) * itemBytes),
            positions[at]! * itemBytes,
          );
        }
      }
      return out;

      function place(item: Uint8Array, position: number): void {
        const from = Math.max(0, start - position);
        const to = Math.min(itemBytes, end - position);
        if (to > from) out.set(item.subarray(from, to), position + from - start);
      }
    },
    close: async () => {},
  };

  /** The items from `at` on, up to a position, whose stored places are close enough for one read. */
  function runAt(at: number, endPosition: number): { next: number; low: number; high: number } {
    let low = order ? order[at]! : at;
    let high = low;
    let next = at + 1;
    for (; next < positions.length && positions[next]! < endPosition; next++) {
      const stored = order ? order[next]! : next;
      const isClose = stored >= low - JOINED_ITEMS && stored <= high + JOINED_ITEMS;
      if (!isClose) break;
      low = Math.min(low, stored);
      high = Math.max(high, stored);
    }
    return { next, low, high };
  }
}

function clearWords(bytes: Uint8Array, word: Uint8Array): void {
  const width = word.byteLength;
  for (let begin = 0; begin + width <= bytes.byteLength; begin += width) {
    let index = 0;
    while (index < width && bytes[begin + index] === word[index]) index++;
    if (index === width) bytes.fill(0, begin, begin + width);
  }
}

/** Index of the first position that is not before `wanted`. */
function firstAtOrAfter(positions: Float64Array, wanted: number): number {
  let low = 0;
  let high = positions.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (positions[middle]! < wanted) low = middle + 1;
    else high = middle;
  }
  return low;
}
