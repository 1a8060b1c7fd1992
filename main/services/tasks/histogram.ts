import { countInto, emptyBins, equalEdges, finiteRangeOf } from '#main/kernels/binning.ts';
import {
  binCodes,
  codeCounter,
  hasFewCodes,
  momentsOfCodes,
  type CodeCounts,
} from '#main/kernels/code-counts.ts';
import { emptyMoments, mergeMoments, windowMoments } from '#main/kernels/moments.ts';
import { numbersView, placeNumbers } from '#main/kernels/numbers.ts';
import type { TensorReader } from '#main/formats/read.ts';
import { symlogEdges, type SymlogEdges } from '#main/kernels/symlog-edges.ts';
import { withAnyOrderReader, type TensorPlan } from '#main/services/tensor-plan.ts';
import { windowsOf, type Pass } from '#main/services/windows.ts';
import { isReal } from '#shared/dtype.ts';
import { AppError } from '#shared/errors.ts';
import type { Histogram, HistogramAxis } from '#shared/statistics.ts';

export interface HistogramTask {
  readonly plan: TensorPlan;
  readonly bins: number;
  /** Finite, ascending; the finite minimum and maximum where absent, which costs a pass of its own. */
  readonly range?: readonly [number, number];
  /** Bins are equally wide on this axis; linear unless told. */
  readonly axis?: HistogramAxis;
}

/** Counts of every element in bins that are equally wide on their axis. @throws AppError `unsupported` for values without an order. */
export async function histogramTask(task: HistogramTask, pass: Pass): Promise<Histogram> {
  const { tensor } = task.plan;
  requireReal(tensor.name, tensor.dtype);
  return withAnyOrderReader(task.plan, async (reader) => {
    if (hasFewCodes(tensor.dtype)) return histogramOfCodes(reader, tensor.dtype, task, pass);
    const range = task.range ?? (await finiteRange(reader, tensor.dtype, pass));
    const { edges, ...axis } = edgesFor(range, task);
    return { ...(await countReader(reader, tensor.dtype, edges, pass)), ...axis };
  });
}

/** One pass: the codes of all elements are enough. */
async function histogramOfCodes(
  reader: TensorReader,
  dtype: string,
  task: HistogramTask,
  pass: Pass,
): Promise<Histogram> {
  const counts = await countCodes(reader, dtype, pass);
  const { edges, ...axis } = edgesFor(task.range ?? finiteRangeOf(momentsOfCodes(counts)), task);
  const counted = emptyBins(task.bins);
  binCodes(counts, counted, edges);
  return { edges, ...counted, ...axis, exact: true };
}

export function edgesFor(
  [low, high]: readonly [number, number],
  { bins, axis }: Pick<HistogramTask, 'bins' | 'axis'>,
): SymlogEdges {
  return axis === 'symlog' ? symlogEdges(low, high, bins) : { edges: equalEdges(low, high, bins) };
}

/** How often each code of a dtype with few codes occurs. */
export async function countCodes(
  reader: TensorReader,
  dtype: string,
  pass: Pass,
  onWindow?: (bytes: Uint8Array) => void,
): Promise<CodeCounts> {
  const counter = codeCounter(dtype);
  try {
    for await (const { bytes } of windowsOf(reader, pass)) {
      onWindow?.(bytes);
      counter.add(bytes);
    }
    return { dtype, ...counter.occurring() };
  } finally {
    counter.release();
  }
}

export function requireReal(tensor: string, dtype: string): void {
  if (isReal(dtype)) return;
  throw new AppError('unsupported', `values of ${dtype} have no order, so they have no histogram`, {
    tensor,
  });
}

/** Finite minimum and maximum as doubles; 0 to 1 where there are none, as NumPy has it. */
async function finiteRange(
  reader: TensorReader,
  dtype: string,
  pass: Pass,
): Promise<readonly [number, number]> {
  const moments = emptyMoments();
  for await (const { bytes } of windowsOf(reader, pass))
    mergeMoments(moments, windowMoments(numbersView(placeNumbers(dtype, bytes)), dtype));
  return finiteRangeOf(moments);
}

async function countReader(
  reader: TensorReader,
  dtype: string,
  edges: Float64Array,
  pass: Pass,
): Promise<Histogram> {
  const bins = emptyBins(edges.length - 1);
  for await (const { bytes } of windowsOf(reader, pass)) {
    countInto(bins, edges, numbersView(placeNumbers(dtype, bytes)));
  }
  return { edges, ...bins, exact: true };
}

/** Of parts of the values, on the same edges. */
export function mergedHistogram(first: Histogram, second: Histogram): Histogram {
  return {
    ...first,
    counts: Float64Array.from(first.counts, (count, bin) => count + second.counts[bin]!),
    below: first.below + second.below,
    above: first.above + second.above,
    nan: first.nan + second.nan,
    positiveInfinity: first.positiveInfinity + second.positiveInfinity,
    negativeInfinity: first.negativeInfinity + second.negativeInfinity,
  };
}
