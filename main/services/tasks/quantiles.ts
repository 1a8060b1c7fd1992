/** Exact quantiles of what is read in windows: the finite values at the ranks around each probability. */
import { lowerHalfCounter, valuesAtRanks, type CodeCounts } from '#main/kernels/code-counts.ts';
import { decode, decodeIntegers } from '#main/kernels/decode.ts';
import { interpolated, quantileRanks, type Ranks } from '#main/kernels/quantile.ts';
import { countWindow, endPass, foundValue, startSelection, type Selection } from '#main/kernels/select.ts';
import { digitCount, keysOf } from '#main/kernels/sort-key.ts';
import { windowsOf, type Pass } from '#main/services/windows.ts';
import type { TensorReader } from '#main/formats/read.ts';
import type { Summary } from '#shared/statistics.ts';

type Quantiles = Summary['quantiles'];

/** So many values are sorted; more are counted, digit by digit. */
const SORTED_VALUES = 32_768;

export interface QuantileQuestion {
  readonly dtype: string;
  readonly probabilities: readonly number[];
  /** How many of the values are finite; the ranks are among those. */
  readonly finite: number;
}

/** From the counts of a dtype with few codes: nothing is read. */
export function quantilesOfCodes(
  counts: CodeCounts,
  probabilities: readonly number[],
  finite: number,
): Quantiles {
  if (finite === 0) return {};
  const ranks = ranksFor(probabilities, finite);
  const values = valuesAtRanks(counts, bothOf(ranks));
  return byProbability(probabilities, ranks, (rank) => values.get(rank)!);
}

/** By sorting, where there are few, or by counting the digits of sort keys, a pass for every sixteen bits. */
export async function quantilesByReading(
  reader: TensorReader,
  { dtype, probabilities, finite }: QuantileQuestion,
  pass: Pass,
): Promise<Quantiles> {
  if (finite === 0) return {};
  const ranks = ranksFor(probabilities, finite);
  if (reader.elementCount <= SORTED_VALUES) {
    const sorted = await sortedValues(reader, dtype, pass);
    return byProbability(probabilities, ranks, (rank) => sorted[rank]!);
  }
  const selection = startSelection(digitCount(dtype), bothOf(ranks));
  const is64 = dtype === 'i64' || dtype === 'u64';
  let isUnfinished = true;
  while (isUnfinished) {
    for await (const { bytes } of windowsOf(reader, silent(pass))) {
      countWindow(selection, keysOf(dtype, is64 ? decodeIntegers(dtype, bytes) : decode(dtype, bytes)));
    }
    isUnfinished = endPass(selection);
  }
  return byProbability(probabilities, ranks, (rank) => foundValue(dtype, selection, rank));
}

async function sortedValues(
  reader: TensorReader,
  dtype: string,
  pass: Pass,
): Promise<ArrayLike<number> | ArrayLike<bigint>> {
  for await (const { bytes } of windowsOf(reader, silent(pass))) {
    if (dtype === 'i64' || dtype === 'u64') return decodeIntegers(dtype, bytes).slice().sort();
    return decode(dtype, bytes)
      .filter((value) => value - value === 0)
      .sort();
  }
  return [];
}

/** A selection among f32 values whose upper halves are counted already, so that one pass is enough. */
export interface HalfDoneSelection {
  /** Counts one window of the only pass left. */
  add(bytes: Uint8Array): void;
  quantiles(): Quantiles;
  release(): void;
}

/** @param upperHalves counts by the upper sixteen bits as they are. */
export function selectLowerHalves(
  upperHalves: Float64Array,
  { dtype, probabilities, finite }: QuantileQuestion,
): HalfDoneSelection {
  const ranks = ranksFor(probabilities, finite);
  const selection = startSelection(2, bothOf(ranks));
  const first = selection.buckets[0]!;
  upperHalves.forEach((count, half) => {
    // what is not finite has no place in the order
    if ((half & 0x7f80) !== 0x7f80) first.counts[half & 0x8000 ? ~half & 0xffff : half | 0x8000] = count;
  });
  endPass(selection);
  const uppers = selection.buckets.map(({ high }) => halfOfKey(high >>> 16));
  const counter = lowerHalfCounter(uppers);
  return {
    add: counter.add,
    quantiles: () => {
      counter.counts().forEach((counts, index) => takeCounts(selection, index, uppers[index]!, counts));
      endPass(selection);
      return byProbability(probabilities, ranks, (rank) => foundValue(dtype, selection, rank));
    },
    release: counter.release,
  };
}

function halfOfKey(key: number): number {
  return key & 0x8000 ? key & 0x7fff : ~key & 0xffff;
}

/** Of negative numbers the larger half sorts first. */
function takeCounts(selection: Selection, index: number, upper: number, counts: Float64Array): void {
  selection.buckets[index]!.counts.set(upper & 0x8000 ? counts.reverse() : counts);
}

function ranksFor(probabilities: readonly number[], finite: number): Ranks[] {
  return probabilities.map((q) => quantileRanks(q, finite));
}

function bothOf(ranks: readonly Ranks[]): number[] {
  return ranks.flatMap(({ lower, upper }) => [lower, upper]);
}

function byProbability(
  probabilities: readonly number[],
  ranks: readonly Ranks[],
  valueAt: (rank: number) => number | bigint,
): Quantiles {
  return Object.fromEntries(
    probabilities.map((q, index) => {
      const { lower, upper, weight } = ranks[index]!;
      return [String(q), interpolated(valueAt(lower), valueAt(upper), weight)];
    }),
  );
}

/** Passes after the first are not told as progress. */
function silent({ signal }: Pass): Pass {
  return signal ? { signal } : {};
}
