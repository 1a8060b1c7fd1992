/** What a pass leaves open for another one: counts in bins whose edges follow from it, and where quantiles are. */
import { countInto, emptyBins } from '#main/kernels/binning.ts';
import {
  mergedNarrowing,
  narrowing,
  type IntervalQuestion,
  type NarrowingAnswer,
} from '#main/kernels/narrowing.ts';
import { numbersView, placeNumbers } from '#main/kernels/numbers.ts';
import { mergedHistogram } from '#main/services/tasks/histogram.ts';
import { withAnyOrderReader, type TensorPlan } from '#main/services/tensor-plan.ts';
import { windowsOf, type ElementRange, type Pass, type Window } from '#main/services/windows.ts';
import type { Histogram } from '#shared/statistics.ts';

export interface SecondPassQuestion {
  readonly edges?: Float64Array | undefined;
  readonly intervals?: readonly IntervalQuestion[] | undefined;
}

export interface SecondPassAnswer {
  /** Absent without edges. */
  readonly histogram?: Histogram;
  /** Absent without intervals. */
  readonly narrowed?: NarrowingAnswer;
}

export interface SecondPassTask extends SecondPassQuestion, ElementRange {
  readonly plan: TensorPlan;
}

/** One pass over a tensor or a part of it. */
export async function secondPassTask(
  { plan, edges, intervals, ...range }: SecondPassTask,
  pass: Pass,
): Promise<SecondPassAnswer> {
  return withAnyOrderReader(plan, (reader) =>
    secondPass(plan.tensor.dtype, { edges, intervals }, () => windowsOf(reader, pass, range)),
  );
}

/** @param windows is asked for them once. */
export async function secondPass(
  dtype: string,
  { edges, intervals = [] }: SecondPassQuestion,
  windows: () => AsyncIterable<Window>,
): Promise<SecondPassAnswer> {
  const bins = edges && emptyBins(edges.length - 1);
  const narrowed = intervals.length > 0 ? narrowing(dtype, intervals) : undefined;
  try {
    for await (const { bytes } of windows()) {
      narrowed?.add(bytes);
      if (bins) countInto(bins, edges, numbersView(placeNumbers(dtype, bytes)));
    }
    return {
      ...(bins ? { histogram: { edges, ...bins, exact: true } } : {}),
      ...(narrowed ? { narrowed: narrowed.answer() } : {}),
    };
  } finally {
    narrowed?.release();
  }
}

/** What a second pass found in all parts of a tensor together. @param parts at least one, all of the same question. */
export function mergedSecondPass(parts: readonly SecondPassAnswer[]): SecondPassAnswer {
  return parts.reduce((first, second) => ({
    ...(first.histogram ? { histogram: mergedHistogram(first.histogram, second.histogram!) } : {}),
    ...(first.narrowed ? { narrowed: mergedNarrowing(first.narrowed, second.narrowed!) } : {}),
  }));
}
