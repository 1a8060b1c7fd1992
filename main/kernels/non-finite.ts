/** NaNs and infinities among canonical bytes (little-endian, C order), told from the bits alone where there are 16 or more. */
import { analysisKernels, placeInput, type AnalysisKernels } from '#main/kernels/analysis-module.ts';
import { codeTable } from '#main/kernels/half.ts';
import { decode } from '#main/kernels/decode.ts';
import { dtypeInfo, elementByteLength } from '#shared/dtype.ts';

export interface NonFiniteCount {
  readonly nan: number;
  readonly positiveInfinity: number;
  readonly negativeInfinity: number;
  /** Index in the window of the first element that is not finite; absent where all are. */
  readonly first?: number;
}

const NONE: NonFiniteCount = { nan: 0, positiveInfinity: 0, negativeInfinity: 0 };

/** Whether the dtype has a code for something that is not finite. */
export function hasNonFinite(dtype: string): boolean {
  const { kind } = dtypeInfo(dtype);
  if (kind !== 'float') return kind === 'complex';
  return codeTable(dtype)?.some((value) => !Number.isFinite(value)) ?? true;
}

/**
 * @param bytes whole elements of a float or complex dtype, starting at a multiple of 8 in their buffer.
 * A complex element counts once: as NaN where either part is one, else as +∞ where either part is.
 */
export function countNonFinite(dtype: string, bytes: Uint8Array): NonFiniteCount {
  const finite = finitePrefix(dtype, bytes);
  if (finite === bytes.byteLength) return NONE;
  const found = countOneByOne(dtype, bytes.subarray(finite));
  if (found.first === undefined) return NONE;
  return { ...found, first: finite / elementByteLength(dtype) + found.first };
}

/** Where a value that is not finite has bits of its own: the kernel that looks for them, which bits, and what they are. */
const TELLING: Readonly<
  Record<
    string,
    readonly [kernel: Extract<keyof AnalysisKernels, `finite${string}`>, mask: number, code: number]
  >
> = {
  f64: ['finiteDoubles', 0x7ff00000, 0x7ff00000],
  c128: ['finiteDoubles', 0x7ff00000, 0x7ff00000],
  f32: ['finiteWords', 0x7f800000, 0x7f800000],
  c64: ['finiteWords', 0x7f800000, 0x7f800000],
  f16: ['finiteHalves', 0x7c00, 0x7c00],
  c32: ['finiteHalves', 0x7c00, 0x7c00],
  bf16: ['finiteHalves', 0x7f80, 0x7f80],
  f8_e5m2: ['finiteBytes', 0x7c, 0x7c],
  f8_e4m3: ['finiteBytes', 0x7f, 0x7f],
  f8_e4m3fnuz: ['finiteBytes', 0xff, 0x80],
  f8_e5m2fnuz: ['finiteBytes', 0xff, 0x80],
  f8_e8m0: ['finiteBytes', 0xff, 0xff],
};

/** Bytes at the start that hold finite values alone: a multiple of 64. */
function finitePrefix(dtype: string, bytes: Uint8Array): number {
  const telling = TELLING[dtype];
  if (!telling) return 0;
  const [kernel, mask, code] = telling;
  return analysisKernels()[kernel](placeInput(bytes), bytes.byteLength, mask, code);
}

function countOneByOne(dtype: string, bytes: Uint8Array): NonFiniteCount {
  switch (dtype) {
    case 'f32':
      return countWords(new Uint32Array(bytes.buffer, bytes.byteOffset, bytes.byteLength / 4));
    case 'f16':
      return countHalves(halvesOf(bytes), 0x7c00);
    case 'bf16':
      return countHalves(halvesOf(bytes), 0x7f80);
    default:
      return countNumbers(decode(dtype, bytes), dtypeInfo(dtype).kind === 'complex' ? 2 : 1);
  }
}

function halvesOf(bytes: Uint8Array): Uint16Array {
  return new Uint16Array(bytes.buffer, bytes.byteOffset, bytes.byteLength / 2);
}

/** binary32: not finite where all eight bits of the exponent are set, NaN where the mantissa is not zero then. */
function countWords(words: Uint32Array): NonFiniteCount {
  let first = 0;
  while (first < words.length && (words[first]! & 0x7f800000) !== 0x7f800000) first++;
  if (first === words.length) return NONE;
  const count = { nan: 0, positiveInfinity: 0, negativeInfinity: 0, first };
  for (let i = first; i < words.length; i++) {
    const bits = words[i]!;
    if ((bits & 0x7f800000) !== 0x7f800000) continue;
    if ((bits & 0x7fffff) !== 0) count.nan++;
    else if (bits >>> 31 === 0) count.positiveInfinity++;
    else count.negativeInfinity++;
  }
  return count;
}

/** @param exponent the bits of the exponent: all of them set is not finite. */
function countHalves(halves: Uint16Array, exponent: number): NonFiniteCount {
  let first = 0;
  while (first < halves.length && (halves[first]! & exponent) !== exponent) first++;
  if (first === halves.length) return NONE;
  const count = { nan: 0, positiveInfinity: 0, negativeInfinity: 0, first };
  for (let i = first; i < halves.length; i++) {
    const bits = halves[i]!;
    if ((bits & exponent) !== exponent) continue;
    if ((bits & 0x7fff) !== exponent) count.nan++;
    else if (bits >>> 15 === 0) count.positiveInfinity++;
    else count.negativeInfinity++;
  }
  return count;
}

/** @param parts numbers an element. */
function countNumbers(numbers: Float32Array | Float64Array, parts: number): NonFiniteCount {
  const count = { nan: 0, positiveInfinity: 0, negativeInfinity: 0 };
  let first: number | undefined;
  for (let i = 0; i < numbers.length; i += parts) {
    const real = numbers[i]!;
    const other = parts === 2 ? numbers[i + 1]! : 0;
    if (Number.isFinite(real) && Number.isFinite(other)) continue;
    first ??= i / parts;
    if (Number.isNaN(real) || Number.isNaN(other)) count.nan++;
    else if (real === Infinity || other === Infinity) count.positiveInfinity++;
    else count.negativeInfinity++;
  }
  return first === undefined ? NONE : { ...count, first };
}
