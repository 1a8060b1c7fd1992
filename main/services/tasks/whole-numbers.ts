import type { Summary } from '#shared/statistics.ts';

/** Extremes and sum of 64-bit integers, which doubles would round. */
export interface WholeNumbers {
  min: bigint | undefined;
  max: bigint | undefined;
  sum: bigint;
  count: number;
}

export function emptyWholeNumbers(): WholeNumbers {
  return { min: undefined, max: undefined, sum: 0n, count: 0 };
}

export function addWholeNumbers(into: WholeNumbers, values: BigInt64Array | BigUint64Array): void {
  let sum = 0n;
  for (const value of values) {
    if (into.min === undefined || value < into.min) into.min = value;
    if (into.max === undefined || value > into.max) into.max = value;
    sum += value;
  }
  into.sum += sum;
  into.count += values.length;
}

export function wholeNumberFigures({ min, max, sum, count }: WholeNumbers): Partial<Summary> {
  if (min === undefined || max === undefined) return {};
  const whole = sum / BigInt(count);
  const rest = sum - whole * BigInt(count);
  return { min, max, mean: Number(whole) + Number(rest) / count };
}
