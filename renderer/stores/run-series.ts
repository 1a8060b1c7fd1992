import type { RunPoint } from '#shared/run.ts';

/** More than any screen has columns; a day of training would otherwise be millions of objects. */
const MOST_POINTS = 20_000;

/**
 * The points of a run with new ones at the end, bounded in number. A run that went back to a checkpoint
 * repeats steps: what came after it the first time gives way.
 */
export function appendPoints(points: readonly RunPoint[], added: readonly RunPoint[]): readonly RunPoint[] {
  const first = added[0];
  if (!first) return points;
  const kept =
    points.length > 0 && points.at(-1)!.step >= first.step
      ? points.slice(0, placeOf(points, first.step))
      : points;
  return thin([...kept, ...added], MOST_POINTS);
}

/** At most `most` points: of each group of neighbours the lowest and the highest loss stay, so no spike is lost. */
export function thin(points: readonly RunPoint[], most: number): readonly RunPoint[] {
  if (points.length <= most) return points;
  const group = Math.ceil(points.length / Math.max(1, Math.floor((most - 2) / 2)));
  const kept: RunPoint[] = [points[0]!];
  for (let start = 1; start < points.length - 1; start += group) {
    const end = Math.min(points.length - 1, start + group);
    kept.push(...extremes(points, start, end));
  }
  kept.push(points.at(-1)!);
  return kept;
}

function extremes(points: readonly RunPoint[], start: number, end: number): RunPoint[] {
  let low = start;
  let high = start;
  for (let index = start + 1; index < end; index++) {
    if (height(points[index]!) < height(points[low]!)) low = index;
    if (height(points[index]!) > height(points[high]!)) high = index;
  }
  if (low === high) return [points[low]!];
  return low < high ? [points[low]!, points[high]!] : [points[high]!, points[low]!];
}

/** A loss that is no number is the worst there is, and must not vanish among its neighbours. */
function height(point: RunPoint): number {
  return Number.isNaN(point.loss) ? Number.POSITIVE_INFINITY : point.loss;
}

/** Index of the first point at or after the step. */
function placeOf(points: readonly RunPoint[], step: number): number {
  let low = 0;
  let high = points.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (points[middle]!.step < step) low = middle + 1;
    else high = middle;
  }
  return low;
}
