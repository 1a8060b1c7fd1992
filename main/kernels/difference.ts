/** All figures about a pair of tensors, window by window: by the kernels where both sides are numbers that a float holds. */
import { analysisKernels, memoryRegion, placeInput } from '#main/kernels/analysis-module.ts';
import { allCodes, placePair, type PlacedNumbers } from '#main/kernels/numbers.ts';
import { areCasts } from '#main/kernels/casts.ts';
import { addPairByPair, placesOf, type DifferenceOptions } from '#main/kernels/pair-by-pair.ts';
import { decode } from '#main/kernels/decode.ts';
import { noticeDistance, type DifferenceSums } from '#main/kernels/difference-sums.ts';
import { dtypeInfo, elementByteLength, isReal } from '#shared/dtype.ts';

/** Whether two windows hold the same bytes: by the C library's `memcmp`, wherever they lie, as no kernel is faster. */
export function hasEqualBytes(a: Uint8Array, b: Uint8Array): boolean {
  return Buffer.compare(a, b) === 0;
}

/** Adds one window of equally many elements of either side. */
export function addDifference(
  sums: DifferenceSums,
  bytesA: Uint8Array,
  bytesB: Uint8Array,
  options: DifferenceOptions,
): void {
  const { dtypeA, dtypeB } = options;
  if (!isForKernels(dtypeA) || !isForKernels(dtypeB)) return addPairByPair(sums, bytesA, bytesB, options);
  const [a, b] = placePair(dtypeA, bytesA, dtypeB, bytesB);
  const figures = differ(a, b);
  // decoded, one NaN is like another: only where all bits are at hand can a kernel tell them apart
  const isPlain = dtypeA === dtypeB && (dtypeA === 'f32' || dtypeA === 'f64');
  if (!isPlain && !Number.isFinite(figures.squaresA + figures.squaresB)) {
    return addPairByPair(sums, bytesA, bytesB, options);
  }
  addFigures(sums, figures, dtypeA === dtypeB);
  if (options.tolerance) sums.excess = Math.max(sums.excess, excessOf(a, b, options.tolerance));
  if (dtypeA !== dtypeB) sums.isCast &&= figures.unequal === 0 || areCasts(dtypeA, a, dtypeB, b);
  else if (figures.changed > 0) sums.maxUlp = furthest(sums.maxUlp, dtypeA, figures, bytesA, bytesB);
  sums.compared += a.count;
}

/** Integers of 64 bits are compared exactly, complex numbers by their elements, x87 numbers by all of their bits. */
function isForKernels(dtype: string): boolean {
  return isReal(dtype) && dtype !== 'f80' && dtype !== 'i64' && dtype !== 'u64' && dtype !== 'bool';
}

/** What a kernel finds about one window: see `assembly/difference.ts`. */
interface Figures {
  readonly changed: number;
  readonly unequal: number;
  readonly largest: number;
  readonly largestAt: number;
  /** Units in the last place, of f32. */
  readonly steps: number;
  readonly squaresA: number;
  readonly squaresB: number;
  readonly squaresDifference: number;
}

const RECORD_DOUBLES = 8;
const recordRegion = memoryRegion();

function differ(a: PlacedNumbers, b: PlacedNumbers): Figures {
  const kernels = analysisKernels();
  const at = recordRegion.reserve(RECORD_DOUBLES * 8);
  (a.isDouble ? kernels.differF64 : kernels.differF32)(a.at, b.at, a.count, at);
  const record = new Float64Array(kernels.memory.buffer, at, RECORD_DOUBLES);
  return {
    changed: record[0]!,
    unequal: record[1]!,
    largest: record[2]!,
    largestAt: record[3]!,
    steps: record[4]!,
    squaresA: record[5]!,
    squaresB: record[6]!,
    squaresDifference: record[7]!,
  };
}

function addFigures(sums: DifferenceSums, figures: Figures, isSameDtype: boolean): void {
  const { changed, unequal, largest, largestAt, squaresA, squaresB, squaresDifference } = figures;
  // between dtypes only values can differ
  sums.changed += isSameDtype ? changed : unequal;
  sums.unequal += unequal;
  noticeDistance(sums, largest, largestAt);
  sums.squaresA += squaresA;
  sums.squaresB += squaresB;
  sums.squaresDifference += squaresDifference;
  // the rule of cosines: one product less for every pair
  sums.dot += (squaresA + squaresB - squaresDifference) / 2;
}

function excessOf(
  a: PlacedNumbers,
  b: PlacedNumbers,
  [absolute, relative]: readonly [number, number],
): number {
  const { excessF32, excessF64 } = analysisKernels();
  return (a.isDouble ? excessF64 : excessF32)(a.at, b.at, a.count, absolute, relative);
}

/** Steps between floats of one dtype on the number line, the most of them so far. */
function furthest(
  sofar: number | bigint,
  dtype: string,
  { steps }: Figures,
  bytesA: Uint8Array,
  bytesB: Uint8Array,
): number | bigint {
  if (dtype === 'f32') return Math.max(Number(sofar), steps);
  const kernels = analysisKernels();
  if (dtype === 'f64') {
    const [a, b] = [placeInput(bytesA, 0), placeInput(bytesB, 1)];
    const most = BigInt.asUintN(64, kernels.stepsOfDoubles(a, b, bytesA.byteLength / 8));
    const all = most > BigInt(sofar) ? most : BigInt(sofar);
    return all <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(all) : all;
  }
  const width = elementByteLength(dtype);
  if (dtypeInfo(dtype).kind !== 'float' || width > 2) return sofar;
  const places = placesOfCodes(dtype, width);
  const [a, b] = [placeInput(bytesA, 0), placeInput(bytesB, 1)];
  const count = width === 1 ? kernels.stepsOfBytes : kernels.stepsOfHalves;
  return Math.max(Number(sofar), count(a, b, bytesA.byteLength / width, places));
}

/** What stands for a code that is no finite number. */
const NOWHERE = -(2 ** 31);
const placeTables = new Map<string, number>();

/** The address of the place of every code on the number line: i32; zeros of either sign share one. */
function placesOfCodes(dtype: string, width: number): number {
  const known = placeTables.get(dtype);
  if (known !== undefined) return known;
  const place = placesOf(dtype);
  const places = Int32Array.from(decode(dtype, allCodes(width)), (value, code) =>
    Number.isFinite(value) ? place(code) : NOWHERE,
  );
  const at = memoryRegion().reserve(places.byteLength);
  new Int32Array(analysisKernels().memory.buffer, at, places.length).set(places);
  placeTables.set(dtype, at);
  return at;
}
