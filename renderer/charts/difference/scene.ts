/** What the pictures of a pair show, as plain points; no colours, no canvas. */
import type { HeatMap } from '#shared/commands/tensor.ts';
import { formatCount } from '#shared/display.ts';
import type { Histogram } from '#shared/statistics.ts';

export interface Point {
  readonly x: number;
  readonly y: number;
}

/** A histogram as the outline of its bars: one point an edge, to be drawn as steps that go on to the right. */
export interface Outline {
  readonly points: readonly Point[];
  /** Values that are in no bin, in words; empty where there are none. */
  readonly outside: readonly string[];
}

export interface OverlayRow {
  readonly from: number;
  readonly to: number;
  readonly counts: readonly number[];
}

/** The outline of one histogram. With `isLog` empty bins become gaps, since a logarithm has no zero. */
export function outlineOf(histogram: Histogram, isLog = false): Outline {
  const { edges, counts } = histogram;
  const points: Point[] = [];
  for (let bin = 0; bin < counts.length; bin++) {
    const y = counts[bin]!;
    points.push({ x: edges[bin]!, y: isLog && y === 0 ? Number.NaN : y });
  }
  const last = points.at(-1);
  if (last) points.push({ x: edges[counts.length]!, y: last.y });
  return { points, outside: outsideOf(histogram) };
}

/** The table twin of histograms on shared bins: a row a bin. */
export function overlayRows(histograms: readonly Histogram[]): OverlayRow[] {
  const first = histograms[0];
  if (!first) return [];
  return Array.from({ length: first.counts.length }, (_, bin) => ({
    from: first.edges[bin]!,
    to: first.edges[bin + 1]!,
    counts: histograms.map((histogram) => histogram.counts[bin] ?? 0),
  }));
}

/** The bin that holds x, or undefined outside the range. The last bin is closed. */
export function binAt(histogram: Histogram, x: number): number | undefined {
  const { edges, counts } = histogram;
  const bins = counts.length;
  if (bins === 0 || !(x >= edges[0]!) || !(x <= edges[bins]!)) return undefined;
  let low = 0;
  let high = bins;
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if (edges[middle]! <= x) low = middle;
    else high = middle;
  }
  return low;
}

/** The bound of a scale with neutral at 0 and equal ends over every picture that shares it; 0 where all is 0. */
export function sharedBound(maps: readonly HeatMap[]): number {
  let bound = 0;
  for (const { min, max } of maps) {
    if (min !== undefined) bound = Math.max(bound, Math.abs(min));
    if (max !== undefined) bound = Math.max(bound, Math.abs(max));
  }
  return bound;
}

function outsideOf(histogram: Histogram): string[] {
  const { nan, positiveInfinity, negativeInfinity, below, above } = histogram;
  const parts: readonly (readonly [number, string])[] = [
    [nan, 'NaN'],
    [positiveInfinity, '+Inf'],
    [negativeInfinity, '−Inf'],
    [below, 'below the range'],
    [above, 'above the range'],
  ];
  return parts.flatMap(([count, word]) => (count > 0 ? [`${formatCount(count)} ${word}`] : []));
}
