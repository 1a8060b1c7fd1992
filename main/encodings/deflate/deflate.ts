// Files that are one deflate stream in a wrapper: zlib (RFC 1950) and gzip (RFC 1952).
import { inflateRawSync, constants } from 'node:zlib';

import { inflatedByteLength, inflatedSource } from '#main/bytes/inflated-source.ts';
import { unpackedBytesLimit } from '#main/bytes/limits.ts';
import type { ByteSource } from '#main/bytes/source.ts';
import { AppError } from '#shared/errors.ts';

/** A wrapper whose header has been recognised. */
export interface DeflateWrapper {
  readonly kind: 'zlib' | 'gzip';
  /** Bytes of the file before the deflate stream. */
  readonly headerBytes: number;
  /** And behind it. */
  readonly trailerBytes: number;
}

export interface UnpackedFile {
  /** What the file unpacks to; closing it leaves the file open. */
  readonly source: ByteSource;
  /** Over all of it. */
  readonly checksum: { readonly algorithm: 'adler32' | 'crc32'; readonly expected: number };
}

/** Deflate with a window of up to 32 KiB. */
const ZLIB_METHOD = 0x08;
const GZIP_FIXED_BYTES = 10;
const [TEXT_FLAG, CRC_FLAG, EXTRA_FLAG, NAME_FLAG, COMMENT_FLAG] = [1, 2, 4, 8, 16] as const;

/** @param head the first bytes of the file. @returns undefined for a file that is neither, or whose header goes on beyond the head. */
export function deflateWrapper(head: Uint8Array): DeflateWrapper | undefined {
  if (head[0] === 0x1f && head[1] === 0x8b && head[2] === ZLIB_METHOD) {
    const headerBytes = gzipHeaderBytes(head);
    return headerBytes === undefined ? undefined : { kind: 'gzip', headerBytes, trailerBytes: 8 };
  }
  const [first = 0, second = 0] = head;
  const isZlib = first >> 4 <= 7 && (first & 0x0f) === ZLIB_METHOD && (first * 256 + second) % 31 === 0;
  // a dictionary that is agreed upon elsewhere is not for files
  return isZlib && (second & 0x20) === 0 ? { kind: 'zlib', headerBytes: 2, trailerBytes: 4 } : undefined;
}

function gzipHeaderBytes(head: Uint8Array): number | undefined {
  const flags = head[3]!;
  if (flags > TEXT_FLAG + CRC_FLAG + EXTRA_FLAG + NAME_FLAG + COMMENT_FLAG) return undefined;
  let at = GZIP_FIXED_BYTES;
  if (flags & EXTRA_FLAG) at += 2 + (head[at] ?? 0) + 256 * (head[at + 1] ?? 0);
  for (const flag of [NAME_FLAG, COMMENT_FLAG]) {
    if (flags & flag) at = head.indexOf(0, at) + 1 || Infinity;
  }
  if (flags & CRC_FLAG) at += 2;
  return at <= head.byteLength ? at : undefined;
}

/** The first bytes that the head of a file unpacks to; none where it is damaged. */
export function unpackedHead(head: Uint8Array, { headerBytes }: DeflateWrapper): Uint8Array {
  try {
    const packed = head.subarray(headerBytes);
    return inflateRawSync(packed, { finishFlush: constants.Z_SYNC_FLUSH, maxOutputLength: 2 ** 21 });
  } catch {
    return new Uint8Array(0);
  }
}

/**
 * Unpacks the file once to find its length, keeping nothing.
 * @throws AppError `corrupt`, `limit`, and `unsupported` for several streams one after the other.
 */
export async function unpackFile(file: ByteSource, wrapper: DeflateWrapper): Promise<UnpackedFile> {
  const { headerBytes, trailerBytes, kind } = wrapper;
  const packedBytes = file.byteLength - headerBytes - trailerBytes;
  if (packedBytes < 0) {
    throw new AppError('corrupt', `the ${kind} file is cut short`, {
      file: file.name,
      offset: file.byteLength,
    });
  }
  const byteLength = await inflatedByteLength(
    file,
    headerBytes,
    packedBytes,
    unpackedBytesLimit(file.byteLength),
  );
  const trailer = await file.read(file.byteLength - trailerBytes, trailerBytes);
  const view = new DataView(trailer.buffer, trailer.byteOffset, trailer.byteLength);
  if (kind === 'gzip' && view.getUint32(4, true) !== byteLength % 2 ** 32) {
    throw new AppError('unsupported', 'the gzip file has several parts, or its end is damaged', {
      file: file.name,
      offset: file.byteLength - 4,
      expected: `a length of ${byteLength % 2 ** 32}`,
      found: String(view.getUint32(4, true)),
      hint: 'unpack it with gzip and open what is inside',
    });
  }
  return {
    source: inflatedSource(file, headerBytes, packedBytes, byteLength),
    checksum:
      kind === 'gzip'
        ? { algorithm: 'crc32', expected: view.getUint32(0, true) }
        : { algorithm: 'adler32', expected: view.getUint32(0, false) },
  };
}
