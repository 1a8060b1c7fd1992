import { countInto, emptyBins, equalEdges } from '#main/kernels/binning.ts';
import { windowMoments } from '#main/kernels/moments.ts';
import type { Values } from '#main/trainer/values.ts';
import type { Histogram } from '#shared/statistics.ts';

/** As many as a small picture of two outlines can show. */
const BINS = 64;

/** A histogram as the log keeps it: everything else follows from the ends of its range. */
export interface RecordedHistogram {
  /** Of the finite values; 0 to 1 where there are none. */
  readonly range: readonly [number, number];
  readonly counts: readonly number[];
  readonly nan: number;
  readonly positiveInfinity: number;
  readonly negativeInfinity: number;
}

/** Counts values as they stand in memory, from their smallest to their largest. */
export function recordHistogram(values: Values): RecordedHistogram {
  const range = finiteRange(values);
  const { counts, nan, positiveInfinity, negativeInfinity } = histogramIn(range, values, BINS);
  return { range, counts: [...counts], nan, positiveInfinity, negativeInfinity };
}

/** The histogram that was recorded. */
export function recordedHistogram({ range, counts, ...others }: RecordedHistogram): Histogram {
  const edges = equalEdges(range[0], range[1], counts.length);
  return { edges, counts, below: 0, above: 0, ...others, exact: true };
}

/** Other values on the bins of a recorded histogram. */
export function histogramLike({ range, counts }: RecordedHistogram, values: Values): Histogram {
  return histogramIn(range, values, counts.length);
}

function histogramIn(range: readonly [number, number], values: Values, binCount: number): Histogram {
  const edges = equalEdges(range[0], range[1], binCount);
  const bins = emptyBins(binCount);
  for (const window of windowsOf(values)) countInto(bins, edges, window);
  return { edges, ...bins, exact: true };
}

function finiteRange(values: Values): [number, number] {
  let low = Infinity;
  let high = -Infinity;
  for (const window of windowsOf(values)) {
    const { min, max } = windowMoments(window, values instanceof Float64Array ? 'f64' : 'f32');
    low = Math.min(low, min);
    high = Math.max(high, max);
  }
  return low <= high ? [low, high] : [0, 1];
}

/** Elements that are still in the cache when the kernels come to them. */
const WINDOW = 65_536;

function* windowsOf(values: Values): Generator<Values> {
  for (let begin = 0; begin < values.length; begin += WINDOW) yield values.subarray(begin, begin + WINDOW);
}
