import { ZSTD_WINDOW_BYTES } from '#main/bytes/limits.ts';
import { sourceCursor } from '#main/bytes/source-cursor.ts';
import { spanSource } from '#main/bytes/span-source.ts';
import type { ByteSource } from '#main/bytes/source.ts';
import { BLOCK_HEADER_BYTES, readBlockHeader } from '#main/encodings/zstd/block-header.ts';
import { CHECKSUM_BYTES, contentChecksum } from '#main/encodings/zstd/content-checksum.ts';
import { damaged, tooFarBack } from '#main/encodings/zstd/damaged.ts';
import { MOST_HEADER_BYTES, readFrameHeader, type ZstdFrame } from '#main/encodings/zstd/frame-header.ts';
import { frameUnpacker } from '#main/encodings/zstd/frame-unpacker.ts';
import { isAppError } from '#shared/errors.ts';

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

  async function* unpackFrame(frame: ZstdFrame): AsyncGenerator<Uint8Array> {
    const { windowBytes, contentBytes, hasChecksum } = frame;
    if (windowBytes > ZSTD_WINDOW_BYTES) throw tooFarBack(windowBytes);
    const { mostOfBlock, unpack, release } = frameUnpacker(frame, Infinity);
    const checksum = hasChecksum ? contentChecksum() : undefined;
    try {
      let total = 0;
      for (let isLast = false; !isLast;) {
        const head = (await cursor.take(BLOCK_HEADER_BYTES)).bytes(BLOCK_HEADER_BYTES);
        const header = readBlockHeader(head, 0, mostOfBlock);
        const content = (await cursor.take(header.stored)).bytes(header.stored);
        const part = unpack(header, content, mostOfBlock).slice();
        total += part.byteLength;
        checksum?.add(part);
        if (part.byteLength > 0) yield part;
        isLast = header.isLast;
      }
      if (contentBytes !== undefined && total !== contentBytes)
        throw damaged(`${total} bytes instead of ${contentBytes}`);
      checksum?.require((await cursor.take(CHECKSUM_BYTES)).bytes(CHECKSUM_BYTES));
    } finally {
      release();
    }
  }
}
