/** What a first pass leaves open: counts in bins whose edges follow from it, and the lower halves of quantiles. */
import { countInto, emptyBins } from '#main/kernels/binning.ts';
import { lowerHalfCounter } from '#main/kernels/code-counts.ts';
import { decode } from '#main/kernels/decode.ts';
import { withAnyOrderReader, type TensorPlan } from '#main/services/tensor-plan.ts';
import { windowsOf, type ElementRange, type Pass } from '#main/services/windows.ts';
import type { Histogram } from '#shared/statistics.ts';

export interface SecondPassQuestion {
  readonly edges?: Float64Array | undefined;
  /** Of f32 values: the upper halves whose lower ones are counted. */
  readonly uppers?: readonly number[] | undefined;
}

/** A second pass that is under way; its memory is lent to it. */
export interface SecondCounter {
  /** Adds one window of canonical bytes. */
  add(bytes: Uint8Array): void;
  /** Absent without edges. */
  histogram(): Histogram | undefined;
  /** By lower half; a view that holds until the counter is released. */
  lowerHalvesOf(upper: number): Uint32Array;
  release(): void;
}

export function secondCounter(dtype: string, { edges, uppers = [] }: SecondPassQuestion): SecondCounter {
  const bins = edges && emptyBins(edges.length - 1);
  const halves = uppers.length > 0 ? lowerHalfCounter(uppers) : undefined;
  return {
    add: (bytes) => {
      halves?.add(bytes);
      if (bins) countInto(bins, edges, decode(dtype, bytes));
    },
    histogram: () => bins && { edges, ...bins, exact: true },
    lowerHalvesOf: (upper) => halves!.countsOf(upper),
    release: () => halves?.release(),
  };
}

export interface SecondPassTask extends SecondPassQuestion, ElementRange {
  readonly plan: TensorPlan;
}

export interface SecondPassAnswer {
  readonly histogram?: Histogram;
  /** 65,536 counts for each upper half in turn. */
  readonly lowerHalves: readonly (Uint32Array | Float64Array)[];
}

/** One pass over a tensor or a part of it. */
export async function secondPassTask(
  { plan, edges, uppers = [], ...range }: SecondPassTask,
  pass: Pass,
): Promise<SecondPassAnswer> {
  return withAnyOrderReader(plan, async (reader) => {
    const counter = secondCounter(plan.tensor.dtype, { edges, uppers });
    try {
      for await (const { bytes } of windowsOf(reader, pass, range)) counter.add(bytes);
      const histogram = counter.histogram();
      return {
        ...(histogram ? { histogram } : {}),
        lowerHalves: uppers.map((upper) => counter.lowerHalvesOf(upper).slice()),
      };
    } finally {
      counter.release();
    }
  });
}

/** What a second pass found in all parts of a tensor together. @param parts at least one. */
export function mergedSecondPass(parts: readonly SecondPassAnswer[]): SecondPassAnswer {
  return parts.reduce(({ histogram: first, lowerHalves }, { histogram: second, lowerHalves: others }) => ({
    ...(first && second ? { histogram: mergedHistogram(first, second) } : {}),
    lowerHalves: lowerHalves.map((counts, index) => sum(counts, others[index]!)),
  }));
}

function mergedHistogram(first: Histogram, second: Histogram): Histogram {
  return {
    ...first,
    counts: sum(first.counts, second.counts),
    below: first.below + second.below,
    above: first.above + second.above,
    nan: first.nan + second.nan,
    positiveInfinity: first.positiveInfinity + second.positiveInfinity,
    negativeInfinity: first.negativeInfinity + second.negativeInfinity,
  };
}

function sum(first: ArrayLike<number>, second: ArrayLike<number>): Float64Array {
  const all = new Float64Array(first.length);
  for (let at = 0; at < all.length; at++) all[at] = first[at]! + second[at]!;
  return all;
}
