import { allocationBudget, HDF5_PAGE_BYTES, HDF5_PAGES } from '#main/bytes/limits.ts';
import { pagedSource } from '#main/bytes/paged-source.ts';
import type { ByteSource } from '#main/bytes/source.ts';
import { fieldsOver, type Fields, type FieldWidths } from '#main/encodings/hdf5/fields.ts';
import { lookup3 } from '#main/encodings/hdf5/lookup3.ts';
import { AppError } from '#shared/errors.ts';

/** A piece of metadata, for the byte map: bytes [begin, end) of the file. */
export interface Hdf5Region {
  readonly begin: number;
  readonly end: number;
  readonly label: string;
}

/** The metadata of one file, read by address. All addresses are bytes from the file's base. */
export interface Hdf5Blocks {
  /** The whole file, unpaged: for values. */
  readonly source: ByteSource;
  readonly widths: FieldWidths;
  /** Offset in the source of address 0. */
  readonly base: number;
  /** Bytes from an address to the end of the file. */
  remainingAt(address: number): number;
  /**
   * @param label what the bytes are, for the byte map; absent for a first look at something longer.
   * @throws AppError `corrupt` beyond the end of the file, `limit` when the file makes us read too much.
   */
  read(address: number, length: number, label?: string): Promise<Fields>;
  /** As `read` for a block that ends with its checksum, which is taken off. @throws AppError `corrupt` for another checksum. */
  readChecked(address: number, length: number, label: string): Promise<Fields>;
  /** Bytes that are in memory already, as fields. */
  fields(bytes: Uint8Array, address: number): Fields;
  /** What has been read so far. */
  readonly regions: readonly Hdf5Region[];
}

const CHECKSUM_BYTES = 4;
/** Regions that are noted for the byte map; a file with more of them shows the first ones. */
const MOST_REGIONS = 200_000;

export function hdf5Blocks(source: ByteSource, base: number, widths: FieldWidths): Hdf5Blocks {
  const pages = pagedSource(source, { pageBytes: HDF5_PAGE_BYTES, pages: HDF5_PAGES });
  const budget = allocationBudget(source.byteLength);
  const regions = new Map<number, Hdf5Region>();
  let spent = 0;

  async function readBytes(address: number, length: number, label: string | undefined): Promise<Uint8Array> {
    spent += length;
    if (spent > budget) {
      throw new AppError('limit', 'the file’s metadata refer to each other without end', {
        file: source.name,
        offset: base + address,
        expected: `at most ${budget} bytes of metadata`,
      });
    }
    const begin = base + address;
    const bytes = await pages.read(begin, length);
    if (label !== undefined && length > 0 && regions.size < MOST_REGIONS) {
      regions.set(begin, { begin, end: begin + length, label });
    }
    return bytes;
  }

  const fields = (bytes: Uint8Array, address: number): Fields =>
    fieldsOver(bytes, { widths, base: base + address, file: source.name });

  return {
    source,
    widths,
    base,
    remainingAt: (address) => Math.max(0, source.byteLength - base - address),
    read: async (address, length, label) => fields(await readBytes(address, length, label), address),
    readChecked: async (address, length, label) => {
      const bytes = await readBytes(address, length, label);
      const end = length - CHECKSUM_BYTES;
      const data = bytes.subarray(0, end);
      const stored = fields(bytes.subarray(end), address + end).u32();
      const found = lookup3(data);
      if (found === stored) return fields(data, address);
      throw new AppError('corrupt', `the checksum of the ${label} is wrong`, {
        file: source.name,
        offset: base + address,
        expected: `0x${stored.toString(16).padStart(8, '0')}`,
        found: `0x${found.toString(16).padStart(8, '0')}`,
      });
    },
    fields,
    get regions() {
      return [...regions.values()];
    },
  };
}
