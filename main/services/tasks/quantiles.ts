/** Exact quantiles of what is read in windows: the finite values at the ranks around each probability. */
import { valuesAtRanks, type CodeCounts } from '#main/kernels/code-counts.ts';
import { decode, decodeIntegers } from '#main/kernels/decode.ts';
import { interpolated, quantileRanks, type Ranks } from '#main/kernels/quantile.ts';
import { countWindow, endPass, foundValue, startSelection } from '#main/kernels/select.ts';
import { digitCount, keysOf } from '#main/kernels/sort-key.ts';
import { silent, windowsOf, type Pass } from '#main/services/windows.ts';
import type { TensorReader } from '#main/formats/read.ts';
import { AppError } from '#shared/errors.ts';
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
  if (finite === 0 || probabilities.length === 0) return {};
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
  if (finite === 0 || probabilities.length === 0) return {};
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

/** A selection among f32 values whose upper halves are counted already: one pass for the lower ones is left. */
export interface HalfDoneSelection {
  /** The upper halves of the values looked for. */
  readonly uppers: readonly number[];
  /** @param countsOf how often each lower half occurs with an upper one. */
  quantiles(countsOf: (upper: number) => Counts): Quantiles;
}

type Counts = Uint32Array | Float64Array;

/** Where the value at a rank is to be found. */
interface Place {
  readonly upper: number;
  /** Of the value, among those with this upper half. */
  readonly rank: number;
}

const MOST_COUNTED = 2 ** 32;

/**
 * @param upperHalves counts by the upper sixteen bits as they are.
 * @returns undefined where more values than can be counted share an upper half.
 */
export function selectLowerHalves(
  upperHalves: Float64Array,
  { probabilities, finite }: QuantileQuestion,
): HalfDoneSelection | undefined {
  const ranks = ranksFor(probabilities, finite);
  const places = placesOf(upperHalves, bothOf(ranks));
  const uppers = [...new Set([...places.values()].map(({ upper }) => upper))];
  if (uppers.some((upper) => upperHalves[upper]! >= MOST_COUNTED)) return undefined;
  return {
    uppers,
    quantiles: (countsOf) =>
      byProbability(probabilities, ranks, (rank) => {
        const place = places.get(rank)!;
        return valueAt(place, countsOf(place.upper));
      }),
  };
}

/** The upper halves of finite f32 values in the order of the values: of negative ones the larger half comes first. */
function* orderedHalves(): Generator<number, void, undefined> {
  for (let half = 0xff7f; half >= 0x8000; half--) yield half;
  for (let half = 0; half < 0x7f80; half++) yield half;
}

function placesOf(upperHalves: Float64Array, ranks: readonly number[]): Map<number, Place> {
  const wanted = [...new Set(ranks)].sort((a, b) => a - b);
  const places = new Map<number, Place>();
  let before = 0;
  let next = 0;
  for (const upper of orderedHalves()) {
    const count = upperHalves[upper]!;
    for (; next < wanted.length && wanted[next]! < before + count; next++) {
      places.set(wanted[next]!, { upper, rank: wanted[next]! - before });
    }
    before += count;
  }
  return places;
}

const word = new Uint32Array(1);
const float = new Float32Array(word.buffer);

function valueAt({ upper, rank }: Place, counts: Counts): number {
  const isNegative = upper >= 0x8000;
  let before = 0;
  for (let step = 0; step < counts.length; step++) {
    const lower = isNegative ? counts.length - 1 - step : step;
    before += counts[lower]!;
    if (rank < before) {
      word[0] = upper * 65_536 + lower;
      return float[0]!;
    }
  }
  throw new AppError('io', 'the file changed while it was read', { hint: 'open it again' });
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
