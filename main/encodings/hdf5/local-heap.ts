// HDF5 File Format Specification 4.0, III.D "Local Heaps": the names of old-style groups.
import type { Hdf5Blocks } from '#main/encodings/hdf5/blocks.ts';
import { AppError } from '#shared/errors.ts';

export interface LocalHeap {
  /** The text at an offset, up to its NUL. @throws AppError `corrupt` for an offset outside. */
  text(offset: number): string;
}

export async function readLocalHeap(blocks: Hdf5Blocks, address: number): Promise<LocalHeap> {
  const { offsetBytes, lengthBytes } = blocks.widths;
  const fields = await blocks.read(address, 8 + 2 * lengthBytes + offsetBytes, 'local heap');
  fields.signature('HEAP', 'local heap');
  fields.skip(4);
  const length = fields.length('the length of a local heap');
  fields.lengthOrAll('the free list of a local heap');
  const dataAddress = fields.definedAddress('the data of a local heap');
  const data = await blocks.read(dataAddress, length, 'local heap');
  const bytes = data.bytes(length);
  return {
    text: (offset) => {
      const end = offset < bytes.byteLength ? bytes.indexOf(0, offset) : -1;
      if (end >= 0) return Buffer.from(bytes.subarray(offset, end)).toString('utf8');
      throw new AppError('corrupt', 'a name is not in the heap that it should be in', {
        file: blocks.source.name,
        offset: blocks.base + dataAddress,
        expected: `an offset below ${bytes.byteLength}, before a NUL`,
        found: `${offset}`,
      });
    },
  };
}
