// HDF5 File Format Specification 4.0, III.E "Global Heap": values of variable length.
import type { Hdf5Blocks } from '#main/encodings/hdf5/blocks.ts';
import { AppError } from '#shared/errors.ts';

/** Objects of collections by address and number; collections are read once. */
export interface GlobalHeap {
  /** The object's bytes, a view; it may be longer than what refers to it. @throws AppError `corrupt` when it is not there. */
  object(address: number, index: number): Promise<Uint8Array>;
}

/** Heads and objects begin at multiples of this, in bytes, however short the file's lengths are. */
const ALIGNMENT = 8;
/** What precedes the length in either head, in bytes. */
const HEAD_BYTES = 8;
const OBJECT_HEAD_BYTES = 8;

const aligned = (byteLength: number): number => Math.ceil(byteLength / ALIGNMENT) * ALIGNMENT;

export function globalHeap(blocks: Hdf5Blocks): GlobalHeap {
  const collections = new Map<number, Promise<ReadonlyMap<number, Uint8Array>>>();
  return {
    object: async (address, index) => {
      const reading = collections.get(address) ?? readCollection(blocks, address);
      collections.set(address, reading);
      const bytes = (await reading).get(index);
      if (bytes) return bytes;
      throw new AppError('corrupt', 'a value is not in the heap that it should be in', {
        file: blocks.source.name,
        offset: blocks.base + address,
        expected: `object ${index}`,
      });
    },
  };
}

async function readCollection(blocks: Hdf5Blocks, address: number): Promise<ReadonlyMap<number, Uint8Array>> {
  const { lengthBytes } = blocks.widths;
  const head = await blocks.read(address, HEAD_BYTES + lengthBytes);
  head.signature('GCOL', 'global heap');
  head.skip(4);
  const length = head.length('the length of a global heap');
  const fields = await blocks.read(address, length, 'global heap');
  fields.seek(aligned(HEAD_BYTES + lengthBytes));
  const objects = new Map<number, Uint8Array>();
  const objectHeadBytes = aligned(OBJECT_HEAD_BYTES + lengthBytes);
  while (fields.remaining() >= objectHeadBytes) {
    const start = fields.position;
    const index = fields.u16();
    fields.skip(6);
    const size = fields.length('the length of a heap object');
    // object 0 is the free space at the end
    if (index === 0) break;
    fields.seek(start + objectHeadBytes);
    objects.set(index, fields.bytes(size));
    fields.skip(Math.min(fields.remaining(), aligned(size) - size));
  }
  return objects;
}
