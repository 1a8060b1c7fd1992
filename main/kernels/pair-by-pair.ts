/** All figures about a pair of tensors, one pair of numbers after the other: whatever dtypes they have. */
import { areCasts } from '#main/kernels/casts.ts';
import { decode, decodeRests, partDtype } from '#main/kernels/decode.ts';
import { noticeDistance, type DifferenceSums } from '#main/kernels/difference-sums.ts';
import { placeDecoded } from '#main/kernels/numbers.ts';
import { EXTENDED_BYTES, extendedPlace } from '#main/kernels/extended.ts';
import { dtypeInfo, elementByteLength } from '#shared/dtype.ts';

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
  const isSameBits = isSameDtype && bitComparer(dtypeA, bytesA, bytesB, valuesA.length);
  const rest = restComparer(options, bytesA, bytesB);
  const [abs, rel] = options.tolerance ?? [0, 0];
  const parts = dtypeInfo(dtypeA).kind === 'complex' ? 2 : 1;
  const unequalBefore = sums.unequal;
  let lastChanged = -1;

  for (let i = 0; i < valuesA.length; i++) {
    const a = valuesA[i]!;
    const b = valuesB[i]!;
    sums.dot += a * b;
    sums.squaresA += a * a;
    sums.squaresB += b * b;
    if (isSameBits ? isSameBits(i) : a === b && rest(i) === 0) {
      if (sums.excess < -abs) sums.excess = -abs;
      continue;
    }
    const element = Math.floor(i / parts);
    if (element !== lastChanged) {
      sums.changed++;
      lastChanged = element;
    }
    const distance = Math.abs(a === b ? rest(i) : a - b + rest(i));
    if (distance === 0) {
      if (sums.excess < -abs) sums.excess = -abs;
      continue;
    }
    sums.unequal++;
    sums.squaresDifference += distance * distance;
    noticeDistance(sums, distance, i);
    const own = distance - abs - rel * Math.abs(b);
    // infinitely far from an infinity, no tolerance is wide enough
    const excess = Number.isNaN(own) ? Infinity : own;
    if (excess > sums.excess) sums.excess = excess;
  }
  if (isSameDtype) addUlp(sums, dtypeA, bytesA, bytesB);
  else if (sums.unequal > unequalBefore) {
    const [a, b] = placeDecoded(valuesA, valuesB);
    sums.isCast &&= areCasts(dtypeA, a, dtypeB, b);
  }
  sums.compared += valuesA.length;
}

/** Whether the numbers at an index have the same bits; the padding of x87 numbers is none of theirs. */
function bitComparer(dtype: string, a: Uint8Array, b: Uint8Array, count: number): (index: number) => boolean {
  const width = a.byteLength / Math.max(1, count);
  const used = dtype === 'f80' ? EXTENDED_BYTES : width;
  return (index) => {
    const begin = index * width;
    for (let byte = begin; byte < begin + used; byte++) if (a[byte] !== b[byte]) return false;
    return true;
  };
}

/** By index, what decoding leaves of a - b: nothing but of dtypes that doubles cannot hold. */
function restComparer(
  { dtypeA, dtypeB }: DifferenceOptions,
  a: Uint8Array,
  b: Uint8Array,
): (index: number) => number {
  const left = decodeRests(dtypeA, a);
  const right = decodeRests(dtypeB, b);
  return (index) => (left?.[index] ?? 0) - (right?.[index] ?? 0);
}

/** Steps between two floats of one dtype on the number line; -0 and +0 are the same place. */
function addUlp(sums: DifferenceSums, dtype: string, bytesA: Uint8Array, bytesB: Uint8Array): void {
  const { kind } = dtypeInfo(dtype);
  if (kind !== 'float' && kind !== 'complex') return;
  const real = kind === 'complex' ? partDtype(dtype) : dtype;
  if (real === 'f64' || real === 'f80') return addWideUlp(sums, real, bytesA, bytesB);
  const { bits } = dtypeInfo(real);
  const place = placesOf(real);
  const a = codesOf(bytesA, bits);
  const b = codesOf(bytesB, bits);
  const valuesA = decode(dtype, bytesA);
  const valuesB = decode(dtype, bytesB);
  let worst = Number(sums.maxUlp);
  for (let i = 0; i < a.length; i++) {
    if (a[i] === b[i] || !Number.isFinite(valuesA[i]) || !Number.isFinite(valuesB[i])) continue;
    worst = Math.max(worst, Math.abs(place(a[i]!) - place(b[i]!)));
  }
  sums.maxUlp = worst;
}

function codesOf(bytes: Uint8Array, bits: number): Uint8Array | Uint16Array | Uint32Array {
  if (bits <= 8) return bytes;
  const { buffer } = bytes.slice();
  return bits === 16 ? new Uint16Array(buffer) : new Uint32Array(buffer);
}

/** Where finite codes of a float of at most 32 bits lie on the number line: of sign and magnitude, or of a magnitude alone. */
export function placesOf(dtype: string): (code: number) => number {
  if (dtype === 'f8_e8m0') return (code) => code;
  const sign = 2 ** (dtypeInfo(dtype).bits - 1);
  return (code) => (code >= sign ? sign - code : code);
}

function addWideUlp(sums: DifferenceSums, dtype: string, bytesA: Uint8Array, bytesB: Uint8Array): void {
  const placeAt = dtype === 'f80' ? extendedPlace : doublePlace;
  const width = elementByteLength(dtype);
  const [a, b] = [viewOf(bytesA), viewOf(bytesB)];
  let worst = BigInt(sums.maxUlp);
  for (let at = 0; at < bytesA.byteLength; at += width) {
    const [left, right] = [placeAt(a, at), placeAt(b, at)];
    if (left === undefined || right === undefined) continue;
    const steps = left < right ? right - left : left - right;
    if (steps > worst) worst = steps;
  }
  sums.maxUlp = worst <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(worst) : worst;
}

function viewOf({ buffer, byteOffset, byteLength }: Uint8Array): DataView {
  return new DataView(buffer, byteOffset, byteLength);
}

const EXPONENT = 0x7ff0000000000000n;
const MAGNITUDE = 0x7fffffffffffffffn;

/** Undefined where the number is not finite. */
function doublePlace(view: DataView, at: number): bigint | undefined {
  const bits = view.getBigInt64(at, true);
  if ((bits & EXPONENT) === EXPONENT) return undefined;
  return bits < 0n ? -(bits & MAGNITUDE) : bits;
}
