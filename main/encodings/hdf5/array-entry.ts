import type { Fields, FieldWidths } from '#main/encodings/hdf5/fields.ts';
import { AppError } from '#shared/errors.ts';

/** What a fixed or extensible array says about one chunk. */
export interface ArrayEntry {
  readonly address: number;
  /** Bytes as stored. */
  readonly byteLength: number;
  /** A bit for each step of the pipeline that was left out. */
  readonly filterMask: number;
}

/** Reads entries of an array of chunks: addresses alone, or with length and mask where chunks are packed. */
export interface EntryReader {
  readonly entryBytes: number;
  /** Takes the next entry; undefined for a chunk that has not been written. */
  next(fields: Fields): ArrayEntry | undefined;
}

const PACKED_CLIENT = 1;

/**
 * @param client 0 for plain chunks, 1 for packed ones.
 * @param chunkBytes of a chunk that is not packed.
 * @throws AppError `corrupt` for a width that no such entry has.
 */
export function entryReader(
  client: number,
  entryBytes: number,
  widths: FieldWidths,
  chunkBytes: number,
  offset: number,
): EntryReader {
  const isPacked = client === PACKED_CLIENT;
  const lengthBytes = entryBytes - widths.offsetBytes - 4;
  const isSound = isPacked ? lengthBytes >= 1 && lengthBytes <= 8 : entryBytes === widths.offsetBytes;
  if (client > PACKED_CLIENT || !isSound) {
    throw new AppError('corrupt', 'an array of chunks makes no sense', {
      offset,
      expected: 'entries of an address, or of address, length and mask',
      found: `kind ${client}, ${entryBytes} bytes`,
    });
  }
  return {
    entryBytes,
    next: (fields) => {
      const address = fields.address('a chunk');
      const byteLength = isPacked ? fields.sized(lengthBytes, 'the length of a chunk') : chunkBytes;
      const filterMask = isPacked ? fields.u32() : 0;
      return address === undefined ? undefined : { address, byteLength, filterMask };
    },
  };
}
