// Files of deflate streams in wrappers: one in zlib's (RFC 1950), or any number of them in gzip's (RFC 1952), one after the other.
import { inflateRawSync, constants } from 'node:zlib';

import { inflatedSource, measureInflated } from '#main/bytes/inflated-source.ts';
import { joinedSource } from '#main/bytes/joined-source.ts';
import { GZIP_HEADER_BYTES, GZIP_MEMBERS, unpackedBytesLimit } from '#main/bytes/limits.ts';
import type { ByteSource } from '#main/bytes/source.ts';
import type { PartChecksum, UnpackedFile } from '#main/encodings/packed-file/packed-file.ts';
import { AppError } from '#shared/errors.ts';

/** A wrapper whose header has been recognised. */
export interface DeflateWrapper {
  readonly kind: 'zlib' | 'gzip';
  /** Bytes before the deflate stream. */
  readonly headerBytes: number;
  /** And behind it. */
  readonly trailerBytes: number;
}

/** A wrapped stream and what it unpacks to. */
interface Member {
  readonly source: ByteSource;
  readonly expected: number;
  /** Of its wrapper, in bytes of the file. */
  readonly end: number;
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
export function inflatedHead(head: Uint8Array, { headerBytes }: DeflateWrapper): Uint8Array {
  try {
    const packed = head.subarray(headerBytes);
    return inflateRawSync(packed, { finishFlush: constants.Z_SYNC_FLUSH, maxOutputLength: 2 ** 21 });
  } catch {
    return new Uint8Array(0);
  }
}

/**
 * Unpacks the file once to find the streams in it and their lengths, keeping nothing.
 * @throws AppError `corrupt` for damaged streams and for what follows them, `limit`.
 */
export async function openDeflated(file: ByteSource, first: DeflateWrapper): Promise<UnpackedFile> {
  const parts: ByteSource[] = [];
  const checksums: PartChecksum[] = [];
  const algorithm = first.kind === 'gzip' ? 'crc32' : 'adler32';
  let left = unpackedBytesLimit(file.byteLength);
  let begin = 0;
  for (let at = 0, wrapper: DeflateWrapper | undefined = first; wrapper;) {
    const { source, expected, end } = await readMember(file, at, wrapper, left);
    const { byteLength } = source;
    parts.push(source);
    checksums.push({ algorithm, expected, begin, end: begin + byteLength });
    begin += byteLength;
    left -= byteLength;
    at = end;
    wrapper = await wrapperAt(file, at, first.kind);
    if (parts.length === GZIP_MEMBERS && wrapper) throw tooMany(file.name, at);
  }
  return { source: parts.length === 1 ? parts[0]! : joinedSource(parts, file.name), checksums };
}

/** @param most bytes that it may unpack to. */
async function readMember(
  file: ByteSource,
  begin: number,
  { kind, headerBytes, trailerBytes }: DeflateWrapper,
  most: number,
): Promise<Member> {
  const offset = begin + headerBytes;
  const room = file.byteLength - trailerBytes - offset;
  if (room < 0) throw cutShort(file, kind);
  const { byteLength, compressedByteLength } = await measureInflated(file, offset, room, most);
  const trailer = await file.read(offset + compressedByteLength, trailerBytes);
  const view = new DataView(trailer.buffer, trailer.byteOffset, trailer.byteLength);
  if (kind === 'gzip' && view.getUint32(4, true) !== byteLength % 2 ** 32) {
    throw new AppError('corrupt', 'the gzip file does not unpack to the length that it promises', {
      file: file.name,
      offset: offset + compressedByteLength + 4,
      expected: `${view.getUint32(4, true)} bytes`,
      found: `${byteLength} bytes`,
    });
  }
  return {
    source: inflatedSource(file, offset, compressedByteLength, byteLength),
    expected: view.getUint32(0, kind === 'gzip'),
    end: offset + compressedByteLength + trailerBytes,
  };
}

/** The wrapper of the next stream; undefined where the file ends, or goes on with zeros, which fill up blocks of a tape. */
async function wrapperAt(
  file: ByteSource,
  at: number,
  kind: DeflateWrapper['kind'],
): Promise<DeflateWrapper | undefined> {
  if (at === file.byteLength) return undefined;
  const head = await file.read(at, Math.min(GZIP_HEADER_BYTES, file.byteLength - at));
  const wrapper = kind === 'gzip' ? deflateWrapper(head) : undefined;
  if (wrapper?.kind === kind) return wrapper;
  if (kind === 'gzip' && head.every((byte) => byte === 0)) return undefined;
  throw new AppError('corrupt', `bytes follow the end of the ${kind} file that are no part of it`, {
    file: file.name,
    offset: at,
    expected: kind === 'gzip' ? 'the end of the file, or another gzip header' : 'the end of the file',
    found: `${file.byteLength - at} bytes`,
    hint: 'fetch or save the file again; or cut those bytes off',
  });
}

function cutShort(file: ByteSource, kind: DeflateWrapper['kind']): AppError {
  return new AppError('corrupt', `the ${kind} file is cut short`, {
    file: file.name,
    offset: file.byteLength,
  });
}

function tooMany(file: string, offset: number): AppError {
  return new AppError('limit', 'the gzip file has more parts than we read', {
    file,
    offset,
    expected: `at most ${GZIP_MEMBERS}`,
    hint: 'unpack it with gzip and open what is inside',
  });
}
