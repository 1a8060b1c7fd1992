// HDF5 File Format Specification 4.0, II.A "Format Signature and Superblock", versions 0 to 3.
import { HDF5_USER_BLOCK_BYTES } from '#main/bytes/limits.ts';
import type { ByteSource } from '#main/bytes/source.ts';
import { fieldsOver, type Fields, type FieldWidths } from '#main/encodings/hdf5/fields.ts';
import { lookup3 } from '#main/encodings/hdf5/lookup3.ts';
import { AppError } from '#shared/errors.ts';

export interface Superblock {
  readonly version: number;
  readonly widths: FieldWidths;
  /** Offset of address 0 in the source: where the superblock is, whatever it says itself. */
  readonly base: number;
  /** Bytes that the superblock takes. */
  readonly byteLength: number;
  /** Offset in the source where the writer had the end of the file. */
  readonly endOfFile: number | undefined;
  readonly rootHeader: number;
  /** Object header with further settings (versions 2 and 3). */
  readonly extension: number | undefined;
  /** Of a block that says how several files make one (versions 0 and 1). */
  readonly driverBlock: number | undefined;
}

const SIGNATURE = '\x89HDF\r\n\x1a\n';
const FIRST_USER_BLOCK = 512;
/** The longest superblock: version 1 with 8-byte fields. */
const MOST_BYTES = 100;

const begins =
  (...magic: readonly number[]) =>
  (head: Uint8Array): boolean =>
    magic.every((byte, at) => head[at] === byte);

/** What a user block hardly begins with: other formats, whose files need not be searched for a signature further in. */
const OTHER_BEGINNINGS: readonly ((head: Uint8Array) => boolean)[] = [
  begins(0x50, 0x4b), // zip
  begins(0x93, 0x4e, 0x55, 0x4d), // NumPy
  begins(0x12, 0x01, 0, 0, 0, 0, 0, 0), // MXNet
  begins(0x47, 0x47, 0x55, 0x46), // GGUF
  begins(0x80), // pickle
  begins(0x7b), // JSON
  (head) => head[6] === 0 && head[7] === 0 && head[8] === 0x7b, // safetensors
];

/**
 * Looks for the signature at 0, 512, 1024, 2048, … and reads what follows.
 * @returns undefined where there is none.
 * @throws AppError `corrupt` for a superblock that makes no sense, `unsupported` for a version that is not known.
 */
export async function readSuperblock(source: ByteSource, head: Uint8Array): Promise<Superblock | undefined> {
  for (let at = 0; at <= HDF5_USER_BLOCK_BYTES; at = at === 0 ? FIRST_USER_BLOCK : at * 2) {
    if (at + SIGNATURE.length > source.byteLength) return undefined;
    const isInHead = at + SIGNATURE.length <= head.byteLength;
    if (!isInHead && OTHER_BEGINNINGS.some((begins) => begins(head))) return undefined;
    const bytes = isInHead
      ? head.subarray(at, at + SIGNATURE.length)
      : await source.read(at, SIGNATURE.length);
    if (Buffer.from(bytes).toString('latin1') !== SIGNATURE) continue;
    return parse(await source.read(at, Math.min(MOST_BYTES, source.byteLength - at)), at, source.name);
  }
  return undefined;
}

function parse(bytes: Uint8Array, base: number, file: string): Superblock {
  const version = bytes[SIGNATURE.length];
  if (version === undefined || version > 3) {
    throw new AppError('unsupported', `HDF5 superblocks of version ${version ?? 'none'} are not known`, {
      file,
      offset: base + SIGNATURE.length,
      expected: 'version 0 to 3',
      found: String(version),
    });
  }
  const at = SIGNATURE.length + (version < 2 ? 5 : 1);
  const widths = { offsetBytes: bytes[at] ?? 0, lengthBytes: bytes[at + 1] ?? 0 };
  if (![2, 4, 8].includes(widths.offsetBytes) || ![2, 4, 8].includes(widths.lengthBytes)) {
    throw new AppError('unsupported', 'addresses and lengths of this width are not read', {
      file,
      offset: base + at,
      expected: '2, 4 or 8 bytes',
      found: `${widths.offsetBytes} and ${widths.lengthBytes}`,
    });
  }
  const fields = fieldsOver(bytes, { widths, base, file });
  fields.skip(at + 2);
  return version < 2
    ? parseOld(fields, version, widths, base)
    : parseNew(fields, bytes, version, widths, base, file);
}

function parseOld(fields: Fields, version: number, widths: FieldWidths, base: number): Superblock {
  // a reserved byte, the sizes of B-tree nodes, consistency flags
  fields.skip(1 + 2 + 2 + 4 + (version === 1 ? 4 : 0));
  const statedBase = fields.address('the base address');
  fields.address('the address of the free space');
  const endOfFile = moved(fields.address('the end of the file'), statedBase, base);
  const driverBlock = fields.address('the address of the driver block');
  fields.length('the name of the root group');
  const rootHeader = fields.definedAddress('the root group');
  // the kind of what is cached in the entry, and 16 bytes for that
  const byteLength = fields.position + 4 + 4 + 16;
  return { version, widths, base, byteLength, endOfFile, rootHeader, extension: undefined, driverBlock };
}

/** The end counts from the file's begin as it was when the base was stated. */
function moved(end: number | undefined, statedBase: number | undefined, base: number): number | undefined {
  return end === undefined ? undefined : end - (statedBase ?? 0) + base;
}

function parseNew(
  fields: Fields,
  bytes: Uint8Array,
  version: number,
  widths: FieldWidths,
  base: number,
  file: string,
): Superblock {
  // consistency flags
  fields.skip(1);
  const statedBase = fields.address('the base address');
  const extension = fields.address('the address of the superblock extension');
  const endOfFile = moved(fields.address('the end of the file'), statedBase, base);
  const rootHeader = fields.definedAddress('the root group');
  const end = fields.position;
  const stored = fields.u32();
  const found = lookup3(bytes.subarray(0, end));
  if (found !== stored) {
    throw new AppError('corrupt', 'the checksum of the superblock is wrong', {
      file,
      offset: base,
      expected: `0x${stored.toString(16).padStart(8, '0')}`,
      found: `0x${found.toString(16).padStart(8, '0')}`,
    });
  }
  return {
    version,
    widths,
    base,
    byteLength: end + 4,
    endOfFile,
    rootHeader,
    extension,
    driverBlock: undefined,
  };
}
