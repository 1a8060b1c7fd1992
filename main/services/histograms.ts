/** Histograms of one tensor: a first picture from its sketch where one is wanted, then exact counts. */
import { finiteRangeOf } from '#main/kernels/binning.ts';
import { hasFewCodes } from '#main/kernels/code-counts.ts';
import { sketchedBins, sketchedQuantile, type Sketch } from '#main/kernels/sketch.ts';
import type { OpenCheckpoint } from '#main/services/checkpoints.ts';
import type { Compute } from '#main/services/compute.ts';
import { isSketched, isWorthASketch, sketchOf } from '#main/services/sketches.ts';
import { secondPassOf } from '#main/services/second-passes.ts';
import { edgesFor } from '#main/services/tasks/histogram.ts';
import { DEFAULT_QUANTILES, summarizeTensor } from '#main/services/tensor-summary.ts';
import type { Pass } from '#main/services/windows.ts';
import type { Histogram, HistogramAxis } from '#shared/statistics.ts';

export interface HistogramQuestion {
  readonly name: string;
  readonly bins: number;
  readonly axis: HistogramAxis;
  /** Finite, ascending. */
  readonly range?: readonly [number, number] | undefined;
  /** From the 1st to the 99th percentile, where no range is told. */
  readonly isClipped: boolean;
}

export interface HistogramPass extends Pass {
  readonly signal: AbortSignal;
  /** Told how often all of the tensor will be read. */
  readonly onPlan: (readings: number) => void;
  /** Told a picture that is not exact yet; absent where only exact counts are wanted. */
  readonly onPartial?: ((histogram: Histogram) => void) | undefined;
}

/** Exact counts of every element, remembered while the file stays the same. */
export async function histogramOf(
  open: OpenCheckpoint,
  compute: Compute,
  question: HistogramQuestion,
  pass: HistogramPass,
): Promise<Histogram> {
  const { name, bins, axis, range, isClipped } = question;
  const key = `histogram:${name}:${bins}:${axis}:${range?.join(':') ?? (isClipped ? 'clipped' : '')}`;
  const known = open.cache.get(key) as Histogram | undefined;
  if (known) return known;
  const histogram =
    pass.onPartial && isWorthASketch(open.plan(name))
      ? await sketchedFirst(open, compute, question, pass)
      : await countedAtOnce(open, compute, question, pass);
  open.cache.set(key, histogram);
  return histogram;
}

async function countedAtOnce(
  open: OpenCheckpoint,
  compute: Compute,
  { name, bins, axis, range: wanted, isClipped }: HistogramQuestion,
  pass: HistogramPass,
): Promise<Histogram> {
  const range = wanted ?? (isClipped ? await middleRange(open, compute, name, pass.signal) : undefined);
  pass.onPlan(range ? 1 : 2);
  const task = { plan: open.plan(name), bins, axis, ...(range ? { range } : {}) };
  return compute.run('histogram', task, pass);
}

/** One pass for a sketch, unless it is known, and one for exact counts, unless the sketch has them. */
async function sketchedFirst(
  open: OpenCheckpoint,
  compute: Compute,
  question: HistogramQuestion,
  pass: HistogramPass,
): Promise<Histogram> {
  const plan = open.plan(question.name);
  pass.onPlan((isSketched(open, plan) ? 0 : 1) + (hasFewCodes(plan.tensor.dtype) ? 0 : 1));
  const sketch = await sketchOf(open, compute, plan, pass);
  const first = binnedBy(sketch, question, firstRange(sketch, question));
  if (first) pass.onPartial?.(first);
  if (first?.exact && !isMiddleWanted(question)) return first;
  const middle = isMiddleWanted(question)
    ? await middleRange(open, compute, question.name, pass.signal)
    : undefined;
  const range = question.range ?? middle ?? finiteRangeOf(sketch);
  if (first?.exact) return binnedBy(sketch, question, range)!;
  const { edges, ...axis } = edgesFor(range, question);
  const { histogram } = await secondPassOf(compute, plan, { edges }, pass);
  return { ...histogram!, ...axis };
}

function isMiddleWanted({ range, isClipped }: HistogramQuestion): boolean {
  return !range && isClipped;
}

/** As far as a sketch tells it. */
function firstRange(sketch: Sketch, question: HistogramQuestion): readonly [number, number] {
  if (question.range) return question.range;
  const [low, high] = isMiddleWanted(question)
    ? [sketchedQuantile(sketch, 0.01), sketchedQuantile(sketch, 0.99)]
    : [];
  return low !== undefined && high !== undefined && low < high ? [low, high] : finiteRangeOf(sketch);
}

function binnedBy(
  sketch: Sketch,
  question: HistogramQuestion,
  range: readonly [number, number],
): Histogram | undefined {
  const { edges, ...axis } = edgesFor(range, question);
  const binned = sketchedBins(sketch, edges);
  return binned && { ...binned, ...axis };
}

/** From the 1st to the 99th percentile, from the statistics that the window shows anyway; undefined where they are one. */
async function middleRange(
  open: OpenCheckpoint,
  compute: Compute,
  name: string,
  signal: AbortSignal,
): Promise<readonly [number, number] | undefined> {
  const options = { isDigestWanted: false, isSplit: true, quantiles: DEFAULT_QUANTILES, signal };
  const { summary } = await summarizeTensor(open, compute, name, options);
  const [low, high] = [Number(summary?.quantiles['0.01']), Number(summary?.quantiles['0.99'])];
  return low < high ? [low, high] : undefined;
}
