/**
 * Counts, extremes and moments of finite values, window by window.
 * Mean and deviation are taken around each window's own mean and merged by Chan, Golub and LeVeque's
 * pairwise update (1979), so that a mean of 10^6 with a spread of 1 loses nothing.
 * Values beyond 2^±400 are scaled by a power of two, so that squares neither overflow nor vanish.
 */
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
    mean: 0,
    squares: 0,
    exponent: 0,
  };
}

/** Sums of a thousand doubles lose at most ten bits; the blocks are then summed with compensation. */
const BLOCK = 1024;

/** Moments of one window of numbers. */
export function windowMoments(values: Float64Array | Float32Array, dtype: string): Moments {
  const moments = emptyMoments();
  const tiny = smallestNormal(dtype);
  let { nan, positiveInfinity, negativeInfinity, zeros, denormals, min, max } = moments;
  for (let i = 0; i < values.length; i++) {
    const value = values[i]!;
    if (value - value !== 0) {
      if (value === Infinity) positiveInfinity++;
      else if (value === -Infinity) negativeInfinity++;
      else nan++;
      continue;
    }
    if (value < min) min = value;
    if (value > max) max = value;
    if (value < tiny && value > -tiny) {
      if (value === 0) zeros++;
      else denormals++;
    } else if (value === 0) zeros++;
  }
  const finite = values.length - nan - positiveInfinity - negativeInfinity;
  Object.assign(moments, {
    count: values.length,
    nan,
    positiveInfinity,
    negativeInfinity,
    zeros,
    denormals,
    finite,
    min,
    max,
  });
  if (finite > 0) deviations(values, moments, finite === values.length);
  return moments;
}

function deviations(values: Float64Array | Float32Array, moments: Moments, isAllFinite: boolean): void {
  moments.exponent = scaleExponent(Math.max(Math.abs(moments.min), Math.abs(moments.max)));
  const scale = 2 ** -moments.exponent;
  const mean = blockedSum(values, 0, scale, false, isAllFinite) / moments.finite;
  moments.mean = mean;
  moments.squares = blockedSum(values, mean, scale, true, isAllFinite);
}

/** 0 for all but extreme magnitudes, where the squares would leave the range of a double. */
function scaleExponent(magnitude: number): number {
  if (magnitude === 0 || (magnitude < 2 ** 400 && magnitude > 2 ** -400)) return 0;
  return Math.max(-1022, Math.min(1023, Math.floor(Math.log2(magnitude))));
}

/** Sum of (value × scale − origin), or of its squares, over the finite values. */
function blockedSum(
  values: Float64Array | Float32Array,
  origin: number,
  scale: number,
  isSquared: boolean,
  isAllFinite: boolean,
): number {
  let total = 0;
  let compensation = 0;
  for (let begin = 0; begin < values.length; begin += BLOCK) {
    const end = Math.min(begin + BLOCK, values.length);
    let block = 0;
    if (isSquared) {
      for (let i = begin; i < end; i++) {
        const value = values[i]!;
        if (isAllFinite || value - value === 0) {
          const deviation = value * scale - origin;
          block += deviation * deviation;
        }
      }
    } else {
      for (let i = begin; i < end; i++) {
        const value = values[i]!;
        if (isAllFinite || value - value === 0) block += value * scale;
      }
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
  into.count += other.count;
  into.nan += other.nan;
  into.positiveInfinity += other.positiveInfinity;
  into.negativeInfinity += other.negativeInfinity;
  into.zeros += other.zeros;
  into.denormals += other.denormals;
  if (other.finite === 0) return;
  into.min = Math.min(into.min, other.min);
  into.max = Math.max(into.max, other.max);
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
