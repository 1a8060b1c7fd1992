/** What a quantile is: NumPy's linear interpolation between two order statistics. */

export interface Ranks {
  /** 0-based, in sorted order. */
  readonly lower: number;
  readonly upper: number;
  /** Of the upper one. */
  readonly weight: number;
}

/** The ranks that the linear quantile of probability `q` among `count` values needs. */
export function quantileRanks(q: number, count: number): Ranks {
  const position = q * (count - 1);
  const lower = Math.min(count - 1, Math.max(0, Math.floor(position)));
  return { lower, upper: Math.min(count - 1, lower + 1), weight: position - lower };
}

/** The value between two; integers stay exact where no rounding is needed. */
export function interpolated(
  lower: number | bigint,
  upper: number | bigint,
  weight: number,
): number | bigint {
  if (weight === 0 || lower === upper) return lower;
  const a = Number(lower);
  const b = Number(upper);
  // the form nearer to the closer end, as NumPy's _lerp does, so that q = 1 gives the maximum itself
  return weight < 0.5 ? a + (b - a) * weight : b - (b - a) * (1 - weight);
}
