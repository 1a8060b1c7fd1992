/** Curves of a run as plain points: the batch's values thinned to what a screen can show, and their local mean. */
import { formatCount, formatFigure } from '#shared/display.ts';
import type { RunPoint, ValidationPoint } from '#shared/run.ts';

export interface CurvePoint {
  readonly x: number;
  readonly y: number;
}

export type Quantity = 'loss' | 'accuracy';

export interface CurveScene {
  /** Every batch, or of each group of batches the lowest and the highest. */
  readonly batches: readonly CurvePoint[];
  /** Mean of neighbouring batches: the line the eye should follow. Empty while there are few batches. */
  readonly mean: readonly CurvePoint[];
  readonly validation: readonly CurvePoint[];
  /** Steps whose value is NaN or infinite; ascending; they are gaps in the curve and must be said in words. */
  readonly notFinite: readonly number[];
}

/** About two points a pixel column. */
const MOST_BATCH_POINTS = 1_600;
/** Below this many batches the curve itself is calm enough to follow. */
const LEAST_FOR_MEAN = 100;
const MEAN_POINTS = 160;
/** Share of the batches that one point of the mean looks at, either way. */
const MEAN_REACH = 0.01;

/** The curves of one quantity. Points without it (accuracy in a regression) are left out. */
export function curveScene(
  points: readonly RunPoint[],
  validation: readonly ValidationPoint[],
  quantity: Quantity,
): CurveScene {
  const batches = curveOf(points, quantity);
  const held = curveOf(validation, quantity);
  const finite = batches.filter((point) => Number.isFinite(point.y));
  return {
    batches: decimate(batches, MOST_BATCH_POINTS),
    mean: finite.length >= LEAST_FOR_MEAN ? movingMean(finite) : [],
    validation: held,
    notFinite: [...batches, ...held]
      .filter((point) => !Number.isFinite(point.y))
      .map((point) => point.x)
      .sort((first, second) => first - second),
  };
}

/** At most `most` points; of each group the lowest and the highest finite one stay, in order, so every spike is seen; a group without one is a gap. */
export function decimate(points: readonly CurvePoint[], most: number): readonly CurvePoint[] {
  if (points.length <= most) return points.map(finiteOrGap);
  const groups = Math.max(1, Math.floor(most / 2));
  const kept: CurvePoint[] = [];
  for (let group = 0; group < groups; group++) {
    const start = Math.floor((group * points.length) / groups);
    const end = Math.floor(((group + 1) * points.length) / groups);
    let low = -1;
    let high = -1;
    for (let index = start; index < end; index++) {
      const { y } = points[index]!;
      if (!Number.isFinite(y)) continue;
      if (low < 0 || y < points[low]!.y) low = index;
      if (high < 0 || y > points[high]!.y) high = index;
    }
    if (low < 0) {
      kept.push({ x: points[start]!.x, y: Number.NaN });
      continue;
    }
    const [first, second] = low <= high ? [low, high] : [high, low];
    kept.push(points[first]!);
    if (second !== first) kept.push(points[second]!);
  }
  return kept;
}

/** The nearest point by x, for what stands beside the pointer. Points ascend in x. */
export function nearest(points: readonly CurvePoint[], x: number): CurvePoint | undefined {
  let low = 0;
  let high = points.length - 1;
  if (high < 0) return undefined;
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if (points[middle]!.x <= x) low = middle;
    else high = middle;
  }
  return x - points[low]!.x <= points[high]!.x - x ? points[low] : points[high];
}

function curveOf(points: readonly RunPoint[], quantity: Quantity): CurvePoint[] {
  const curve: CurvePoint[] = [];
  for (const point of points) {
    const y = point[quantity];
    if (y !== undefined) curve.push({ x: point.step, y });
  }
  return curve;
}

/** Every point is the mean of the batches about it, as many on either side; fewer of them at the ends. */
function movingMean(points: readonly CurvePoint[]): CurvePoint[] {
  const sums = new Float64Array(points.length + 1);
  for (const [index, point] of points.entries()) sums[index + 1] = sums[index]! + point.y;
  const count = Math.min(points.length, MEAN_POINTS);
  const reach = Math.max(2, Math.round(points.length * MEAN_REACH));
  return Array.from({ length: count }, (_, place) => {
    const centre = Math.round((place * (points.length - 1)) / (count - 1));
    const near = Math.min(reach, centre, points.length - 1 - centre);
    const [from, to] = [centre - near, centre + near + 1];
    return { x: points[centre]!.x, y: (sums[to]! - sums[from]!) / (to - from) };
  });
}

function finiteOrGap(point: CurvePoint): CurvePoint {
  return Number.isFinite(point.y) ? point : { x: point.x, y: Number.NaN };
}

export interface CurveRow {
  readonly step: number;
  readonly batch?: number;
  readonly heldOut?: number;
}

/** The table twin: a row a step that has a value. */
export function curveRows(
  points: readonly RunPoint[],
  validation: readonly ValidationPoint[],
  quantity: Quantity,
): readonly CurveRow[] {
  const held = new Map(curveOf(validation, quantity).map((point) => [point.x, point.y]));
  const rows: CurveRow[] = curveOf(points, quantity).map(({ x, y }) => {
    const heldOut = held.get(x);
    held.delete(x);
    return { step: x, batch: y, ...(heldOut === undefined ? {} : { heldOut }) };
  });
  // steps that thinning took away still have what the held-out data gave there
  for (const [step, heldOut] of held) rows.push({ step, heldOut });
  return rows.sort((first, second) => first.step - second.step);
}

/** The picture in a sentence. */
export function describeCurve(scene: CurveScene, quantity: Quantity): string {
  const last = scene.batches.at(-1);
  if (!last) return `${quantity}: no steps yet`;
  const held = scene.validation.at(-1);
  const heldOut = held ? `, held out ${formatFigure(held.y)} at step ${formatCount(held.x)}` : '';
  return `${quantity} over steps: ${formatFigure(last.y)} at step ${formatCount(last.x)}${heldOut}`;
}
