/** Windows of any real dtype as the f32 or f64 numbers that kernels take. */
import { analysisKernels, memoryRegion, placeInput } from '#main/kernels/analysis-module.ts';
import { decode } from '#main/kernels/decode.ts';
import { elementByteLength, isReal } from '#shared/dtype.ts';

/** Numbers in the kernels' memory, until something else is placed on their side. */
export interface PlacedNumbers {
  readonly at: number;
  readonly count: number;
  readonly isDouble: boolean;
}

const decoded = [memoryRegion(), memoryRegion()] as const;
const tables = new Map<string, number>();

/** Exact, but for 64-bit integers and x87 numbers, which are rounded. @param side 1 for the partner of a pair. */
export function placeNumbers(dtype: string, bytes: Uint8Array, side: 0 | 1 = 0): PlacedNumbers {
  const width = elementByteLength(dtype);
  const count = bytes.byteLength / width;
  if (dtype === 'f32' || dtype === 'f64') {
    return { at: placeInput(bytes, side), count, isDouble: dtype === 'f64' };
  }
  if (isReal(dtype) && width <= 2) {
    const table = placeTable(dtype, width);
    const from = placeInput(bytes, side);
    const at = decoded[side].reserve(count * 4);
    const { decodeBytes, decodeHalves } = analysisKernels();
    (width === 1 ? decodeBytes : decodeHalves)(from, count, table, at);
    return { at, count, isDouble: false };
  }
  const convert = conversionOf(dtype);
  if (convert) {
    const from = placeInput(bytes, side);
    const at = decoded[side].reserve(count * 8);
    convert(from, count, at);
    return { at, count, isDouble: true };
  }
  return placeValues(decode(dtype, bytes), side);
}

/** Of integers of 32 and 64 bits to doubles. */
function conversionOf(dtype: string) {
  const { doublesOfI32, doublesOfU32, doublesOfI64, doublesOfU64 } = analysisKernels();
  switch (dtype) {
    case 'i32':
      return doublesOfI32;
    case 'u32':
      return doublesOfU32;
    case 'i64':
      return doublesOfI64;
    case 'u64':
      return doublesOfU64;
    default:
      return undefined;
  }
}

const widened = [memoryRegion(), memoryRegion()] as const;

/** Equally many numbers of either side, both f32 or both f64. */
export function placePair(
  dtypeA: string,
  bytesA: Uint8Array,
  dtypeB: string,
  bytesB: Uint8Array,
): readonly [PlacedNumbers, PlacedNumbers] {
  return alike(placeNumbers(dtypeA, bytesA, 0), placeNumbers(dtypeB, bytesB, 1));
}

/** As `placePair`, of what is decoded. */
export function placeDecoded(
  a: Float64Array | Float32Array,
  b: Float64Array | Float32Array,
): readonly [PlacedNumbers, PlacedNumbers] {
  return alike(placeValues(a, 0), placeValues(b, 1));
}

function placeValues(values: Float64Array | Float32Array, side: 0 | 1): PlacedNumbers {
  return { at: placeInput(values, side), count: values.length, isDouble: values instanceof Float64Array };
}

function alike(a: PlacedNumbers, b: PlacedNumbers): readonly [PlacedNumbers, PlacedNumbers] {
  return a.isDouble === b.isDouble ? [a, b] : [asDoubles(a, 0), asDoubles(b, 1)];
}

function asDoubles(numbers: PlacedNumbers, side: 0 | 1): PlacedNumbers {
  if (numbers.isDouble) return numbers;
  const at = widened[side].reserve(numbers.count * 8);
  analysisKernels().doublesOfF32(numbers.at, numbers.count, at);
  return { at, count: numbers.count, isDouble: true };
}

/** Holds as long as the numbers do. */
export function numbersView({ at, count, isDouble }: PlacedNumbers): Float64Array | Float32Array {
  const { buffer } = analysisKernels().memory;
  return isDouble ? new Float64Array(buffer, at, count) : new Float32Array(buffer, at, count);
}

/** As `numbersView`, their bytes. */
export function numbersBytes({ at, count, isDouble }: PlacedNumbers): Uint8Array {
  return new Uint8Array(analysisKernels().memory.buffer, at, count * (isDouble ? 8 : 4));
}

/** The f32 number of every code of a dtype of one or two bytes. */
function placeTable(dtype: string, width: number): number {
  const known = tables.get(dtype);
  if (known !== undefined) return known;
  const numbers = Float32Array.from(decode(dtype, allCodes(width)));
  const at = memoryRegion().reserve(numbers.byteLength);
  new Float32Array(analysisKernels().memory.buffer, at, numbers.length).set(numbers);
  tables.set(dtype, at);
  return at;
}

/** Every code of one or two bytes, in order. */
export function allCodes(width: number): Uint8Array {
  const codes = width === 1 ? new Uint8Array(256) : new Uint16Array(65_536);
  for (let code = 0; code < codes.length; code++) codes[code] = code;
  return new Uint8Array(codes.buffer);
}
