/**
 * Writes ZIP archives (PKWARE APPNOTE 6.3.10) of stored entries whose byte lengths are known beforehand.
 *
 * The layout depends on names and byte lengths alone, so that everything has its place before the first byte is written:
 *
 *     const layout = layOutZip([{ name: 'w.npy', byteLength: 208 }, …]);
 *     for (const entry of layout.entries) {
 *       write zipHeaderFor(entry, crc)    at entry.headerOffset
 *       write the entry's data            at entry.dataOffset, entry.byteLength bytes
 *     }
 *     write zipDirectoryFor(layout, crcs) at layout.directoryOffset
 *
 * Parts follow each other without gaps, and the file is `layout.byteLength` long. The CRC-32 stands in the header,
 * before the data: take it in a first pass over the data, or write the header last, at its offset.
 * Data begin at multiples of 64 bytes, so that readers can map them; ZIP64 records appear where lengths or counts want them.
 * Dates are 1980-01-01, so that equal content gives equal bytes.
 */
import { AppError } from '#shared/errors.ts';

/** PyTorch's own alignment; mapped tensors of any dtype are aligned with it. */
const ALIGNMENT = 64;

const STORED_VERSION = 20;
const ZIP64_VERSION = 45;
const UTF8_FLAG = 0x0800;
const MADE_BY_UNIX = 3 << 8;
/** 1980-01-01 in DOS form. */
const EPOCH_DATE = 0x0021;
/** A regular file that its owner may write and all may read. */
const FILE_MODE = 0o100644;
const ZIP64_EXTRA = 0x0001;
/** An extra field whose content readers skip: the id that PyTorch pads with. */
const PADDING_EXTRA = 0x4246;
const EXTRA_HEADER_BYTES = 4;
const MASK_32 = 0xffffffff;
const MASK_16 = 0xffff;

export interface ZipEntryToWrite {
  readonly name: string;
  readonly byteLength: number;
}

export interface PlacedZipEntry extends ZipEntryToWrite {
  readonly headerOffset: number;
  readonly dataOffset: number;
}

export interface ZipLayout {
  readonly entries: readonly PlacedZipEntry[];
  readonly directoryOffset: number;
  /** Of the whole archive. */
  readonly byteLength: number;
}

/**
 * Gives every entry its place.
 * @throws AppError `invalid-params` for names that repeat or are longer than zip allows.
 */
export function layOutZip(entries: readonly ZipEntryToWrite[]): ZipLayout {
  const names = new Set<string>();
  const placed: PlacedZipEntry[] = [];
  let offset = 0;
  for (const { name, byteLength } of entries) {
    const nameBytes = encodeName(name).byteLength;
    if (names.has(name)) throw new AppError('invalid-params', `two entries would be called ${name}`);
    if (nameBytes > MASK_16) throw new AppError('invalid-params', 'a name is too long for a zip archive');
    names.add(name);
    const least = offset + 30 + nameBytes + (needsZip64(byteLength) ? EXTRA_HEADER_BYTES + 16 : 0);
    const isAligned = least % ALIGNMENT === 0;
    const dataOffset = isAligned ? least : alignUp(least + EXTRA_HEADER_BYTES);
    placed.push({ name, byteLength, headerOffset: offset, dataOffset });
    offset = dataOffset + byteLength;
  }
  const layout = { entries: placed, directoryOffset: offset, byteLength: 0 };
  const directory = zipDirectoryFor(
    layout,
    placed.map(() => 0),
  );
  return { ...layout, byteLength: offset + directory.byteLength };
}

/**
 * The local header of an entry: exactly the bytes from `headerOffset` to `dataOffset`.
 * @param checksum CRC-32 of the entry's data.
 */
export function zipHeaderFor(entry: PlacedZipEntry, checksum: number): Uint8Array {
  const name = encodeName(entry.name);
  const isWide = needsZip64(entry.byteLength);
  const writer = writerOf(entry.dataOffset - entry.headerOffset);
  writer.u32(0x04034b50);
  writer.u16(isWide ? ZIP64_VERSION : STORED_VERSION);
  writer.u16(flagsFor(name));
  writer.u16(0);
  writer.u16(0);
  writer.u16(EPOCH_DATE);
  writer.u32(checksum);
  writer.u32(isWide ? MASK_32 : entry.byteLength);
  writer.u32(isWide ? MASK_32 : entry.byteLength);
  writer.u16(name.byteLength);
  writer.u16(entry.dataOffset - entry.headerOffset - 30 - name.byteLength);
  writer.bytes(name);
  if (isWide) {
    writer.u16(ZIP64_EXTRA);
    writer.u16(16);
    writer.u64(entry.byteLength);
    writer.u64(entry.byteLength);
  }
  const padding = entry.dataOffset - entry.headerOffset - writer.position();
  if (padding > 0) {
    writer.u16(PADDING_EXTRA);
    writer.u16(padding - EXTRA_HEADER_BYTES);
  }
  return writer.done();
}

