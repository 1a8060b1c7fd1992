import { cursorOver, type Cursor } from '#main/bytes/cursor.ts';
import { AppError } from '#shared/errors.ts';

/** The widths that a file's superblock sets. */
export interface FieldWidths {
  /** Bytes of an address. */
  readonly offsetBytes: number;
  /** Bytes of a length. */
  readonly lengthBytes: number;
}

/** A cursor over HDF5 metadata, which are little-endian throughout. */
export interface Fields extends Cursor {
  /** An address; undefined for "the undefined address", all bits set. @throws AppError `corrupt` beyond 2^53 - 1. */
  address(what: string): number | undefined;
  /** An address that must be one. @throws AppError `corrupt`. */
  definedAddress(what: string): number;
  /** A length or count. @throws AppError `corrupt` beyond 2^53 - 1. */
  length(what: string): number;
  /** As `length`, undefined for all bits set: "unlimited" or "not there". */
  lengthOrAll(what: string): number | undefined;
  /** An unsigned number of 1 to 8 bytes. @throws AppError `corrupt` beyond 2^53 - 1. */
  sized(byteCount: number, what: string): number;
  /** The next bytes as fields of their own. */
  inside(byteCount: number): Fields;
  /** Moves on to a position, which may not lie behind. */
  seek(position: number): void;
  /** @throws AppError `corrupt` where the next bytes are not this signature. */
  signature(text: string, what: string): void;
}

export interface FieldOptions {
  readonly widths: FieldWidths;
  /** Offset of the bytes in the file. */
  readonly base: number;
  readonly file: string;
}

export function fieldsOver(bytes: Uint8Array, { widths, base, file }: FieldOptions): Fields {
  const cursor = cursorOver(bytes, { base, file });

  const beyond = (position: number, what: string, found: string): AppError =>
    new AppError('corrupt', `${what} is beyond any file`, { file, offset: base + position, found });

  function orAll(byteCount: number, what: string): number | undefined {
    const start = cursor.position;
    const field = cursor.bytes(byteCount);
    if (field.every((byte) => byte === 0xff)) return undefined;
    let value = 0;
    for (let at = byteCount - 1; at >= 0; at--) value = value * 256 + field[at]!;
    if (!Number.isSafeInteger(value)) throw beyond(start, what, `a number of ${byteCount} bytes`);
    return value;
  }

  function sized(byteCount: number, what: string): number {
    const start = cursor.position;
    const value = orAll(byteCount, what);
    if (value !== undefined) return value;
    if (byteCount > 6) throw beyond(start, what, 'all bits set');
    return 256 ** byteCount - 1;
  }

  const fields: Fields = Object.assign(cursor, {
    address: (what: string) => orAll(widths.offsetBytes, what),
    definedAddress: (what: string) => {
      const start = cursor.position;
      const address = orAll(widths.offsetBytes, what);
      if (address !== undefined) return address;
      throw new AppError('corrupt', `${what} is not there`, {
        file,
        offset: base + start,
        expected: 'an address',
      });
    },
    length: (what: string) => sized(widths.lengthBytes, what),
    lengthOrAll: (what: string) => orAll(widths.lengthBytes, what),
    sized,
    inside: (byteCount: number) => {
      const start = base + cursor.position;
      return fieldsOver(cursor.bytes(byteCount), { widths, base: start, file });
    },
    seek: (position: number) => cursor.skip(position - cursor.position),
    signature: (text: string, what: string) => {
      const start = cursor.position;
      const found = Buffer.from(cursor.bytes(text.length)).toString('latin1');
      if (found === text) return;
      throw new AppError('corrupt', `there is no ${what} where one should be`, {
        file,
        offset: base + start,
        expected: JSON.stringify(text),
        found: JSON.stringify(found),
      });
    },
  });
  return fields;
}

/** Bytes that hold every number up to `limit`. */
export function bytesFor(limit: number): number {
  let bytes = 1;
  for (let rest = Math.floor(limit / 256); rest > 0; rest = Math.floor(rest / 256)) bytes++;
  return bytes;
}
