/** What is read from singular values. */
import { dtypeInfo, elementByteLength } from '#shared/dtype.ts';
import type { SingularValues } from '#shared/singular-values.ts';

const F32_EPSILON = 2 ** -23;

/**
 * @param values in falling order, at least one; of the matrix divided by `unit`, a power of two.
 * @param dtype of the matrix.
 */
export function spectrumFigures(
  { rows, columns }: { readonly rows: number; readonly columns: number },
  dtype: string,
  values: Float64Array,
  unit: number,
): SingularValues {
  const largest = values[0]!;
  const smallest = values[values.length - 1]!;
  const epsilon = isSingle(dtype) ? F32_EPSILON : Number.EPSILON;
  const tolerance = largest * Math.max(rows, columns) * epsilon;
  return {
    rows,
    columns,
    values: values.map((value) => value * unit),
    condition: smallest === 0 ? Infinity : largest / smallest,
    rank: values.filter((value) => value > tolerance).length,
    tolerance: tolerance * unit,
    epsilon,
    stableRank: largest === 0 ? 0 : values.reduce((sum, value) => sum + (value / largest) ** 2, 0),
    effectiveRank: largest === 0 ? 0 : effectiveRank(values),
  };
}

function effectiveRank(values: Float64Array): number {
  const sum = values.reduce((total, value) => total + value, 0);
  const entropy = values.reduce((total, value) => {
    const share = value / sum;
    return share === 0 ? total : total - share * Math.log(share);
  }, 0);
  return Math.exp(entropy);
}

function isSingle(dtype: string): boolean {
  const { kind } = dtypeInfo(dtype);
  return kind === 'block' || (kind === 'float' && elementByteLength(dtype) <= 4);
}
