// Zstandard: RFC 8878. Dictionaries are not read.
import {
  BLOCK_HEADER_BYTES,
  MOST_BLOCK_BYTES,
  newFrameState,
  readBlockHeader,
  unpackBlock,
  type Output,
} from '#main/encodings/zstd/block.ts';
import { damaged } from '#main/encodings/zstd/damaged.ts';
import { MOST_HEADER_BYTES, readFrameHeader, type Frame } from '#main/encodings/zstd/frame-header.ts';
import { xxhash64 } from '#main/encodings/zstd/xxhash64.ts';
import { isAppError } from '#shared/errors.ts';

const CHECKSUM_BYTES = 4;

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
    const out: Output = { bytes: new Uint8Array(0), position: 0, start: 0 };
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

/** @returns where the frame ends. */
function unpackFrame(
  packed: Uint8Array,
  begin: number,
  { headerBytes, windowBytes, contentBytes, hasChecksum }: Extract<Frame, { kind: 'zstd' }>,
  out: Output,
  most: number,
): number {
  const start = out.position;
  const mostOfBlock = Math.min(windowBytes, MOST_BLOCK_BYTES);
  out.start = start;
  if (contentBytes !== undefined) {
    if (start + contentBytes > most)
      throw damaged(`${start + contentBytes} bytes where at most ${most} should come out`);
    reserve(out, start + contentBytes);
  }
  const state = newFrameState();
  let at = begin + headerBytes;
  for (let isLast = false; !isLast;) {
    if (at + BLOCK_HEADER_BYTES > packed.byteLength) throw damaged('data that end too soon');
    const header = readBlockHeader(packed, at, mostOfBlock);
    at += BLOCK_HEADER_BYTES;
    if (at + header.stored > packed.byteLength) throw damaged('data that end too soon');
    if (contentBytes === undefined)
      reserve(out, Math.min(most, out.position + (header.unpacked ?? mostOfBlock)));
    unpackBlock(header, packed.subarray(at, at + header.stored), state, out, mostOfBlock);
    if (out.position > most) throw damaged(`more than ${most} bytes`);
    at += header.stored;
    isLast = header.isLast;
  }
  const byteLength = out.position - start;
  if (contentBytes !== undefined && byteLength !== contentBytes)
    throw damaged(`${byteLength} bytes instead of ${contentBytes}`);
  if (!hasChecksum) return at;
  if (at + CHECKSUM_BYTES > packed.byteLength) throw damaged('data that end too soon');
  const hash = xxhash64();
  hash.update(out.bytes.subarray(start, out.position));
  if (hash.low() !== storedChecksum(packed.subarray(at))) throw damaged('a content that misses its checksum');
  return at + CHECKSUM_BYTES;
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

/** The lower half of the content's XXH64, little-endian. */
export function storedChecksum([a = 0, b = 0, c = 0, d = 0]: Uint8Array): number {
  return (a | (b << 8) | (c << 16) | (d << 24)) >>> 0;
}
