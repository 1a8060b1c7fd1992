/** The figures about a pair of tensors, added up over windows of it. */

export interface DifferenceSums {
  /** Numbers compared: elements, or parts for complex dtypes. */
  compared: number;
  /** Elements whose bits differ; for unlike dtypes, whose values differ. */
  changed: number;
  /** Pairs that are not numerically equal; a NaN equals a NaN of the same bits only. */
  unequal: number;
  /** Largest |a - b|; NaN beats everything, since one side is then no number. */
  maxAbs: number;
  /** Flat index of it among the numbers of a window, or of all in C order once windows are merged: the first one; -1 while all are equal. */
  maxAt: number;
  /** Largest |a - b| - abs - rel |b| over the pairs; at most 0 when all are within the tolerance. Nothing where none was given. */
  excess: number;
  maxUlp: number | bigint;
  /** Rounding one side to the other's dtype gives the other, so far. */
  isCast: boolean;
  dot: number;
  squaresA: number;
  squaresB: number;
  squaresDifference: number;
}

export function emptyDifference(): DifferenceSums {
  return {
    compared: 0,
    changed: 0,
    unequal: 0,
    maxAbs: 0,
    maxAt: -1,
    excess: -Infinity,
    maxUlp: 0,
    isCast: true,
    dot: 0,
    squaresA: 0,
    squaresB: 0,
    squaresDifference: 0,
  };
}

/** Adds the figures of other numbers, which tell places among all numbers; the order of adding is part of the sums. */
export function mergeDifference(into: DifferenceSums, next: DifferenceSums): void {
  const isFirst = Object.is(next.maxAbs, into.maxAbs) && next.maxAt < into.maxAt;
  if (isFirst || isFurther(next.maxAbs, into.maxAbs)) {
    into.maxAbs = next.maxAbs;
    into.maxAt = next.maxAt;
  }
  into.compared += next.compared;
  into.changed += next.changed;
  into.unequal += next.unequal;
  into.excess = Math.max(into.excess, next.excess);
  if (next.maxUlp > into.maxUlp) into.maxUlp = next.maxUlp;
  into.isCast &&= next.isCast;
  into.dot += next.dot;
  into.squaresA += next.squaresA;
  into.squaresB += next.squaresB;
  into.squaresDifference += next.squaresDifference;
}

/** @param at index behind the numbers compared so far. */
export function noticeDistance(sums: DifferenceSums, distance: number, at: number): void {
  if (!isFurther(distance, sums.maxAbs)) return;
  sums.maxAbs = distance;
  sums.maxAt = sums.compared + at;
}

function isFurther(distance: number, most: number): boolean {
  return Number.isNaN(distance) ? !Number.isNaN(most) : distance > most;
}
