import { ZSTD_WINDOW_BYTES } from '#main/bytes/limits.ts';
import { MOST_BLOCK_BYTES, type BlockHeader } from '#main/encodings/zstd/block-header.ts';
import { damaged, tooFarBack } from '#main/encodings/zstd/damaged.ts';
import type { ZstdFrame } from '#main/encodings/zstd/frame-header.ts';
import { frameSpace } from '#main/encodings/zstd/frame-space.ts';
import { readLiterals } from '#main/encodings/zstd/literals.ts';
import { takeSequences, type SequenceTables } from '#main/encodings/zstd/sequences.ts';

/** Unpacks the blocks of one frame in turn (RFC 8878, section 3.1.1.5), in the memory of its window. */
export interface FrameUnpacker {
  /** No block of the frame has more bytes than this, stored or unpacked. */
  readonly mostOfBlock: number;
  /**
   * @param content of the block, exactly.
   * @param room bytes that may come out at most.
   * @returns a view that holds until the next block.
   * @throws AppError `corrupt`; `limit` for a copy from further back than is held.
   */
  unpack(header: BlockHeader, content: Uint8Array, room: number): Uint8Array;
  /** Gives the memory back. */
  release(): void;
}

/** Blocks that fit behind the window before it is moved to the front. */
const BLOCKS_BEHIND = 8;

/** @param most bytes that the frame may give at all. */
export function frameUnpacker({ windowBytes }: ZstdFrame, most: number): FrameUnpacker {
  const mostOfBlock = Math.min(windowBytes, MOST_BLOCK_BYTES);
  const held = Math.min(windowBytes, ZSTD_WINDOW_BYTES);
  const capacity = Math.min(held + BLOCKS_BEHIND * mostOfBlock, most);
  const space = frameSpace(capacity);
  const { bytes, content: contentAt, out: start } = space;
  const end = start + capacity;
  const tables: SequenceTables = { literalLengths: undefined, offsets: undefined, matchLengths: undefined };
  new Uint32Array(bytes.buffer, space.record).set([1, 4, 8]);
  let longest: number | undefined;
  let position = start;
  /** Whether bytes that a copy may take are held no more. */
  let isCut = false;

  function unpackCompressed(content: Uint8Array, limit: number): void {
    bytes.set(content, contentAt);
    const literals = readLiterals(content, space, longest, mostOfBlock);
    longest = literals.longest;
    const beforeStart = isCut ? tooFarBack(windowBytes) : undefined;
    const target = { position, start, limit, beforeStart };
    const { position: at, literals: next } = takeSequences(content, literals, space, tables, target);
    const rest = literals.at + literals.byteLength - next;
    if (at + rest > limit) throw damaged('more bytes than were promised');
    bytes.copyWithin(at, next, next + rest);
    position = at + rest;
  }

  return {
    mostOfBlock,
    unpack: ({ kind, unpacked }, content, room) => {
      if (position + mostOfBlock > end && position - start > held) {
        bytes.copyWithin(start, position - held, position);
        position = start + held;
        isCut = held < windowBytes;
      }
      const begin = position;
      const limit = Math.min(end, position + Math.min(room, mostOfBlock));
      if (kind === 'compressed') unpackCompressed(content, limit);
      else {
        if (position + unpacked! > limit) throw damaged('more bytes than were promised');
        if (kind === 'raw') bytes.set(content, position);
        else bytes.fill(content[0]!, position, position + unpacked!);
        position += unpacked!;
      }
      return bytes.subarray(begin, position);
    },
    release: space.release,
  };
}
