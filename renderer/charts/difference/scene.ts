/** What the pictures of a pair show, as plain points; no colours, no canvas. */
import type { ScaleRange } from '#renderer/charts/colour-scale.ts';
import type { Cell } from '#renderer/charts/heat-paint.ts';
import type { HeatMap } from '#shared/commands/tensor.ts';
import { formatCount, formatFull } from '#shared/display.ts';
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

/** Where a logarithmic axis of counts begins: below one, so that a bin of one value stands above it. */
export const LOG_FLOOR = 0.5;

/** The outline of one histogram. With `isLog` empty bins lie on the axis, since a logarithm has no zero. */
export function outlineOf(histogram: Histogram, isLog = false): Outline {
  const { edges, counts } = histogram;
  const points: Point[] = [];
  for (let bin = 0; bin < counts.length; bin++) {
    const y = counts[bin]!;
    points.push({ x: edges[bin]!, y: isLog ? Math.max(y, LOG_FLOOR) : y });
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

/**
 * One scale for every picture that shares it: neutral at 0, equal ends; both ends are 0 where all cells are.
 * The ends are those of the cells, not of the elements, so that one odd element in a block of many is still seen.
 */
export function symmetricRange(maps: readonly HeatMap[]): ScaleRange {
  let bound = 0;
  for (const { mean } of maps) {
    for (const value of mean) if (Math.abs(value) > bound) bound = Math.abs(value);
  }
  return { kind: 'diverging', low: bound === 0 ? 0 : -bound, high: bound };
}

/** A matrix of numbers as a picture of one cell an element. */
export function mapOf(matrix: readonly (readonly number[])[]): HeatMap {
  const rows = matrix.length;
  const columns = matrix[0]?.length ?? 0;
  const mean = new Float32Array(rows * columns);
  const flags = new Uint8Array(rows * columns);
  let min = Number.POSITIVE_INFINITY;
  let max = Number.NEGATIVE_INFINITY;
  for (let cell = 0; cell < mean.length; cell++) {
    const value = matrix[Math.floor(cell / columns)]?.[cell % columns] ?? Number.NaN;
    if (Number.isFinite(value)) {
      min = Math.min(min, value);
      max = Math.max(max, value);
      mean[cell] = value;
    } else {
      mean[cell] = Number.NaN;
      flags[cell] = Number.isNaN(value) ? 1 : 2;
    }
  }
  const extent = min <= max ? { min, max } : {};
  return { rows, columns, sliceRows: rows, sliceColumns: columns, mean, flags, ...extent };
}

/** What a cell of a difference says on hover. */
export function describeCell(cell: Cell, isExact: boolean): string {
  const place = isExact
    ? `[${cell.row}, ${cell.column}]`
    : `rows ${spanText(cell.rows)}, columns ${spanText(cell.columns)}`;
  const value = Number.isNaN(cell.mean) ? '' : `${isExact ? '' : 'farthest from 0 '}${formatFull(cell.mean)}`;
  const marks = [...(cell.hasNan ? ['NaN'] : []), ...(cell.hasInfinity ? ['±Inf'] : [])];
  return `${place}: ${[value, ...marks].filter((part) => part !== '').join(', ')}`;
}

function spanText([from, to]: readonly [number, number]): string {
  return to - from <= 1 ? String(from) : `${from} to ${to - 1}`;
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
