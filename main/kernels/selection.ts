/**
 * Exact order statistics of values that are read again and again. The first reading counts them by the upper half of
 * the float that they round to; each further one lists what is left in the intervals that the ranks are in, or where that
 * is much, counts them by 65,536 parts of their interval. What has one key needs no reading.
 */
import type { CodeCounts } from '#main/kernels/code-counts.ts';
import {
  MOST_INTERVALS,
  type IntervalCounts,
  type IntervalQuestion,
  type KeyInterval,
  type NarrowingAnswer,
} from '#main/kernels/narrowing.ts';
import { rankedParts, type RankedPart } from '#main/kernels/ranked-parts.ts';
import { INFINITE_HALF, keyOfValue, keysOfHalf, NEGATIVE_HALF, valueOfKey } from '#main/kernels/sort-key.ts';
import { AppError } from '#shared/errors.ts';

/** Eight mebibytes of them. */
const MOST_LISTED = 2 ** 20;
/** Each takes half a mebibyte; the others wait for the next reading. */
const MOST_COUNTED = 16;

export interface SelectionStart {
  readonly dtype: string;
  /** Of the finite values, by the upper half of the float that they round to; of others after that of the infinite ones. */
  readonly halves: Pick<CodeCounts, 'codes' | 'counts'>;
  readonly zeros: number;
  /** Of the finite values: as bigint for i64 and u64. */
  readonly min: number | bigint;
  readonly max: number | bigint;
  /** 0-based positions in sorted order. */
  readonly ranks: readonly number[];
}

/** Where some of the ranks are. */
type Interval = RankedPart<KeyInterval>;

export interface Selection {
  /** What the next reading is to tell; nothing once all is known. */
  questions(): readonly IntervalQuestion[];
  /** @throws AppError `io` where the answer does not agree with what was read before. */
  take(answer: NarrowingAnswer): void;
  /** The value at one of the ranks, once there are no questions. */
  valueAt(rank: number): number | bigint;
}

/** @param mostListed keys that may be listed in one reading. */
export function startSelection(start: SelectionStart, mostListed = MOST_LISTED): Selection {
  const found = new Map<number, bigint>();
  let open = settle(firstIntervals(start), found);
  let reading = planReading(open, mostListed);
  return {
    questions: () => reading.asked.map((interval) => questionOf(interval, reading)),
    take: ({ keys, counted }) => {
      const sorted = keys.slice().sort();
      const next: Interval[] = [];
      let passed = 0;
      let table = 0;
      for (const interval of open) {
        if (reading.listed.has(interval)) {
          // intervals ascend, and so do the keys of one after the other
          for (const rank of interval.ranks) found.set(rank, sorted[passed + rank - interval.before] ?? 0n);
          passed += interval.count;
        } else if (reading.asked.includes(interval)) {
          next.push(...partsOf(interval, counted[table++]!));
        } else next.push(interval);
      }
      if (passed !== sorted.length) throw changed();
      open = settle(next, found);
      reading = planReading(open, mostListed);
    },
    valueAt: (rank) => valueOfKey(start.dtype, found.get(rank)!),
  };
}

function firstIntervals({ dtype, halves, zeros, min, max, ranks }: SelectionStart): Interval[] {
  const ascending = [...new Set(ranks)].sort((a, b) => a - b);
  const [first, last] = [keyOfValue(dtype, min), keyOfValue(dtype, max)];
  const { codes, counts } = halves;
  const least = codes.reduce((sum, half, at) => sum + (half % NEGATIVE_HALF === 0 ? counts[at]! : 0), 0);
  return rankedParts(ascendingHalves(halves), ascending).map(({ part: half, ...rest }) => {
    const [low, high] = keysOfHalf(dtype, half);
    if (half % NEGATIVE_HALF === 0 && least === zeros) return { ...rest, part: onlyZero(half, low, high) };
    return { ...rest, part: { half, low: larger(low, first), high: smaller(high, last) } };
  });
}

/** In the order of the values: of negative ones the larger half comes first. */
function* ascendingHalves({
  codes,
  counts,
}: SelectionStart['halves']): Generator<[half: number, count: number]> {
  const negative = codes.findIndex((half) => half >= NEGATIVE_HALF);
  const end = negative < 0 ? codes.length : negative;
  for (let at = codes.length - 1; at >= end; at--) {
    if (codes[at]! <= NEGATIVE_HALF + INFINITE_HALF) yield [codes[at]!, counts[at]!];
  }
  for (let at = 0; at < end && codes[at]! <= INFINITE_HALF; at++) yield [codes[at]!, counts[at]!];
}

function onlyZero(half: number, low: bigint, high: bigint): KeyInterval {
  const zero = half === 0 ? low : high;
  return { half, low: zero, high: zero };
}

/** @returns those that have more than one key; what is at the ranks of the others is known. */
function settle(intervals: readonly Interval[], found: Map<number, bigint>): Interval[] {
  return intervals.filter(({ part: { low, high }, ranks }) => {
    if (low === high) for (const rank of ranks) found.set(rank, low);
    return low !== high;
  });
}

interface Reading {
  readonly asked: readonly Interval[];
  /** Those of them whose keys are listed. */
  readonly listed: ReadonlySet<Interval>;
}

/** The smaller intervals are listed as long as there is room, the others counted. */
function planReading(open: readonly Interval[], mostListed: number): Reading {
  const within = open.slice(0, MOST_INTERVALS);
  const listed = new Set<Interval>();
  let room = mostListed;
  for (const interval of [...within].sort((a, b) => a.count - b.count)) {
    if (interval.count > room) break;
    listed.add(interval);
    room -= interval.count;
  }
  const counted = new Set(within.filter((interval) => !listed.has(interval)).slice(0, MOST_COUNTED));
  return { asked: within.filter((interval) => listed.has(interval) || counted.has(interval)), listed };
}

function questionOf(interval: Interval, { listed }: Reading): IntervalQuestion {
  return { ...interval.part, ...(listed.has(interval) ? { listed: interval.count } : {}) };
}

/** The parts of a counted interval that its ranks are in, no wider than the keys that were counted. */
function partsOf(interval: Interval, { counts, shift, least, most }: IntervalCounts): Interval[] {
  const { part, before, count, ranks } = interval;
  if (counts.reduce((sum, each) => sum + each, 0) !== count) throw changed();
  return rankedParts(counts.entries(), ranks, before).map(({ part: index, ...rest }) => {
    const low = part.low + (BigInt(index) << shift);
    const high = low + (1n << shift) - 1n;
    return { ...rest, part: { half: part.half, low: larger(low, least), high: smaller(high, most) } };
  });
}

function larger(a: bigint, b: bigint): bigint {
  return a > b ? a : b;
}

function smaller(a: bigint, b: bigint): bigint {
  return a < b ? a : b;
}

function changed(): AppError {
  return new AppError('io', 'the file changed while it was read', { hint: 'open it again' });
}
