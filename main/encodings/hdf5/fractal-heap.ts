// HDF5 File Format Specification 4.0, III.G "Fractal Heap": links and attributes of newer groups, shared messages.
import type { Hdf5Blocks } from '#main/encodings/hdf5/blocks.ts';
import { bytesFor, type Fields } from '#main/encodings/hdf5/fields.ts';
import {
  blockAt,
  findDirectBlocks,
  readDirectBlock,
  type DirectBlock,
} from '#main/encodings/hdf5/heap-blocks.ts';
import { readHeapHeader } from '#main/encodings/hdf5/heap-header.ts';
import { hugeObjects } from '#main/encodings/hdf5/huge-objects.ts';
import { AppError } from '#shared/errors.ts';

export interface FractalHeap {
  /** Bytes of an ID of this heap. */
  readonly idBytes: number;
  /** The object of an ID, as fields. @throws AppError `corrupt` for an ID that leads nowhere. */
  object(id: Uint8Array): Promise<Fields>;
}

const MANAGED = 0;
const HUGE = 1;
const TINY = 2;
/** IDs longer than this give tiny objects a second byte for their length. */
const SHORT_TINY_ID_BYTES = 17;

export async function readFractalHeap(blocks: Hdf5Blocks, address: number): Promise<FractalHeap> {
  const header = await readHeapHeader(blocks, address);
  const direct = await findDirectBlocks(blocks, header);
  const contents = new Map<DirectBlock, Promise<Uint8Array>>();
  const offsetBytes = Math.ceil(header.offsetBits / 8);
  const lengthBytes = Math.min(bytesOfBits(header.mostDirectBytes), bytesFor(header.mostManaged));
  const huge = hugeObjects(blocks, header);

  const fault = (expected: string, found: string): AppError =>
    new AppError('corrupt', 'an object is not in the heap that it should be in', {
      file: blocks.source.name,
      offset: blocks.base + address,
      expected,
      found,
    });

  async function managed(id: Fields): Promise<Fields> {
    const offset = id.sized(offsetBytes, 'the place of a heap object');
    const length = id.sized(lengthBytes, 'the length of a heap object');
    const block = blockAt(direct, offset);
    if (!block || offset + length > block.begin + block.length) {
      throw fault('a place inside a block', `${length} bytes at ${offset}`);
    }
    const reading = contents.get(block) ?? readDirectBlock(blocks, header, block);
    contents.set(block, reading);
    const at = offset - block.begin;
    return blocks.fields((await reading).subarray(at, at + length), block.address + at);
  }

  async function tiny(first: number, id: Fields): Promise<Fields> {
    const isLong = header.idBytes > SHORT_TINY_ID_BYTES;
    const length = 1 + (isLong ? ((first & 0x0f) << 8) | id.u8() : first & 0x0f);
    return blocks.fields(id.bytes(length), address);
  }

  return {
    idBytes: header.idBytes,
    object: async (bytes) => {
      const id = blocks.fields(bytes, address);
      const first = id.u8();
      const type = (first >> 4) & 3;
      if (type === MANAGED) return managed(id);
      if (type === HUGE) return huge(id);
      if (type === TINY) return tiny(first, id);
      throw fault('a managed, huge or tiny object', `type ${type}`);
    },
  };
}

/** Bytes for a count up to a power of two, as the library counts them. */
function bytesOfBits(power: number): number {
  return Math.max(1, Math.ceil(Math.log2(power) / 8));
}