/**
 * The central directory with its end records: all that follows the last entry's data.
 * @param checksums CRC-32 of each entry's data, in the layout's order.
 */
export function zipDirectoryFor(
  layout: Pick<ZipLayout, 'entries' | 'directoryOffset'>,
  checksums: readonly number[],
): Uint8Array {
  const records = layout.entries.map((entry, index) => directoryRecord(entry, checksums[index]!));
  const byteLength = records.reduce((sum, record) => sum + record.byteLength, 0);
  return concatenate([...records, endRecords(records.length, byteLength, layout.directoryOffset)]);
}

function directoryRecord(entry: PlacedZipEntry, checksum: number): Uint8Array {
  const name = encodeName(entry.name);
  const wide = [
    ...(needsZip64(entry.byteLength) ? [entry.byteLength, entry.byteLength] : []),
    ...(needsZip64(entry.headerOffset) ? [entry.headerOffset] : []),
  ];
  const extraBytes = wide.length > 0 ? EXTRA_HEADER_BYTES + 8 * wide.length : 0;
  const version = wide.length > 0 ? ZIP64_VERSION : STORED_VERSION;
  const writer = writerOf(46 + name.byteLength + extraBytes);
  writer.u32(0x02014b50);
  writer.u16(MADE_BY_UNIX | version);
  writer.u16(version);
  writer.u16(flagsFor(name));
  writer.u16(0);
  writer.u16(0);
  writer.u16(EPOCH_DATE);
  writer.u32(checksum);
  writer.u32(masked(entry.byteLength));
  writer.u32(masked(entry.byteLength));
  writer.u16(name.byteLength);
  writer.u16(extraBytes);
  writer.u16(0);
  writer.u16(0);
  writer.u16(0);
  writer.u32(FILE_MODE * 0x10000);
  writer.u32(masked(entry.headerOffset));
  writer.bytes(name);
  if (wide.length > 0) {
    writer.u16(ZIP64_EXTRA);
    writer.u16(8 * wide.length);
    for (const value of wide) writer.u64(value);
  }
  return writer.done();
}

function endRecords(count: number, byteLength: number, offset: number): Uint8Array {
  const isWide = count >= MASK_16 || needsZip64(byteLength) || needsZip64(offset);
  const writer = writerOf(22 + (isWide ? 56 + 20 : 0));
  if (isWide) {
    writer.u32(0x06064b50);
    writer.u64(44);
    writer.u16(MADE_BY_UNIX | ZIP64_VERSION);
    writer.u16(ZIP64_VERSION);
    writer.u32(0);
    writer.u32(0);
    writer.u64(count);
    writer.u64(count);
    writer.u64(byteLength);
    writer.u64(offset);
    writer.u32(0x07064b50);
    writer.u32(0);
    writer.u64(offset + byteLength);
    writer.u32(1);
  }
  writer.u32(0x06054b50);
  writer.u16(0);
  writer.u16(0);
  writer.u16(Math.min(count, MASK_16));
  writer.u16(Math.min(count, MASK_16));
  writer.u32(masked(byteLength));
  writer.u32(masked(offset));
  writer.u16(0);
  return writer.done();
}

/** A value of exactly the mask counts as masked, so it is written wide, too. */
function needsZip64(value: number): boolean {
  return value >= MASK_32;
}

function masked(value: number): number {
  return needsZip64(value) ? MASK_32 : value;
}

function alignUp(offset: number): number {
  return Math.ceil(offset / ALIGNMENT) * ALIGNMENT;
}

function encodeName(name: string): Uint8Array {
  return new TextEncoder().encode(name);
}

function flagsFor(name: Uint8Array): number {
  return name.some((byte) => byte >= 0x80) ? UTF8_FLAG : 0;
}

interface Writer {
  u16(value: number): void;
  u32(value: number): void;
  u64(value: number): void;
  bytes(value: Uint8Array): void;
  position(): number;
  /** The buffer, zeros where nothing was written. */
  done(): Uint8Array;
}

function writerOf(byteLength: number): Writer {
  const buffer = new Uint8Array(byteLength);
  const view = new DataView(buffer.buffer);
  let position = 0;
  const advance = (count: number): number => {
    position += count;
    return position - count;
  };
  return {
    u16: (value) => view.setUint16(advance(2), value, true),
    u32: (value) => view.setUint32(advance(4), value, true),
    u64: (value) => view.setBigUint64(advance(8), BigInt(value), true),
    bytes: (value) => buffer.set(value, advance(value.byteLength)),
    position: () => position,
    done: () => buffer,
  };
}

function concatenate(parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.byteLength, 0));
  let position = 0;
  for (const part of parts) {
    whole.set(part, position);
    position += part.byteLength;
  }
  return whole;
}
