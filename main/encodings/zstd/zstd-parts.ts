import { ZSTD_WINDOW_BYTES } from '#main/bytes/limits.ts';
import { sourceCursor } from '#main/bytes/source-cursor.ts';
import { spanSource } from '#main/bytes/span-source.ts';
import type { ByteSource } from '#main/bytes/source.ts';
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
import { storedChecksum } from '#main/encodings/zstd/zstd.ts';
import { xxhash64 } from '#main/encodings/zstd/xxhash64.ts';
import { AppError, isAppError } from '#shared/errors.ts';

/** Blocks that fit behind the window before it is moved to the front. */
const BLOCKS_BEHIND = 8;
const CHECKSUM_BYTES = 4;

type ZstdFrame = Extract<Frame, { kind: 'zstd' }>;

/**
 * Unpacks the frames at [offset, offset + byteLength) of a source part by part, in the memory of one window.
 * @throws AppError `corrupt`, `unsupported`, and `limit` for a window larger than is held.
 */
export async function* unpackZstdParts(
  source: ByteSource,
  offset: number,
  byteLength: number,
): AsyncGenerator<Uint8Array, void, undefined> {
  const packed = spanSource(source, offset, byteLength);
  const cursor = sourceCursor(packed);
  try {
    while (cursor.remaining() > 0) {
      const head = await packed.read(cursor.position(), Math.min(MOST_HEADER_BYTES, cursor.remaining()));
      const frame = readFrameHeader(head);
      if (frame.kind === 'skippable') cursor.skip(frame.byteLength);
      else {
        cursor.skip(frame.headerBytes);
        yield* unpackFrame(frame);
      }
    }
  } catch (error) {
    throw isAppError(error) ? error.with({ file: source.name, offset }) : error;
  }

  async function* unpackFrame({
    windowBytes,
    contentBytes,
    hasChecksum,
  }: ZstdFrame): AsyncGenerator<Uint8Array> {
    if (windowBytes > ZSTD_WINDOW_BYTES) {
      throw new AppError('limit', 'the Zstandard data reach further back than is held', {
        expected: `at most ${ZSTD_WINDOW_BYTES} bytes`,
        found: `${windowBytes} bytes`,
      });
    }
    const most = Math.min(windowBytes, MOST_BLOCK_BYTES);
    const out: Output = { bytes: new Uint8Array(windowBytes + BLOCKS_BEHIND * most), position: 0, start: 0 };
    const state = newFrameState();
    const hash = hasChecksum ? xxhash64() : undefined;
    let total = 0;
    for (let isLast = false; !isLast;) {
      if (out.position + most > out.bytes.byteLength) {
        out.bytes.copyWithin(0, out.position - windowBytes, out.position);
        out.position = windowBytes;
      }
      const header = readBlockHeader(
        (await cursor.take(BLOCK_HEADER_BYTES)).bytes(BLOCK_HEADER_BYTES),
        0,
        most,
      );
      const content = (await cursor.take(header.stored)).bytes(header.stored);
      const begin = out.position;
      unpackBlock(header, content, state, out, most);
      const part = out.bytes.slice(begin, out.position);
      total += part.byteLength;
      hash?.update(part);
      if (part.byteLength > 0) yield part;
      isLast = header.isLast;
    }
    if (contentBytes !== undefined && total !== contentBytes)
      throw damaged(`${total} bytes instead of ${contentBytes}`);
    if (!hash) return;
    const stored = (await cursor.take(CHECKSUM_BYTES)).bytes(CHECKSUM_BYTES);
    if (hash.low() !== storedChecksum(stored)) throw damaged('a content that misses its checksum');
  }
}
