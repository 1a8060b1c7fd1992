/**
 * Counts, extremes and moments of finite values, window by window.
 * Mean and deviation are taken around each window's own mean and merged by Chan, Golub and LeVeque's
 * pairwise update (1979), so that a mean of 10^6 with a spread of 1 loses nothing.
 * Values beyond 2^±400 are scaled by a power of two, so that squares neither overflow nor vanish.
 */
import { analysisKernels, memoryRegion, placeInput } from '#main/kernels/analysis-module.ts';
import { smallestNormal } from '#main/kernels/decode.ts';

export interface Moments {
  /** All elements seen. */
  count: number;
  nan: number;
  positiveInfinity: number;
  negativeInfinity: number;
  zeros: number;
  denormals: number;
  /** Finite elements. */
  finite: number;
  min: number;
  max: number;
  /** Where they occur first, counted from the first element seen; -1 where nothing is finite. */
  minAt: number;
  maxAt: number;
  /** Of the finite values times 2^-exponent. */
  mean: number;
  /** Sum of squared deviations, scaled by 2^(-2 exponent). */
  squares: number;
  exponent: number;
}

export function emptyMoments(): Moments {
  return {
    count: 0,
    nan: 0,
    positiveInfinity: 0,
    negativeInfinity: 0,
    zeros: 0,
    denormals: 0,
    finite: 0,
    min: Infinity,
    max: -Infinity,
    minAt: -1,
    maxAt: -1,
    mean: 0,
    squares: 0,
    exponent: 0,
  };
}

const RECORD_DOUBLES = 12;
const recordRegion = memoryRegion();

/** Moments of one window of numbers; a view into the kernels' memory is taken as it is. */
export function windowMoments(values: Float64Array | Float32Array, dtype: string): Moments {
  const at = placeInput(values);
  // memory that grows takes the view's length
  const { length } = values;
  const kernels = analysisKernels();
  const record = recordRegion.reserve(RECORD_DOUBLES * 8);
  const isDouble = values instanceof Float64Array;
  const count = isDouble ? kernels.momentsF64 : kernels.momentsF32;
  count(at, length, smallestNormal(dtype), record);
  const [
    nan,
    positiveInfinity,
    negativeInfinity,
    zeros,
    denormals,
    finite,
    min,
    max,
    minAt,
    maxAt,
    mean,
    squares,
  ] = new Float64Array(kernels.memory.buffer, record, RECORD_DOUBLES) as unknown as MomentsRecord;
  const counts = { count: length, nan, positiveInfinity, negativeInfinity, zeros, denormals, finite };
  const moments = { ...counts, min, max, minAt, maxAt, mean, squares, exponent: 0 };
  if (isDouble && finite > 0) moments.exponent = scaleExponent(Math.max(Math.abs(min), Math.abs(max)));
  if (moments.exponent !== 0) scaledDeviations(new Float64Array(kernels.memory.buffer, at, length), moments);
  return moments;
}

/** In the order of `finish` in `assembly/moments.ts`. */
type MomentsRecord = readonly [
  ...[nan: number, positiveInfinity: number, negativeInfinity: number, zeros: number, denormals: number],
  ...[finite: number, min: number, max: number, minAt: number, maxAt: number, mean: number, squares: number],
];

/** Sums of a thousand doubles lose at most ten bits; the blocks are then summed with compensation. */
const BLOCK = 1024;

/** Mean and squares once more, scaled: what the kernel found of them has left the range of a double. */
function scaledDeviations(values: Float64Array, moments: Moments): void {
  const scale = 2 ** -moments.exponent;
  moments.mean = blockedSum(values, 0, scale, false) / moments.finite;
  moments.squares = blockedSum(values, moments.mean, scale, true);
}

/** 0 for all but extreme magnitudes, where the squares would leave the range of a double. */
function scaleExponent(magnitude: number): number {
  if (magnitude === 0 || (magnitude < 2 ** 400 && magnitude > 2 ** -400)) return 0;
  return Math.max(-1022, Math.min(1023, Math.floor(Math.log2(magnitude))));
}

/** Sum of (value × scale − origin), or of its squares, over the finite values. */
function blockedSum(values: Float64Array, origin: number, scale: number, isSquared: boolean): number {
  let total = 0;
  let compensation = 0;
  for (let begin = 0; begin < values.length; begin += BLOCK) {
    const end = Math.min(begin + BLOCK, values.length);
    let block = 0;
    for (let i = begin; i < end; i++) {
      const value = values[i]!;
      if (value - value !== 0) continue;
      const deviation = value * scale - origin;
      block += isSquared ? deviation * deviation : deviation;
    }
    // Neumaier's compensation: what the larger of the two swallowed is kept
    const sum = total + block;
    compensation += Math.abs(total) >= Math.abs(block) ? total - sum + block : block - sum + total;
    total = sum;
  }
  return total + compensation;
}

/** Adds the moments of a later window to those so far; the order of merging is part of the result. */
export function mergeMoments(into: Moments, other: Moments): void {
  const seen = into.count;
  into.count += other.count;
  into.nan += other.nan;
  into.positiveInfinity += other.positiveInfinity;
  into.negativeInfinity += other.negativeInfinity;
  into.zeros += other.zeros;
  into.denormals += other.denormals;
  if (other.finite === 0) return;
  if (other.min < into.min) Object.assign(into, { min: other.min, minAt: seen + other.minAt });
  if (other.max > into.max) Object.assign(into, { max: other.max, maxAt: seen + other.maxAt });
  const exponent = into.finite === 0 ? other.exponent : Math.max(into.exponent, other.exponent);
  const left = rescaled(into, exponent);
  const right = rescaled(other, exponent);
  const total = into.finite + other.finite;
  const delta = right.mean - left.mean;
  into.mean = left.mean + delta * (other.finite / total);
  into.squares = left.squares + right.squares + delta * delta * (into.finite * (other.finite / total));
  into.exponent = exponent;
  into.finite = total;
}

function rescaled(moments: Moments, exponent: number): { mean: number; squares: number } {
  const factor = 2 ** (moments.exponent - exponent);
  return { mean: moments.mean * factor, squares: moments.squares * factor * factor };
}

export interface Deviation {
  readonly mean: number;
  /** Population standard deviation (ddof 0). */
  readonly std: number;
  readonly l2: number;
}

/** Mean, standard deviation and Euclidean norm of the finite values; undefined where there are none. */
export function deviationOf(moments: Moments): Deviation | undefined {
  const { finite, mean, squares, exponent } = moments;
  if (finite === 0) return undefined;
  const scale = 2 ** exponent;
  return {
    mean: mean * scale,
    std: Math.sqrt(squares / finite) * scale,
    l2: Math.sqrt(squares + finite * mean * mean) * scale,
  };
}
