/** Whether numbers of two dtypes are the same but for rounding. */
import { analysisKernels, memoryRegion } from '#main/kernels/analysis-module.ts';
import { partDtype } from '#main/kernels/decode.ts';
import type { PlacedNumbers } from '#main/kernels/numbers.ts';
import { dtypeInfo } from '#shared/dtype.ts';

/** What frameworks make of a number of any dtype: the nearest one, of two equally near ones the even one. */
interface Target {
  readonly mantissaBits: number;
  /** The power of two of the smallest normal number: below it, steps get no smaller. */
  readonly least: number;
  readonly largest: number;
  /** What becomes of magnitudes that round to more than the largest number. */
  readonly beyond: number;
  /** What becomes of them, too: newer versions of PyTorch make the largest number of E4M3 where NumPy makes NaN. */
  readonly stop?: number;
  /** What becomes of NaN, unless it stays one. */
  readonly ofNaN?: number;
  /** There is no zero and no sign: PyTorch drops signs and has the smallest number for zero, NumPy has NaN for both. */
  readonly isUnsigned?: true;
  /** By way of f32 alone; else at once, as NumPy does, or by that way, as PyTorch does. */
  readonly isBySingle?: true;
}

/** PyTorch rounds all but f64 by way of f32, NumPy what is shorter than bf16 at once. */
const TARGETS: ReadonlyMap<string, Target> = new Map<string, Target>([
  ['f32', { mantissaBits: 23, least: -126, largest: (2 - 2 ** -23) * 2 ** 127, beyond: Infinity }],
  ['f16', { mantissaBits: 10, least: -14, largest: 65_504, beyond: Infinity }],
  ['bf16', { mantissaBits: 7, least: -126, largest: 255 * 2 ** 120, beyond: Infinity, isBySingle: true }],
  ['f8_e4m3', { mantissaBits: 3, least: -6, largest: 448, beyond: NaN, stop: 448 }],
  ['f8_e5m2', { mantissaBits: 2, least: -14, largest: 57_344, beyond: Infinity }],
  ['f8_e4m3fnuz', { mantissaBits: 3, least: -7, largest: 240, beyond: NaN }],
  ['f8_e5m2fnuz', { mantissaBits: 2, least: -15, largest: 57_344, beyond: NaN }],
  ['f8_e8m0', { mantissaBits: 0, least: -127, largest: 2 ** 127, beyond: NaN, isUnsigned: true }],
  ['f6_e2m3', { mantissaBits: 3, least: 0, largest: 7.5, beyond: 7.5, ofNaN: 0 }],
  ['f6_e3m2', { mantissaBits: 2, least: -2, largest: 28, beyond: 28, ofNaN: 0 }],
  ['f4_e2m1', { mantissaBits: 1, least: 0, largest: 6, beyond: 6, ofNaN: 0 }],
]);

/**
 * Whether each number of B is that of A rounded to B's dtype, or that of A is B's rounded to A's, or both are equal;
 * of complex numbers, part by part. False where neither dtype is one that numbers are rounded to.
 * @param a @param b equally many, both f32 or both f64.
 */
export function areCasts(dtypeA: string, a: PlacedNumbers, dtypeB: string, b: PlacedNumbers): boolean {
  if (!isRoundedTo(dtypeA) && !isRoundedTo(dtypeB)) return false;
  // most often the shorter ones were rounded
  if (mantissaBitsOf(dtypeA) < mantissaBitsOf(dtypeB)) return areCasts(dtypeB, b, dtypeA, a);
  const { areCastsF32, areCastsF64 } = analysisKernels();
  const test = a.isDouble ? areCastsF64 : areCastsF32;
  // among singles, the same number is all that a single rounds to
  const targetOf = (dtype: string) => (a.isDouble || realDtype(dtype) !== 'f32' ? placeTarget(dtype) : 0);
  return test(a.at, b.at, a.count, targetOf(dtypeB), targetOf(dtypeA)) !== 0;
}

function mantissaBitsOf(dtype: string): number {
  return TARGETS.get(realDtype(dtype))?.mantissaBits ?? Infinity;
}

/** f64 is what all others are decoded to. */
function isRoundedTo(dtype: string): boolean {
  return TARGETS.has(realDtype(dtype)) || realDtype(dtype) === 'f64';
}

function realDtype(dtype: string): string {
  return dtypeInfo(dtype).kind === 'complex' ? partDtype(dtype) : dtype;
}

const FIELD_COUNT = 11;
const ALL_BITS = 2n ** 64n - 1n;
const SIGN_BIT = 2n ** 63n;
const places = new Map<string, number>();

/** The address of what `assembly/casts.ts` is told of a dtype; 0 of one that rounds nothing. */
function placeTarget(dtype: string): number {
  const real = realDtype(dtype);
  const known = places.get(real);
  if (known !== undefined) return known;
  const target = TARGETS.get(real);
  if (!target) return 0;
  const { mantissaBits, least, largest, beyond, stop, ofNaN, isUnsigned, isBySingle } = target;
  const at = memoryRegion().reserve(FIELD_COUNT * 8);
  const { buffer } = analysisKernels().memory;
  const numbers = new Float64Array(buffer, at, FIELD_COUNT);
  numbers[0] = 2 ** least;
  // half as much again, so that a sum stays between the same two powers of two
  numbers[1] = 1.5 * 2 ** (52 - mantissaBits);
  numbers[2] = largest;
  numbers[3] = beyond;
  numbers[4] = 4 * largest;
  numbers[5] = stop ?? Infinity;
  numbers[6] = ofNaN ?? NaN;
  numbers[8] = isUnsigned ? 2 ** least : 0;
  const masks = new BigUint64Array(buffer, at, FIELD_COUNT);
  masks[7] = isUnsigned ? 0n : SIGN_BIT;
  masks[9] = isUnsigned ? ALL_BITS : 0n;
  masks[10] = isBySingle ? 0n : ALL_BITS;
  places.set(real, at);
  return at;
}
