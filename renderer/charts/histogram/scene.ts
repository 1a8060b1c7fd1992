/** What a histogram shows, in units of its bins: bin i lies from i to i + 1, what is in no bin stands beside. */
import { symlogTicks, ticksBetween } from '#renderer/charts/ticks.ts';
import { formatCount } from '#shared/display.ts';
import type { Histogram } from '#shared/statistics.ts';

export interface Bar {
  /** The middle of the bar. */
  readonly x: number;
  /** Values. */
  readonly y: number;
}

export interface OutsideBar extends Bar {
  /** `NaN`, `+Inf`, `below`: never colour alone. */
  readonly title: string;
  readonly isFinite: boolean;
}

export interface HistogramScene {
  readonly bars: readonly Bar[];
  readonly outside: readonly OutsideBar[];
  /** The axis in bins, with room for what stands beside. */
  readonly from: number;
  readonly to: number;
  /** Labels are lines of text. */
  readonly ticks: readonly { readonly x: number; readonly label: readonly string[] }[];
  readonly total: number;
  /** The highest bin. What is in no bin may be higher and is cut off: its label has its count. */
  readonly highest: number;
}

/** Of the axis, for one bar beside the bins. */
const OUTSIDE_SHARE = 1 / 20;
const MOST_TICKS = 9;

export function histogramScene(histogram: Histogram): HistogramScene {
  const { edges, counts, below, above, nan, positiveInfinity, negativeInfinity, threshold } = histogram;
  const bins = counts.length;
  const step = bins * OUTSIDE_SHARE;
  const left = present([
    ['below', below, true],
    ['−Inf', negativeInfinity, false],
  ]);
  const right = present([
    ['above', above, true],
    ['+Inf', positiveInfinity, false],
    ['NaN', nan, false],
  ]);
  const bars = Array.from(counts, (y, bin) => ({ x: bin + 0.5, y }));
  const outside = [
    ...left.map((bar, index) => ({ ...bar, x: -(index + 1) * step })),
    ...right.map((bar, index) => ({ ...bar, x: bins + (index + 1) * step })),
  ];
  const low = edges[0] ?? 0;
  const high = edges[bins] ?? 0;
  return {
    bars,
    outside,
    from: left.length === 0 ? 0 : -(left.length + 0.6) * step,
    to: right.length === 0 ? bins : bins + (right.length + 0.6) * step,
    ticks: [
      ...(threshold === undefined
        ? ticksBetween(low, high, MOST_TICKS)
        : symlogTicks(low, high, threshold, MOST_TICKS)
      ).map(({ value, label }) => ({
        x: positionOf(histogram, value),
        label: [label],
      })),
      ...outside.map(({ x, y, title }) => ({ x, label: [title, formatCount(y)] })),
    ],
    total: sum(counts) + below + above + nan + positiveInfinity + negativeInfinity,
    highest: highestOf(bars) || highestOf(outside),
  };
}

/** Where a value lies on the axis. Halves keep a span from overflowing. */
export function positionOf(histogram: Histogram, value: number): number {
  const { edges, counts, threshold } = histogram;
  if (threshold !== undefined) return placeAmong(edges, value);
  const low = edges[0] ?? 0;
  const high = edges[counts.length] ?? 0;
  return ((value / 2 - low / 2) / (high / 2 - low / 2)) * counts.length;
}

/** Between which edges a value lies, and how far from the one to the next; kept within the bins. */
function placeAmong(edges: Histogram['edges'], value: number): number {
  let low = 0;
  let high = edges.length - 2;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if (value >= (edges[middle] ?? 0)) low = middle;
    else high = middle - 1;
  }
  const from = edges[low] ?? 0;
  const width = (edges[low + 1] ?? 0) - from;
  return low + Math.min(1, Math.max(0, width > 0 ? (value - from) / width : 0));
}

/** The value at a place on the axis, kept within the bins. */
export function valueAt(histogram: Histogram, position: number): number {
  const { edges, counts, threshold } = histogram;
  if (threshold !== undefined) {
    const within = Math.min(counts.length, Math.max(0, position));
    const bin = Math.min(counts.length - 1, Math.floor(within));
    const [from, to] = [edges[bin] ?? 0, edges[bin + 1] ?? 0];
    return from + (to - from) * (within - bin);
  }
  const low = edges[0] ?? 0;
  const high = edges[counts.length] ?? 0;
  const share = Math.min(1, Math.max(0, position / counts.length));
  return low * (1 - share) + high * share;
}

/** The bin at a place on the axis, or undefined beside the bins. */
export function binAt({ counts }: Histogram, position: number): number | undefined {
  const bin = Math.floor(position);
  return bin >= 0 && bin < counts.length ? bin : undefined;
}

/**
 * The range a zoom asks for, or undefined where it is too narrow to be told apart into bins.
 * @param from @param to places on the axis, in either order.
 */
export function zoomRange(
  histogram: Histogram,
  from: number,
  to: number,
): readonly [number, number] | undefined {
  const low = valueAt(histogram, Math.min(from, to));
  const high = valueAt(histogram, Math.max(from, to));
  const room = Math.max(Math.abs(low), Math.abs(high)) * Number.EPSILON * 64;
  return high - low > room && Number.isFinite(high - low) ? [low, high] : undefined;
}

function highestOf(bars: readonly Bar[]): number {
  return bars.reduce((highest, { y }) => Math.max(highest, y), 0);
}

function present(rows: readonly (readonly [string, number, boolean])[]) {
  return rows.flatMap(([title, y, isFinite]) => (y > 0 ? [{ title, y, isFinite }] : []));
}

function sum(counts: Histogram['counts']): number {
  let total = 0;
  for (const count of counts) total += count;
  return total;
}
