// What manifests and nodes are wrapped in: google/tensorstore tensorstore/kvstore/ocdbt/index.rst, "Manifest header" and the like.
import { crc32c } from '#main/bytes/crc32c.ts';
import { OCDBT_NODE_BYTES } from '#main/bytes/limits.ts';
import { damaged } from '#main/encodings/ocdbt/damaged.ts';
import { fieldsOver, type Fields } from '#main/encodings/ocdbt/fields.ts';
import { unpackZstd } from '#main/encodings/zstd/zstd.ts';
import { AppError } from '#shared/errors.ts';

export const MANIFEST_MAGIC = 0x0cdb3a2a;
export const B_TREE_MAGIC = 0x0cdb20de;

const MAGIC_BYTES = 4;
const HEADER_BYTES = 12;
const CHECKSUM_BYTES = 4;

export interface Enveloped {
  readonly body: Fields;
  /** Of all bytes before it. */
  readonly crc32c: number;
}

/** Where the bytes are, for messages. */
export interface EnvelopePlace {
  readonly what: string;
  readonly file: string;
  readonly offset: number;
}

/**
 * Checks an envelope and unpacks what is in it.
 * @throws AppError `corrupt` for another magic number, length or checksum than there should be, `unsupported` for later versions.
 */
export function openEnvelope(
  bytes: Uint8Array,
  magic: number,
  { what, file, offset }: EnvelopePlace,
): Enveloped {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const fault = (message: string, found?: string): AppError =>
    damaged(`${what} ${message}`, file, offset, found);
  if (bytes.byteLength < HEADER_BYTES + 2 + CHECKSUM_BYTES)
    throw fault('is cut short', `${bytes.byteLength} bytes`);
  if (view.getUint32(0) !== magic)
    throw fault('does not begin as one', `0x${view.getUint32(0).toString(16)}`);
  const stated = view.getBigUint64(MAGIC_BYTES, true);
  if (stated !== BigInt(bytes.byteLength))
    throw fault(`should be ${stated} bytes long`, `${bytes.byteLength} bytes`);
  const end = bytes.byteLength - CHECKSUM_BYTES;
  const expected = view.getUint32(end, true);
  const found = crc32c(bytes.subarray(0, end));
  if (found !== expected) {
    throw new AppError('corrupt', `${what} misses its checksum`, {
      file,
      offset,
      expected: `0x${expected.toString(16).padStart(8, '0')}`,
      found: `0x${found.toString(16).padStart(8, '0')}`,
    });
  }
  const header = fieldsOver(bytes.subarray(HEADER_BYTES, end), { what, file, offset: offset + HEADER_BYTES });
  const version = header.count();
  const compression = header.count();
  if (version !== 0 || compression > 1) {
    throw new AppError('unsupported', `${what} is of a later version of the format`, {
      file,
      offset,
      expected: 'version 0, plain or packed with Zstandard',
      found: `version ${version}, compression ${compression}`,
    });
  }
  const stored = header.rest();
  const body = compression === 1 ? unpackZstd(stored, OCDBT_NODE_BYTES, { file, offset }) : stored;
  return { body: fieldsOver(body, { what, file, offset }), crc32c: expected };
}
