/**
 * Singular values of a bidiagonal matrix B by bisection: they are the positive eigenvalues of the tridiagonal matrix
 * with zeros on its diagonal and B's entries beside it, and one sweep counts those below any number. Each is found to
 * the last digits that it has, however small beside the largest: Demmel & Kahan, Accurate Singular Values of
 * Bidiagonal Matrices (1990), LAPACK Working Note 3, section 6.
 */
import type { Bidiagonal } from '#main/kernels/bidiagonalise.ts';

/** A value below this is 0. */
const LEAST = 2 ** -1021;
/** How close the ends of an interval are, as a share of them, when its value is told. */
const CLOSE = 2 ** -52;

interface Interval {
  readonly low: number;
  readonly high: number;
  /** Values below either end. */
  readonly below: number;
  readonly upTo: number;
}

/**
 * Yields before each sweep the elements that it goes over.
 * @returns in falling order.
 */
export function* bidiagonalValues({
  diagonal,
  above,
}: Bidiagonal): Generator<number, Float64Array, undefined> {
  const count = diagonal.length;
  const values = new Float64Array(count);
  const entries = new Float64Array(Math.max(0, 2 * count - 1));
  for (let index = 0; index < count; index++) entries[2 * index] = diagonal[index]!;
  for (let index = 0; index + 1 < count; index++) entries[2 * index + 1] = above[index]!;
  const high = boundOf(entries);
  const intervals: Interval[] = high === 0 ? [] : [{ low: 0, high, below: 0, upTo: count }];
  for (let next = intervals.pop(); next; next = intervals.pop()) {
    const { low, high: top, below, upTo } = next;
    const middle = middleOf(low, top);
    if (!(middle > low && middle < top) || top - low <= CLOSE * low) {
      // those at zero stay zero
      if (low > 0) values.fill(middle, count - upTo, count - below);
      continue;
    }
    yield entries.length;
    const under = Math.min(upTo, Math.max(below, countBelow(entries, middle) - count));
    if (under > below) intervals.push({ low, high: middle, below, upTo: under });
    if (upTo > under) intervals.push({ low: middle, high: top, below: under, upTo });
  }
  return values;
}

/** More than every value has: an eigenvalue is at most the sum of a row's entries (Gershgorin). */
function boundOf(entries: Float64Array): number {
  let most = 0;
  for (let row = 0; row <= entries.length; row++) {
    most = Math.max(most, Math.abs(entries[row - 1] ?? 0) + Math.abs(entries[row] ?? 0));
  }
  return most * (1 + 2 ** -40);
}

/** Halves exponents while the ends lie far apart, then the interval. */
function middleOf(low: number, high: number): number {
  if (high <= LEAST) return low;
  if (low === 0) return high > 2 ** -60 ? high * 2 ** -30 : Math.max(LEAST, Math.sqrt(high) * 2 ** -510);
  return high > 4 * low ? Math.sqrt(low) * Math.sqrt(high) : low + (high - low) / 2;
}

/** Eigenvalues below `shift`, 2 × count in all: as many as pivots of T − shift are negative (Sylvester's law of inertia). */
function countBelow(entries: Float64Array, shift: number): number {
  let pivot = -shift;
  let negative = 1;
  for (let index = 0; index < entries.length; index++) {
    const entry = entries[index]!;
    pivot = -shift - (entry / pivot) * entry;
    // one that is nearly 0 makes the next infinite, and that one the next but one what it is without
    if (pivot === 0) pivot = -Number.MIN_VALUE;
    if (pivot < 0) negative++;
  }
  return negative;
}
