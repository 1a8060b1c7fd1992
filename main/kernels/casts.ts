/** Whether numbers of two dtypes are the same but for rounding. */
import { partDtype } from '#main/kernels/decode.ts';
import { roundToBf16, roundToSmallFloat } from '#main/kernels/half.ts';
import { dtypeInfo } from '#shared/dtype.ts';

type Rounding = (value: number) => number;

/** What frameworks make of a number of any dtype: NumPy at once, PyTorch by way of f32 where the result is shorter. */
const ROUNDINGS: ReadonlyMap<string, readonly Rounding[]> = new Map<string, readonly Rounding[]>([
  ['f64', [(value) => value]],
  ['f32', [Math.fround]],
  ['f16', atOnceOrBySingle('f16')],
  ['bf16', [(value) => roundToBf16(Math.fround(value))]],
  ['f8_e4m3', [...atOnceOrBySingle('f8_e4m3'), atMostLargestE4m3]],
  ['f8_e5m2', atOnceOrBySingle('f8_e5m2')],
  ['f8_e4m3fnuz', atOnceOrBySingle('f8_e4m3fnuz')],
  ['f8_e5m2fnuz', atOnceOrBySingle('f8_e5m2fnuz')],
]);

function atOnceOrBySingle(dtype: string): readonly Rounding[] {
  const round = roundToSmallFloat(dtype);
  return [round, (value) => round(Math.fround(value))];
}

const LARGEST_E4M3 = 448;

/** Of what lies beyond the largest number, infinities included, newer versions of PyTorch make that one, where NumPy makes NaN. */
function atMostLargestE4m3(value: number): number {
  return Math.min(LARGEST_E4M3, Math.max(-LARGEST_E4M3, value));
}

/** Whether b is a rounded to b's dtype, or a is b rounded to a's; of complex numbers, part by part. */
export function castTest(dtypeA: string, dtypeB: string): (a: number, b: number) => boolean {
  const isFromB = roundingTest(dtypeA);
  const isFromA = roundingTest(dtypeB);
  return (a, b) => isFromA(a, b) || isFromB(b, a);
}

function roundingTest(dtype: string): (value: number, rounded: number) => boolean {
  const isComplex = dtypeInfo(dtype).kind === 'complex';
  const [first, ...others] = ROUNDINGS.get(isComplex ? partDtype(dtype) : dtype) ?? [];
  if (!first) return () => false;
  return (value, rounded) =>
    isSame(first(value), rounded) || others.some((round) => isSame(round(value), rounded));
}

/** Zeros of either sign are one number, and so are all NaNs. */
function isSame(a: number, b: number): boolean {
  return a === b || (Number.isNaN(a) && Number.isNaN(b));
}
