/** All figures about a pair of tensors, one pair of numbers after the other: whatever dtypes they have. */
import { decode, decodeIntegers, partDtype } from '#main/kernels/decode.ts';
import { roundToBf16, roundToF16 } from '#main/kernels/half.ts';
import { dtypeInfo } from '#shared/dtype.ts';

export interface DifferenceSums {
  /** Numbers compared: elements, or parts for complex dtypes. */
  compared: number;
  /** Elements whose bits differ; for unlike dtypes, whose values differ. */
  changed: number;
  /** Pairs that are not numerically equal; a NaN equals a NaN of the same bits only. */
  unequal: number;
  /** Largest |a - b|; NaN beats everything, since one side is then no number. */
  maxAbs: number;
  /** Flat index of it among the numbers compared; -1 while all are equal. */
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

export interface DifferenceOptions {
  readonly dtypeA: string;
  readonly dtypeB: string;
  /** Absolute and relative to |b|. */
  readonly tolerance?: readonly [number, number];
}

/** Adds one window of equally many elements of either side. */
export function addPairByPair(
  sums: DifferenceSums,
  bytesA: Uint8Array,
  bytesB: Uint8Array,
  options: DifferenceOptions,
): void {
  const { dtypeA, dtypeB } = options;
  const isSameDtype = dtypeA === dtypeB;
  const valuesA = decode(dtypeA, bytesA);
  const valuesB = decode(dtypeB, bytesB);
  const isSameBits = isSameDtype && bitComparer(bytesA, bytesB, valuesA.length);
  const exact = exactIntegers(options, bytesA, bytesB);
  const [abs, rel] = options.tolerance ?? [0, 0];
  const fits = isSameDtype ? undefined : castTest(dtypeA, dtypeB);
  const parts = dtypeInfo(dtypeA).kind === 'complex' ? 2 : 1;
  let lastChanged = -1;

  for (let i = 0; i < valuesA.length; i++) {
    const a = valuesA[i]!;
    const b = valuesB[i]!;
    sums.dot += a * b;
    sums.squaresA += a * a;
    sums.squaresB += b * b;
    if (isSameBits ? isSameBits(i) : a === b && (!exact || exact(i) === 0n)) {
      if (sums.excess < -abs) sums.excess = -abs;
      continue;
    }
    const element = Math.floor(i / parts);
    if (element !== lastChanged) {
      sums.changed++;
      lastChanged = element;
    }
    const distance = exact ? Number(exact(i)) : a === b ? 0 : Math.abs(a - b);
    if (distance === 0) {
      if (sums.excess < -abs) sums.excess = -abs;
      continue;
    }
    sums.unequal++;
    if (fits && sums.isCast && !fits(a, b)) sums.isCast = false;
    sums.squaresDifference += distance * distance;
    const isWorse = Number.isNaN(distance) ? !Number.isNaN(sums.maxAbs) : distance > sums.maxAbs;
    if (isWorse) {
      sums.maxAbs = distance;
      sums.maxAt = sums.compared + i;
    }
    const own = distance - abs - rel * Math.abs(b);
    // infinitely far from an infinity, no tolerance is wide enough
    const excess = Number.isNaN(own) ? Infinity : own;
    if (excess > sums.excess) sums.excess = excess;
  }
  if (isSameDtype) addUlp(sums, dtypeA, bytesA, bytesB);
  sums.compared += valuesA.length;
}

/** Whether the numbers at an index have the same bits. */
function bitComparer(a: Uint8Array, b: Uint8Array, count: number): (index: number) => boolean {
  const width = a.byteLength / Math.max(1, count);
  return (index) => {
    for (let byte = index * width; byte < (index + 1) * width; byte++) if (a[byte] !== b[byte]) return false;
    return true;
  };
}

/** |a - b| of 64-bit integers, where doubles would round it away. */
function exactIntegers(
  { dtypeA, dtypeB }: DifferenceOptions,
  a: Uint8Array,
  b: Uint8Array,
): ((index: number) => bigint) | undefined {
  const is64 = (dtype: string) => dtype === 'i64' || dtype === 'u64';
  if (!is64(dtypeA) || !is64(dtypeB)) return undefined;
  const left = decodeIntegers(dtypeA, a);
  const right = decodeIntegers(dtypeB, b);
  return (index) => {
    const distance = left[index]! - right[index]!;
    return distance < 0n ? -distance : distance;
  };
}

const ROUNDING: ReadonlyMap<string, (value: number) => number> = new Map([
  ['f64', (value: number) => value],
  ['f32', Math.fround],
  ['f16', roundToF16],
  ['bf16', (value: number) => roundToBf16(Math.fround(value))],
]);

/** Whether b is a rounded to b's dtype, or a is b rounded to a's. */
export function castTest(dtypeA: string, dtypeB: string): (a: number, b: number) => boolean {
  const toA = ROUNDING.get(dtypeA);
  const toB = ROUNDING.get(dtypeB);
  if (!toA || !toB) return () => false;
  return (a, b) => Object.is(toB(a), b) || Object.is(toA(b), a);
}

/** Steps between two floats of one dtype on the number line; -0 and +0 are the same place. */
function addUlp(sums: DifferenceSums, dtype: string, bytesA: Uint8Array, bytesB: Uint8Array): void {
  const { kind } = dtypeInfo(dtype);
  if (kind !== 'float' && kind !== 'complex') return;
  const real = kind === 'complex' ? partDtype(dtype) : dtype;
  if (real === 'f64') return addUlp64(sums, bytesA, bytesB);
  const bits = dtypeInfo(real).bits;
  if (bits > 32 || real === 'f8_e8m0') return;
  const a = codesOf(bytesA, bits);
  const b = codesOf(bytesB, bits);
  const valuesA = decode(dtype, bytesA);
  const valuesB = decode(dtype, bytesB);
  let worst = Number(sums.maxUlp);
  for (let i = 0; i < a.length; i++) {
    if (a[i] === b[i] || !Number.isFinite(valuesA[i]) || !Number.isFinite(valuesB[i])) continue;
    worst = Math.max(worst, Math.abs(place(a[i]!, bits) - place(b[i]!, bits)));
  }
  sums.maxUlp = worst;
}

function codesOf(bytes: Uint8Array, bits: number): Uint8Array | Uint16Array | Uint32Array {
  if (bits <= 8) return bytes;
  const { buffer } = bytes.slice();
  return bits === 16 ? new Uint16Array(buffer) : new Uint32Array(buffer);
}

/** A code of sign and magnitude as a signed place. */
function place(code: number, bits: number): number {
  const sign = 2 ** (bits - 1);
  return code >= sign ? sign - code : code;
}

function addUlp64(sums: DifferenceSums, bytesA: Uint8Array, bytesB: Uint8Array): void {
  const a = new BigInt64Array(bytesA.slice().buffer);
  const b = new BigInt64Array(bytesB.slice().buffer);
  let worst = BigInt(sums.maxUlp);
  for (let i = 0; i < a.length; i++) {
    if (a[i] === b[i] || !isFinite64(a[i]!) || !isFinite64(b[i]!)) continue;
    const distance = place64(a[i]!) - place64(b[i]!);
    const steps = distance < 0n ? -distance : distance;
    if (steps > worst) worst = steps;
  }
  sums.maxUlp = worst <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(worst) : worst;
}

const EXPONENT = 0x7ff0000000000000n;
const MAGNITUDE = 0x7fffffffffffffffn;

function isFinite64(bits: bigint): boolean {
  return (bits & EXPONENT) !== EXPONENT;
}

function place64(bits: bigint): bigint {
  return bits < 0n ? -(bits & MAGNITUDE) : bits;
}
