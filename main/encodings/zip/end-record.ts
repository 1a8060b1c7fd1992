// ZIP end of central directory: PKWARE APPNOTE 6.3.10, sections 4.3.14 to 4.3.16.
import { cursorOver, type Cursor } from '#main/bytes/cursor.ts';
import { allocationBudget } from '#main/bytes/limits.ts';
import type { ByteSource } from '#main/bytes/source.ts';
import type { Problem } from '#shared/checkpoint.ts';
import { AppError } from '#shared/errors.ts';

const END_SIGNATURE = 0x06054b50;
const END_BYTES = 22;
const LOCATOR_SIGNATURE = 0x07064b50;
const LOCATOR_BYTES = 20;
const END64_SIGNATURE = 0x06064b50;
const END64_BYTES = 56;
const DIRECTORY_SIGNATURE = 0x02014b50;
const LOCAL_SIGNATURE = 0x04034b50;
/** In place of a number that the ZIP64 records have. */
const MASKED = 0xffffffff;
/** The comment after the end record has a 16-bit length. */
const COMMENT_BYTES = 0xffff;

/** The central directory, read but not yet parsed. Positions are bytes of the source. */
export interface FoundDirectory {
  readonly bytes: Uint8Array;
  readonly begin: number;
  /** Where the end records begin. */
  readonly end: number;
  /** Entries as stated; modulo 65,536 in archives without ZIP64. */
  readonly entryCount: number;
  readonly isZip64: boolean;
  /** Bytes before the archive, to be added to every offset that it states. */
  readonly shift: number;
  readonly comment: Uint8Array;
  readonly problems: readonly Problem[];
}

interface EndRecord {
  readonly begin: number;
  readonly diskCount: number;
  readonly entryCount: number;
  readonly directoryBytes: number;
  readonly directoryOffset: number;
}

/**
 * Finds and reads the central directory: one or two reads at the end, one for the directory.
 * @returns undefined where the source has no end record.
 * @throws AppError `corrupt` where the end record leads nowhere, `limit` for a directory beyond the budget.
 */
export async function findDirectory(source: ByteSource): Promise<FoundDirectory | undefined> {
  const tail = await readTail(source);
  const at = tail ? endRecordIn(tail.bytes) : undefined;
  if (!tail || !at) return undefined;
  const problems: Problem[] = [];
  const cursor = cursorOver(tail.bytes, { base: tail.offset, file: source.name });
  const classic = readEnd(cursor, at.position);
  const comment = cursor.bytes(cursor.u16());
  const trailing = source.byteLength - tail.offset - cursor.position;
  if (trailing > 0) {
    problems.push({
      code: 'zip-trailing-bytes',
      message: `${trailing} bytes follow the end of the archive`,
      offset: source.byteLength - trailing,
    });
  }
  const wide = await readEnd64(source, tail, at.position, problems);
  const end = wide ?? classic;
  if (wide) compareEnds(wide, classic, problems);
  if (end.diskCount > 1) {
    problems.push({ code: 'zip-multi-disk', message: 'the archive says it is spread over several disks' });
  }
  const isBelieved = at.isExact || end.directoryBytes > 0 || end.directoryOffset === end.begin;
  const directory = isBelieved ? await readDirectory(source, end, problems) : undefined;
  if (!directory) {
    // bytes that happen to look like an end record, followed by others, are no archive
    if (!at.isExact) return undefined;
    throw new AppError('corrupt', 'the zip directory is not where the end of the archive says', {
      file: source.name,
      offset: end.begin,
      expected: `a directory of ${end.directoryBytes} bytes at offset ${end.directoryOffset}`,
      found: `an archive whose directory must end at offset ${end.begin}`,
      hint: 'the file is cut short or damaged; fetch or save it again',
    });
  }
  return {
    ...directory,
    end: end.begin,
    entryCount: end.entryCount,
    isZip64: wide !== undefined,
    comment,
    problems,
  };
}

interface Tail {
  readonly bytes: Uint8Array;
  readonly offset: number;
}

async function readTail(source: ByteSource): Promise<Tail | undefined> {
  if (source.byteLength < END_BYTES) return undefined;
  const short = Math.min(source.byteLength, END_BYTES + LOCATOR_BYTES + END64_BYTES);
  const near = await source.read(source.byteLength - short, short);
  if (endRecordIn(near)?.isExact) return { bytes: near, offset: source.byteLength - short };
  const long = Math.min(source.byteLength, END_BYTES + COMMENT_BYTES + LOCATOR_BYTES + END64_BYTES);
  const offset = source.byteLength - long;
  return { bytes: await source.read(offset, long), offset };
}

/** The last end record whose comment reaches exactly to the end, else the last one that fits. */
function endRecordIn(bytes: Uint8Array): { position: number; isExact: boolean } | undefined {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let fitting: number | undefined;
  for (let position = bytes.byteLength - END_BYTES; position >= 0; position--) {
    if (bytes[position] !== 0x50 || view.getUint32(position, true) !== END_SIGNATURE) continue;
    const end = position + END_BYTES + view.getUint16(position + END_BYTES - 2, true);
    if (end === bytes.byteLength) return { position, isExact: true };
    if (end < bytes.byteLength) fitting ??= position;
  }
  return fitting === undefined ? undefined : { position: fitting, isExact: false };
}

