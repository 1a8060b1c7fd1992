// Filter pipelines of chunks, undone: the HDF5 filter registry's numbers 1 to 6, 307 (bzip2), 32000 (LZF) and 32015 (Zstandard), and zarr's codecs.
import { releaseMemory } from '#main/bytes/release-memory.ts';
import { unpackBzip2 } from '#main/encodings/bzip2/bzip2.ts';
import { unpackZstd } from '#main/encodings/zstd/zstd.ts';
import { AppError } from '#shared/errors.ts';
import { stripFletcher32 } from '#main/encodings/filters/fletcher32.ts';
import { inflateChunk } from '#main/encodings/filters/inflate-chunk.ts';
import { unpackLzf } from '#main/encodings/filters/lzf.ts';
import { unpackNbit } from '#main/encodings/filters/nbit.ts';
import { numbersOfFields, type NumberField } from '#main/encodings/filters/number-fields.ts';
import { unpackScaleOffset } from '#main/encodings/filters/scale-offset.ts';
import { stripCrc32c } from '#main/encodings/filters/strip-crc32c.ts';
import { untranspose } from '#main/encodings/filters/transpose.ts';
import { unshuffle } from '#main/encodings/filters/shuffle.ts';

/** One step that was taken when a chunk was written, as plain data. */
export type Filter =
  | { readonly kind: 'zlib' }
  | { readonly kind: 'gzip' }
  | { readonly kind: 'zstd'; readonly hasChecksum?: true }
  | { readonly kind: 'bzip2' }
  | { readonly kind: 'lzf' }
  /** Byte 0 of every element, then byte 1, and so on. */
  | { readonly kind: 'shuffle'; readonly elementBytes: number }
  /** The data are followed by their checksum. */
  | { readonly kind: 'fletcher32' }
  | { readonly kind: 'crc32c' }
  /** Axes in another order: for each one that is stored, the axis it was before. The shape is that of before. */
  | {
      readonly kind: 'transpose';
      readonly shape: readonly number[];
      readonly order: readonly number[];
      readonly elementBytes: number;
    }
  /** Bits that carry nothing left out; the parameters are the filter's own. */
  | { readonly kind: 'nbit'; readonly parameters: readonly number[] }
  /** Less the least value, in as few bits as the largest needs; the parameters are the filter's own. */
  | { readonly kind: 'scale-offset'; readonly parameters: readonly number[] }
  /** Numbers in an unusual arrangement of bits; undone, they are little-endian numbers of a usual one. */
  | { readonly kind: 'number-fields'; readonly field: NumberField };

/** A piece of a tensor, stored and packed on its own; plain data. */
export interface Chunk {
  /** Elements: where its first element is in the tensor. */
  readonly origin: readonly number[];
  /** Elements along each axis. */
  readonly shape: readonly number[];
  /** Which source it is in, by number. */
  readonly source: number;
  /** Bytes, as stored. */
  readonly offset: number;
  readonly byteLength: number;
  /** In the order they were applied in. */
  readonly filters: readonly Filter[];
  /** Elements, of a chunk that is stored in another order than C's; its bytes are no more and no fewer. */
  readonly strides?: readonly number[];
}

/** Where a chunk is, for messages. */
export interface ChunkPlace {
  readonly file: string;
  /** Bytes into the file. */
  readonly offset: number;
}

/** What a packer may add to data that do not pack. */
const SLACK_BYTES = 4096;

/**
 * Undoes the filters, last one first.
 * @param filters in the order they were applied in.
 * @param byteLength of the chunk when it is unpacked: no step may give much more than that.
 * @returns a buffer of the caller's, or `packed` itself where there is no filter.
 * @throws AppError `corrupt` for data that do not unpack to that length or miss their checksum.
 */
export async function unpackChunk(
  packed: Uint8Array,
  filters: readonly Filter[],
  byteLength: number,
  place: ChunkPlace,
): Promise<Uint8Array> {
  const raw = rawByteLength(filters[0], byteLength);
  const most = raw + Math.floor(raw / 8) + SLACK_BYTES;
  let bytes = packed;
  for (let step = filters.length - 1; step >= 0; step--) {
    const taken = bytes;
    bytes = await undo(filters[step]!, taken, step === 0 ? byteLength : undefined, most, place);
    // what one filter hands the next is nobody else's
    if (taken.buffer !== packed.buffer && taken.buffer !== bytes.buffer) releaseMemory(taken);
  }
  if (bytes.byteLength !== byteLength) {
    throw new AppError('corrupt', 'a chunk does not unpack to its length', {
      ...place,
      expected: `${byteLength} bytes`,
      found: `${bytes.byteLength} bytes`,
    });
  }
  return bytes;
}

/** Bytes of the elements in the arrangement that was packed. */
function rawByteLength(first: Filter | undefined, byteLength: number): number {
  if (first?.kind !== 'number-fields') return byteLength;
  return (byteLength / first.field.outBytes) * first.field.size;
}

/** @param exact the length that comes out, where it is known. */
async function undo(
  filter: Filter,
  bytes: Uint8Array,
  exact: number | undefined,
  most: number,
  place: ChunkPlace,
): Promise<Uint8Array> {
  switch (filter.kind) {
    case 'zlib':
    case 'gzip':
      return inflateChunk(filter.kind, bytes, exact ?? most, place);
    case 'zstd':
      return unpackZstd(bytes, exact ?? most, place);
    case 'bzip2':
      return unpackBzip2(bytes, exact ?? most, place);
    case 'lzf':
      return unpackLzf(bytes, exact ?? most, place);
    case 'shuffle':
      return unshuffle(bytes, filter.elementBytes);
    case 'fletcher32':
      return stripFletcher32(bytes, place);
    case 'crc32c':
      return stripCrc32c(bytes, place);
    case 'transpose':
      return untranspose(bytes, filter.shape, filter.order, filter.elementBytes);
    case 'nbit':
      return unpackNbit(bytes, filter.parameters, most, place);
    case 'scale-offset':
      return unpackScaleOffset(bytes, filter.parameters, most, place);
    case 'number-fields':
      return numbersOfFields(bytes, filter.field);
  }
}
