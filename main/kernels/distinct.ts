/** How many different finite values there are, of what a pass over them has counted or sorted anyway. The two zeros are one value. */
import { valuesOfCodes, type CodeCounts } from '#main/kernels/code-counts.ts';
import { NEGATIVE_HALF } from '#main/kernels/sort-key.ts';
import { dtypeInfo } from '#shared/dtype.ts';

/** Exact. */
export function distinctOfCodes({ dtype, codes }: CodeCounts): number {
  const values = valuesOfCodes(dtype);
  let [finite, zeros] = [0, 0];
  for (const code of codes) {
    const value = values[code]!;
    if (value - value !== 0) continue;
    finite++;
    if (value === 0) zeros++;
  }
  const count = finite - Math.max(0, zeros - 1);
  // any byte but 0 is true
  return dtypeInfo(dtype).kind === 'bool' ? Math.min(2, count) : count;
}

/** At least so many: each half of a float that occurs stands for one value or more. @param counts of the finite ones. */
export function leastDistinctOfHalves({ codes, counts }: Pick<CodeCounts, 'codes' | 'counts'>): number {
  let [occurring, zeros] = [0, 0];
  for (let at = 0; at < codes.length; at++) {
    if (counts[at] === 0) continue;
    occurring++;
    if (codes[at]! % NEGATIVE_HALF === 0) zeros++;
  }
  return occurring - Math.max(0, zeros - 1);
}

/** Exact. @param values finite, in order. */
export function distinctOfSorted(values: ArrayLike<number | bigint>): number {
  let count = 0;
  for (let at = 0; at < values.length; at++) if (at === 0 || values[at] !== values[at - 1]) count++;
  return count;
}
