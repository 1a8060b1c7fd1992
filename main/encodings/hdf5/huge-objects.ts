// HDF5 File Format Specification 4.0, III.G "Fractal Heap": objects too large for its blocks, each on its own in the file.
import { unpackChunk } from '#main/encodings/filters/filters.ts';
import { walkTree2 } from '#main/encodings/hdf5/b-tree-2.ts';
import type { Hdf5Blocks } from '#main/encodings/hdf5/blocks.ts';
import type { Fields } from '#main/encodings/hdf5/fields.ts';
import type { HeapHeader } from '#main/encodings/hdf5/heap-header.ts';
import { allocationBudget } from '#main/bytes/limits.ts';
import { AppError } from '#shared/errors.ts';

interface HugeObject {
  readonly address: number;
  /** Bytes as stored. */
  readonly storedLength: number;
  readonly filterMask: number;
  readonly length: number;
}

/** Types of the records that list huge objects by their number: as they are, and packed. */
const PLAIN_RECORD = 1;
const PACKED_RECORD = 2;

/** @returns what reads the object of an ID, whose first byte has been taken. */
export function hugeObjects(blocks: Hdf5Blocks, header: HeapHeader): (id: Fields) => Promise<Fields> {
  const { offsetBytes, lengthBytes } = blocks.widths;
  const placeBytes = offsetBytes + lengthBytes + (header.filters ? 4 + lengthBytes : 0);
  let listed: Promise<ReadonlyMap<number, HugeObject>> | undefined;

  function place(fields: Fields, isPacked: boolean): HugeObject {
    const address = fields.definedAddress('a huge heap object');
    const storedLength = fields.length('the length of a huge heap object');
    const filterMask = isPacked ? fields.u32() : 0;
    const length = isPacked ? fields.length('the length of a huge heap object') : storedLength;
    return { address, storedLength, filterMask, length };
  }

  async function list(): Promise<ReadonlyMap<number, HugeObject>> {
    const objects = new Map<number, HugeObject>();
    if (header.hugeTree === undefined) return objects;
    await walkTree2(blocks, header.hugeTree, [PLAIN_RECORD, PACKED_RECORD], (record, type) => {
      const object = place(record, type === PACKED_RECORD);
      objects.set(record.length('the number of a huge heap object'), object);
    });
    return objects;
  }

  async function read({ address, storedLength, filterMask, length }: HugeObject): Promise<Fields> {
    const stored = await blocks.read(address, storedLength, 'huge heap object');
    const filters = (header.filters ?? []).filter((_, at) => (filterMask & (1 << at)) === 0);
    const at = { file: blocks.source.name, offset: blocks.base + address };
    if (length > allocationBudget(blocks.source.byteLength)) {
      throw new AppError('limit', 'a huge heap object says it unpacks to more than we unpack', {
        ...at,
        found: `${length} bytes`,
      });
    }
    return blocks.fields(await unpackChunk(stored.bytes(storedLength), filters, length, at), address);
  }

  return async (id) => {
    if (placeBytes <= header.idBytes - 1) return read(place(id, header.filters !== undefined));
    listed ??= list();
    const key = id.sized(Math.min(header.idBytes - 1, lengthBytes), 'the number of a heap object');
    const found = (await listed).get(key);
    if (found) return read(found);
    throw new AppError('corrupt', 'a huge object is not in the list of its heap', {
      file: blocks.source.name,
      offset: blocks.base + header.address,
      expected: `object ${key}`,
    });
  };
}
