// Zstandard: RFC 8878. Dictionaries are not read.
import { BLOCK_HEADER_BYTES, readBlockHeader } from '#main/encodings/zstd/block-header.ts';
import { CHECKSUM_BYTES, contentChecksum } from '#main/encodings/zstd/content-checksum.ts';
import { damaged } from '#main/encodings/zstd/damaged.ts';
import { MOST_HEADER_BYTES, readFrameHeader, type ZstdFrame } from '#main/encodings/zstd/frame-header.ts';
import { frameUnpacker, type FrameUnpacker } from '#main/encodings/zstd/frame-unpacker.ts';
import { isAppError } from '#shared/errors.ts';

/** Where packed bytes are, for messages. */
export interface ZstdPlace {
  readonly file: string;
  readonly offset: number;
}

/**
 * Unpacks whole frames, one after the other, and holds each to its length and its checksum.
 * @param most bytes that may come out.
 * @throws AppError `corrupt` for damaged data and for more bytes than that, `unsupported`.
 */
export function unpackZstd(packed: Uint8Array, most: number, place: ZstdPlace): Uint8Array {
  try {
    const out: Output = { bytes: new Uint8Array(0), position: 0 };
    for (let at = 0; at < packed.byteLength;) {
      const frame = readFrameHeader(packed.subarray(at, at + MOST_HEADER_BYTES));
      at = frame.kind === 'skippable' ? at + frame.byteLength : unpackFrame(packed, at, frame, out, most);
      if (at > packed.byteLength) throw damaged('data that end too soon');
    }
    return out.bytes.byteLength === out.position ? out.bytes : out.bytes.slice(0, out.position);
  } catch (error) {
    throw isAppError(error) ? error.with(place) : error;
  }
}

/** What has come out so far, at the beginning of a buffer. */
interface Output {
  bytes: Uint8Array;
  position: number;
}

/** @returns where the frame ends. */
function unpackFrame(packed: Uint8Array, begin: number, frame: ZstdFrame, out: Output, most: number): number {
  const { headerBytes, contentBytes, hasChecksum } = frame;
  const start = out.position;
  if (contentBytes !== undefined) {
    if (start + contentBytes > most)
      throw damaged(`${start + contentBytes} bytes where at most ${most} should come out`);
    reserve(out, start + contentBytes);
  }
  const limit = contentBytes === undefined ? most : start + contentBytes;
  const unpacker = frameUnpacker(frame, limit - start);
  try {
    const end = unpackBlocks(packed, begin + headerBytes, unpacker, out, limit);
    const byteLength = out.position - start;
    if (contentBytes !== undefined && byteLength !== contentBytes)
      throw damaged(`${byteLength} bytes instead of ${contentBytes}`);
    if (!hasChecksum) return end;
    if (end + CHECKSUM_BYTES > packed.byteLength) throw damaged('data that end too soon');
    requireChecksum(out.bytes.subarray(start, out.position), packed.subarray(end));
    return end + CHECKSUM_BYTES;
  } finally {
    unpacker.release();
  }
}

/** @param limit of what has come out at the end. @returns where the last block ends. */
function unpackBlocks(
  packed: Uint8Array,
  begin: number,
  { mostOfBlock, unpack }: FrameUnpacker,
  out: Output,
  limit: number,
): number {
  for (let at = begin; ;) {
    if (at + BLOCK_HEADER_BYTES > packed.byteLength) throw damaged('data that end too soon');
    const header = readBlockHeader(packed, at, mostOfBlock);
    at += BLOCK_HEADER_BYTES;
    if (at + header.stored > packed.byteLength) throw damaged('data that end too soon');
    const part = unpack(header, packed.subarray(at, at + header.stored), limit - out.position);
    reserve(out, out.position + part.byteLength);
    out.bytes.set(part, out.position);
    out.position += part.byteLength;
    at += header.stored;
    if (header.isLast) return at;
  }
}

function requireChecksum(content: Uint8Array, stored: Uint8Array): void {
  const checksum = contentChecksum();
  checksum.add(content);
  checksum.require(stored);
}

/** Room for so many bytes in all; what is there grows by half at least, so that it is not copied too often. */
function reserve(out: Output, byteLength: number): void {
  if (byteLength <= out.bytes.byteLength) return;
  const isFirst = out.bytes.byteLength === 0;
  const bytes = new Uint8Array(
    isFirst ? byteLength : Math.max(byteLength, Math.floor(1.5 * out.bytes.byteLength)),
  );
  bytes.set(out.bytes.subarray(0, out.position));
  out.bytes = bytes;
}
