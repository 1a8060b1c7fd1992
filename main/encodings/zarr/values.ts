import type { Chunk } from '#main/encodings/filters/filters.ts';
import type { ZarrArray } from '#main/encodings/zarr/zarr.ts';

/** The values of an array as its readers want to have them. */
export interface ZarrValues {
  readonly kind: 'chunked';
  readonly shape: readonly number[];
  readonly chunks: readonly Chunk[];
  readonly fill?: Uint8Array;
  readonly byteOrder: 'little' | 'big';
  readonly isUnpacked?: true;
}

/** A checksum of stored bytes [begin, end). */
export interface ZarrChecksum {
  readonly algorithm: 'crc32c';
  readonly expected: number;
  readonly source: number;
  readonly begin: number;
  readonly end: number;
}

export function valuesOf({ description, chunks }: ZarrArray): ZarrValues {
  const { shape, dtype, fill } = description;
  return {
    kind: 'chunked',
    shape,
    chunks,
    ...(fill ? { fill } : {}),
    byteOrder: dtype.byteOrder,
    ...(dtype.isUnpacked ? { isUnpacked: true } : {}),
  };
}

/** Each of them once, however many values it stands for. */
export function checksumsOf({ guards }: ZarrArray): readonly ZarrChecksum[] {
  const byPlace = new Map(guards.map((guard) => [`${guard.number}:${guard.begin}`, guard]));
  return [...byPlace.values()].map(({ number, begin, end, crc32c }) => ({
    algorithm: 'crc32c',
    expected: crc32c,
    source: number,
    begin,
    end,
  }));
}
