// The N-bit filter (5): HDF5 User Guide "Using the N-bit Filter", parameters as H5Znbit.c of HDF5 2.0 writes them.
import { NBIT_ELEMENT_BYTES, NBIT_STEPS } from '#main/bytes/limits.ts';
import { bitReader, type BitReader } from '#main/encodings/filters/bit-reader.ts';
import type { ChunkPlace } from '#main/encodings/filters/filters.ts';
import { AppError } from '#shared/errors.ts';

/** A number inside an element whose `precision` bits from bit `bitOffset` on are stored. */
interface Leaf {
  /** Bytes into the element. */
  readonly at: number;
  readonly size: number;
  readonly isBigEndian: boolean;
  readonly precision: number;
  readonly bitOffset: number;
}

const ATOMIC = 1;
const ARRAY = 2;
const COMPOUND = 3;
const WHOLE_BYTES = 4;
/** Before the description of the element: number of parameters, whether nothing is packed, number of elements. */
const HEAD_PARAMETERS = 3;

/**
 * @param most bytes that may come out.
 * @throws AppError `corrupt` for parameters that describe no element, or data that end too early.
 */
export function unpackNbit(
  bytes: Uint8Array,
  parameters: readonly number[],
  most: number,
  place: ChunkPlace,
): Uint8Array {
  if (parameters[1] !== 0) return bytes;
  const count = parameters[2] ?? 0;
  const { size, leaves } = describeElement(parameters, place);
  if (count * size > most)
    throw damaged(place, `at most ${most} bytes`, `${count} elements of ${size} bytes`);
  const out = new Uint8Array(count * size);
  const bits = bitReader(bytes);
  for (let element = 0; element < count; element++) {
    for (const leaf of leaves) putLeaf(bits, leaf, out, element * size + leaf.at);
  }
  if (bits.isBeyondEnd()) throw damaged(place, `the bits of ${count} elements`, `${bytes.byteLength} bytes`);
  return out;
}

function damaged(place: ChunkPlace, expected: string, found: string): AppError {
  return new AppError('corrupt', 'a chunk packed with the N-bit filter is damaged', {
    ...place,
    expected,
    found,
  });
}

function describeElement(
  parameters: readonly number[],
  place: ChunkPlace,
): { readonly size: number; readonly leaves: readonly Leaf[] } {
  const leaves: Leaf[] = [];
  let next = HEAD_PARAMETERS;
  let steps = 0;

  const take = (least: number, most: number): number => {
    const value = parameters[next++];
    if (value === undefined || value < least || value > most) {
      throw damaged(place, `a parameter from ${least} to ${most}`, String(value));
    }
    return value;
  };

  /** Adds the leaves of one datatype that lies at `at` and ends at `end` or before; returns its size. */
  function describe(at: number, end: number): number {
    // members that lie on each other could be any number of them
    if (++steps > NBIT_STEPS) throw damaged(place, 'members side by side', 'members on each other');
    const kind = take(ATOMIC, WHOLE_BYTES);
    const size = take(1, end - at);
    if (kind === ATOMIC) {
      const isBigEndian = take(0, 1) === 1;
      const precision = take(1, Math.min(64, size * 8));
      leaves.push({ at, size, isBigEndian, precision, bitOffset: take(0, size * 8 - precision) });
    } else if (kind === WHOLE_BYTES) {
      for (let byte = 0; byte < size; byte++) {
        leaves.push({ at: at + byte, size: 1, isBigEndian: false, precision: 8, bitOffset: 0 });
      }
    } else if (kind === ARRAY) {
      const first = next;
      for (let item = at; item < at + size;) {
        next = first;
        item += describe(item, at + size);
      }
    } else if (kind === COMPOUND) {
      const members = take(0, parameters.length);
      for (let member = 0; member < members; member++) describe(at + take(0, size - 1), at + size);
    }
    return size;
  }

  return { size: describe(0, NBIT_ELEMENT_BYTES), leaves };
}

function putLeaf(
  bits: BitReader,
  { size, isBigEndian, precision, bitOffset }: Leaf,
  out: Uint8Array,
  at: number,
): void {
  const first = isBigEndian ? at + size - 1 : at;
  const step = isBigEndian ? -1 : 1;
  if (precision + bitOffset <= 32) return putWord(bits.take(precision) << bitOffset, out, first, step);
  const value = bits.takeBig(precision) << BigInt(bitOffset);
  for (let index = 0; 4 * index < size; index++) {
    const word = Number((value >> BigInt(32 * index)) & 0xffffffffn);
    putWord(word | 0, out, first + 4 * index * step, step);
  }
}

/** Puts the bytes of a word that are not 0, the lowest one first. */
function putWord(word: number, out: Uint8Array, first: number, step: number): void {
  for (let rest = word, at = first; rest !== 0; rest >>>= 8, at += step) out[at] = rest;
}