/** Leaves the cursor before the comment's length. */
function readEnd(cursor: Cursor, position: number): EndRecord {
  cursor.position = position + 4;
  const disk = cursor.u16();
  cursor.skip(4);
  const entryCount = cursor.u16();
  const directoryBytes = cursor.u32();
  const directoryOffset = cursor.u32();
  return { begin: cursor.base + position, diskCount: disk + 1, entryCount, directoryBytes, directoryOffset };
}

async function readEnd64(
  source: ByteSource,
  tail: Tail,
  endPosition: number,
  problems: Problem[],
): Promise<EndRecord | undefined> {
  const cursor = cursorOver(tail.bytes, { base: tail.offset });
  cursor.position = endPosition - LOCATOR_BYTES;
  if (cursor.position < 0 || cursor.u32() !== LOCATOR_SIGNATURE) return undefined;
  cursor.skip(4);
  const stated = Number(cursor.u64());
  const locatorBegin = tail.offset + endPosition - LOCATOR_BYTES;
  // directly before the locator comes first: the stated offset is wrong where bytes precede the archive
  for (const begin of [locatorBegin - END64_BYTES, stated]) {
    if (begin < 0 || begin + END64_BYTES > locatorBegin) continue;
    const record = cursorOver(await source.read(begin, END64_BYTES), { base: begin });
    if (record.u32() !== END64_SIGNATURE) continue;
    record.skip(12);
    const diskCount = record.u32() + 1;
    record.skip(4 + 8);
    return {
      begin,
      diskCount,
      entryCount: Number(record.u64()),
      directoryBytes: Number(record.u64()),
      directoryOffset: Number(record.u64()),
    };
  }
  problems.push({
    code: 'zip-end-record',
    message: 'the ZIP64 end record is not where its locator says',
    offset: locatorBegin,
  });
  return undefined;
}

function compareEnds(wide: EndRecord, classic: EndRecord, problems: Problem[]): void {
  const isSame =
    (classic.entryCount === 0xffff || classic.entryCount === wide.entryCount) &&
    (classic.directoryBytes === MASKED || classic.directoryBytes === wide.directoryBytes) &&
    (classic.directoryOffset === MASKED || classic.directoryOffset === wide.directoryOffset);
  if (isSame) return;
  problems.push({
    code: 'zip-end-record',
    message: 'the ZIP64 end record and the classic one disagree; the ZIP64 one is followed',
    offset: classic.begin,
  });
}

async function readDirectory(
  source: ByteSource,
  end: EndRecord,
  problems: Problem[],
): Promise<Pick<FoundDirectory, 'bytes' | 'begin' | 'shift'> | undefined> {
  const length = end.directoryBytes;
  if (length > end.begin) return undefined;
  if (length > allocationBudget(source.byteLength)) {
    throw new AppError('limit', 'the zip directory is longer than we read', {
      file: source.name,
      expected: `at most ${allocationBudget(source.byteLength)} bytes`,
      found: `${length} bytes`,
    });
  }
  const adjacent = end.begin - length;
  const candidates = adjacent === end.directoryOffset ? [adjacent] : [adjacent, end.directoryOffset];
  for (const begin of candidates) {
    if (begin < 0 || begin + length > end.begin) continue;
    const bytes = await source.read(begin, length);
    if (length > 0 && (length < 4 || cursorOver(bytes).u32() !== DIRECTORY_SIGNATURE)) continue;
    const shift = await shiftOf(source, bytes, begin - end.directoryOffset);
    if (shift > 0) {
      problems.push({ code: 'zip-prefix', message: `${shift} bytes precede the archive`, offset: 0 });
    } else if (begin !== end.directoryOffset) {
      problems.push({
        code: 'zip-end-record',
        message: `the directory is at offset ${begin}, not at ${end.directoryOffset} as its end record says`,
        offset: end.begin,
      });
    } else if (begin !== adjacent) {
      problems.push({
        code: 'zip-gap',
        message: `${end.begin - begin - length} bytes lie between the directory and its end record`,
        offset: begin + length,
      });
    }
    return { bytes, begin, shift };
  }
  return undefined;
}

/** A directory away from its stated place means bytes before the archive, if the first entry agrees, or else a wrong statement. */
async function shiftOf(source: ByteSource, directory: Uint8Array, shift: number): Promise<number> {
  if (shift <= 0 || directory.byteLength < 46) return 0;
  const cursor = cursorOver(directory);
  cursor.position = 42;
  const stated = cursor.u32();
  // a masked offset stands elsewhere, and is taken on trust
  if (stated === MASKED) return shift;
  const header = stated + shift;
  if (header + 4 > source.byteLength) return 0;
  const signature = cursorOver(await source.read(header, 4)).u32();
  return signature === LOCAL_SIGNATURE ? shift : 0;
}
