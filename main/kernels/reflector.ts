/** Householder's reflections, which bring a vector onto its first axis: Golub & Van Loan, Matrix Computations, 5.1; as LAPACK's dlarfg. */

/** H = I − tau v vᵀ with v[0] = 1, and H x = (beta, 0, …, 0). */
export interface Reflection {
  readonly beta: number;
  /** 0 where nothing had to be reflected. */
  readonly tau: number;
}

/** Sums of squares below this have lost digits: the root is taken of scaled values then. */
const FEW_SQUARES = 2 ** -900;

/**
 * The reflection of the vector (first, tail), whose tail becomes that of v.
 * @param tail what `from` and `to` lie in, in elements. Values are at most about 1.
 */
export function reflect(first: number, tail: Float64Array, from: number, to: number): Reflection {
  const rest = normOf(tail, from, to);
  if (rest === 0) return { beta: first, tau: 0 };
  const norm = Math.hypot(first, rest);
  const beta = first > 0 ? -norm : norm;
  // one over it would overflow where it is a denormal
  for (let at = from; at < to; at++) tail[at]! /= first - beta;
  return { beta, tau: (beta - first) / beta };
}

function normOf(values: Float64Array, from: number, to: number): number {
  let squares = 0;
  for (let at = from; at < to; at++) squares += values[at]! * values[at]!;
  if (squares >= FEW_SQUARES) return Math.sqrt(squares);
  let most = 0;
  for (let at = from; at < to; at++) most = Math.max(most, Math.abs(values[at]!));
  if (most === 0) return 0;
  squares = 0;
  for (let at = from; at < to; at++) squares += (values[at]! / most) ** 2;
  return Math.sqrt(squares) * most;
}
