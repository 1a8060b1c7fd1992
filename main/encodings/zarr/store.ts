import type { ByteSource } from '#main/bytes/source.ts';
import { AppError } from '#shared/errors.ts';

/** Keys and what they lead to: what zarr lies in, be it folders or a database. */
export interface ZarrStore {
  /** In any order, each once. */
  readonly keys: readonly string[];
  /** Where the value of a key is. @throws AppError for one that is not there or cannot be reached. */
  locate(key: string): Promise<StoredValue>;
}

export interface StoredValue {
  readonly source: ByteSource;
  /** Number of the source, for chunks. */
  readonly number: number;
  /** Bytes of the source. */
  readonly offset: number;
  readonly byteLength: number;
  /** What else in the file stands for the value being intact. */
  readonly guard?: StoredGuard;
}

/** A CRC-32C over bytes [begin, end) of a source, which hold the value, packed or not. */
export interface StoredGuard {
  readonly number: number;
  readonly begin: number;
  readonly end: number;
  readonly crc32c: number;
}

/** Reads a value whole. @param most bytes. @throws AppError `limit`. */
export async function readValue(store: ZarrStore, key: string, most: number): Promise<Uint8Array> {
  const { source, offset, byteLength } = await store.locate(key);
  if (byteLength > most) {
    throw new AppError('limit', `${key} is too long for what it should be`, {
      file: source.name,
      expected: `at most ${most} bytes`,
      found: `${byteLength} bytes`,
    });
  }
  return source.read(offset, byteLength);
}
