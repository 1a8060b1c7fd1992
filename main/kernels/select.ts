/** Exact order statistics by counting digits of sort keys: one pass over the values for every 16 bits. */
import { valueOfKey, type KeyedWindow } from '#main/kernels/sort-key.ts';

const DIGIT_VALUES = 65_536;

interface Bucket {
  /** Digits fixed so far, as the upper and lower word of a key. */
  readonly high: number;
  readonly low: number;
  /** Values that sort before this bucket. */
  readonly before: number;
  /** The ranks looked for inside it. */
  readonly ranks: readonly number[];
  readonly counts: Float64Array;
}

export interface Selection {
  /** The digit that the next pass counts, 0 first. */
  digit: number;
  readonly digits: 2 | 4;
  buckets: Bucket[];
  /** Rank to key, complete after the last pass. */
  readonly found: Map<number, readonly [high: number, low: number]>;
}

/** @param ranks 0-based positions in sorted order, of the finite values. */
export function startSelection(digits: 2 | 4, ranks: readonly number[]): Selection {
  const bucket = {
    high: 0,
    low: 0,
    before: 0,
    ranks: [...new Set(ranks)],
    counts: new Float64Array(DIGIT_VALUES),
  };
  return { digit: 0, digits, buckets: [bucket], found: new Map() };
}

/** Counts one window; every window is counted once per pass. */
export function countWindow(selection: Selection, keys: KeyedWindow): void {
  for (const bucket of selection.buckets) countBucket(selection.digit, bucket, keys);
}

function countBucket(digit: number, bucket: Bucket, keys: KeyedWindow): void {
  const { high, low, isFinite } = keys;
  const { counts } = bucket;
  const word = digit < 2 ? high : low!;
  const shift = digit % 2 === 0 ? 16 : 0;
  for (let i = 0; i < high.length; i++) {
    if (isFinite && isFinite[i] === 0) continue;
    if (digit === 1 && (high[i]! ^ bucket.high) >>> 16 !== 0) continue;
    if (digit >= 2 && high[i] !== bucket.high) continue;
    if (digit === 3 && (low![i]! ^ bucket.low) >>> 16 !== 0) continue;
    counts[(word[i]! >>> shift) & 0xffff]!++;
  }
}

/** Ends a pass. @returns whether another one is needed. */
export function endPass(selection: Selection): boolean {
  const isLast = selection.digit === selection.digits - 1;
  const next = new Map<string, { high: number; low: number; before: number; ranks: number[] }>();
  for (const bucket of selection.buckets) {
    const ranks = [...bucket.ranks].sort((a, b) => a - b);
    let before = bucket.before;
    let at = 0;
    for (let value = 0; value < DIGIT_VALUES && at < ranks.length; value++) {
      const count = bucket.counts[value]!;
      while (at < ranks.length && ranks[at]! < before + count) {
        const [high, low] = withDigit(bucket, selection.digit, value);
        if (isLast) selection.found.set(ranks[at]!, [high, low]);
        else {
          const key = `${high}:${low}`;
          const child = next.get(key) ?? { high, low, before, ranks: [] };
          child.ranks.push(ranks[at]!);
          next.set(key, child);
        }
        at++;
      }
      before += count;
    }
  }
  selection.digit++;
  selection.buckets = [...next.values()].map((bucket) => ({
    ...bucket,
    counts: new Float64Array(DIGIT_VALUES),
  }));
  return !isLast && selection.buckets.length > 0;
}

function withDigit(bucket: Bucket, digit: number, value: number): readonly [number, number] {
  const shifted = (digit % 2 === 0 ? value << 16 : value) >>> 0;
  return digit < 2
    ? [(bucket.high | shifted) >>> 0, bucket.low]
    : [bucket.high, (bucket.low | shifted) >>> 0];
}

/** The value at a rank looked for, once the last pass is over. */
export function foundValue(dtype: string, selection: Selection, rank: number): number | bigint {
  const [high, low] = selection.found.get(rank)!;
  return valueOfKey(dtype, high, low);
}
