/** Exact quantiles: the finite values at the ranks around each probability. */
import { valuesAtRanks, type CodeCounts } from '#main/kernels/code-counts.ts';
import { decode, decodeIntegers } from '#main/kernels/decode.ts';
import { distinctOfSorted } from '#main/kernels/distinct.ts';
import { interpolated, quantileRanks, type Ranks } from '#main/kernels/quantile.ts';
import { startSelection, type Selection, type SelectionStart } from '#main/kernels/selection.ts';
import { isWhole } from '#main/kernels/whole-numbers.ts';
import type { Summary } from '#shared/statistics.ts';

type Quantiles = Summary['quantiles'];

/** From the counts of a dtype with few codes: nothing is read. @param finite how many of the values are finite. */
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

export interface SortedFigures {
  readonly quantiles: Quantiles;
  /** Different finite values; x87 numbers that round to one double are one. */
  readonly distinct: number;
}

/** Of few values, by sorting them. @param bytes of all of them. */
export function figuresBySorting(
  dtype: string,
  bytes: Uint8Array,
  probabilities: readonly number[],
): SortedFigures {
  const sorted = isWhole(dtype)
    ? decodeIntegers(dtype, bytes).sort()
    : decode(dtype, bytes)
        .filter((value) => value - value === 0)
        .sort();
  if (sorted.length === 0) return { quantiles: {}, distinct: 0 };
  const ranks = ranksFor(probabilities, sorted.length);
  return {
    quantiles: byProbability(probabilities, ranks, (rank) => sorted[rank]!),
    distinct: distinctOfSorted(sorted),
  };
}

/** Quantiles that are found by a selection. */
export interface SelectedQuantiles {
  readonly selection: Selection;
  /** Once the selection has no questions. */
  quantiles(): Quantiles;
}

/** @param start of a selection among at least one value. */
export function selectQuantiles(
  start: Omit<SelectionStart, 'ranks'>,
  probabilities: readonly number[],
  finite: number,
): SelectedQuantiles {
  const ranks = ranksFor(probabilities, finite);
  const selection = startSelection({ ...start, ranks: bothOf(ranks) });
  return { selection, quantiles: () => byProbability(probabilities, ranks, selection.valueAt) };
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
