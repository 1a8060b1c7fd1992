import type { ChunkPlace } from '#main/encodings/filters/filters.ts';
import { AppError } from '#shared/errors.ts';

const CHECKSUM_BYTES = 4;
/** So many words can be added before the sums leave 32 bits. */
const WORDS_A_TURN = 360;

/**
 * The Fletcher-32 checksum as HDF5 takes it: over big-endian 16-bit words, an odd last byte being a word's upper half.
 * @returns an unsigned 32-bit number.
 */
export function fletcher32(bytes: Uint8Array): number {
  const wordsEnd = bytes.byteLength - (bytes.byteLength % 2);
  let sum = 0;
  let sumOfSums = 0;
  for (let at = 0; at < wordsEnd;) {
    const end = Math.min(wordsEnd, at + 2 * WORDS_A_TURN);
    for (; at < end; at += 2) {
      sum += (bytes[at]! << 8) | bytes[at + 1]!;
      sumOfSums += sum;
    }
    sum = fold(sum);
    sumOfSums = fold(sumOfSums);
  }
  if (bytes.byteLength % 2 === 1) {
    sum += bytes[wordsEnd]! << 8;
    sumOfSums += sum;
    sum = fold(sum);
    sumOfSums = fold(sumOfSums);
  }
  return ((fold(sumOfSums) << 16) | fold(sum)) >>> 0;
}

function fold(sum: number): number {
  return (sum & 0xffff) + (sum >>> 16);
}

/**
 * The data without the checksum that follows them, as a view.
 * @throws AppError `corrupt` where it is another one than they have.
 */
export function stripFletcher32(bytes: Uint8Array, place: ChunkPlace): Uint8Array {
  const end = bytes.byteLength - CHECKSUM_BYTES;
  if (end < 0) throw new AppError('corrupt', 'a chunk is too short for its checksum', { ...place });
  const data = bytes.subarray(0, end);
  const [a, b, c, d] = bytes.subarray(end) as unknown as [number, number, number, number];
  const stored = (a | (b << 8) | (c << 16) | (d << 24)) >>> 0;
  // until 1.6.2 the library swapped the bytes of each half on little-endian machines
  const swapped = (b | (a << 8) | (d << 16) | (c << 24)) >>> 0;
  const found = fletcher32(data);
  if (found === stored || found === swapped) return data;
  throw new AppError('corrupt', 'a chunk does not have its Fletcher-32 checksum', {
    ...place,
    expected: `0x${stored.toString(16).padStart(8, '0')}`,
    found: `0x${found.toString(16).padStart(8, '0')}`,
  });
}
