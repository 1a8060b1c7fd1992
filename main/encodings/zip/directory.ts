// ZIP central directory: PKWARE APPNOTE 6.3.10, sections 4.3.12 and 4.5.3 (ZIP64 extra field).
import { cursorOver, type Cursor } from '#main/bytes/cursor.ts';
import { ZIP_ENTRIES, ZIP_WARNED_BYTES, ZIP_WARNED_RATIO } from '#main/bytes/limits.ts';
import type { FoundDirectory } from '#main/encodings/zip/end-record.ts';
import { decodeName, isOddName } from '#main/encodings/zip/entry-name.ts';
import type { Problem } from '#shared/checkpoint.ts';
import { AppError } from '#shared/errors.ts';

/** One entry as the central directory describes it. Offsets are bytes of the source, prefix included. */
export interface ZipEntry {
  readonly name: string;
  readonly nameBytes: Uint8Array;
  /** 0 stored, 8 deflated; others are named by `methodName`. */
  readonly method: number;
  readonly flags: number;
  /** Of the uncompressed data; undefined where the archive holds 0, which writers put when they did not compute it. */
  readonly crc32: number | undefined;
  readonly compressedByteLength: number;
  /** Uncompressed. */
  readonly byteLength: number;
  readonly headerOffset: number;
  /** Version and system of the writer; 0 from miniz, which PyTorch and MXNet use. */
  readonly madeBy: number;
}

export const STORED = 0;
export const DEFLATED = 8;
export const ENCRYPTED_FLAG = 0x0001;
/** Lengths and CRC follow the data instead of standing in the local header. */
export const DESCRIPTOR_FLAG = 0x0008;
const UTF8_FLAG = 0x0800;
/** Encrypted, two bits for the deflate level, descriptor, UTF-8: all that occurs in parameter files. */
const KNOWN_FLAGS = ENCRYPTED_FLAG | 0x0006 | DESCRIPTOR_FLAG | UTF8_FLAG;

const ENTRY_SIGNATURE = 0x02014b50;
const ENTRY_BYTES = 46;
const ZIP64_EXTRA = 0x0001;
const LOCAL_HEADER_BYTES = 30;

const METHOD_NAMES: ReadonlyMap<number, string> = new Map([
  [0, 'stored'],
  [1, 'shrink'],
  [6, 'implode'],
  [8, 'deflate'],
  [9, 'deflate64'],
  [12, 'bzip2'],
  [14, 'lzma'],
  [93, 'zstandard'],
  [95, 'xz'],
  [99, 'AES encryption'],
]);

export function methodName(method: number): string {
  return METHOD_NAMES.get(method) ?? `method ${method}`;
}

export interface Directory {
  /** In the order of the directory. */
  readonly entries: readonly ZipEntry[];
  /** Entries whose data must not be handed out, with the reason. */
  readonly refused: ReadonlyMap<ZipEntry, AppError>;
  readonly problems: readonly Problem[];
}

/** @throws AppError `limit` for more entries than we read. */
export function parseDirectory(found: FoundDirectory, file: string): Directory {
  const problems: Problem[] = [];
  const entries: ZipEntry[] = [];
  const cursor = cursorOver(found.bytes, { base: found.begin, file });
  while (cursor.remaining() >= ENTRY_BYTES) {
    const position = cursor.position;
    const entry = cursor.u32() === ENTRY_SIGNATURE ? parseEntry(cursor, found.shift, problems) : undefined;
    if (entry) {
      entries.push(entry);
    } else {
      problems.push({
        code: 'zip-directory',
        message: `no directory entry at offset ${found.begin + position}, where one should be`,
        offset: found.begin + position,
      });
      const next = findSignature(found.bytes, position + 1);
      if (next === undefined) break;
      cursor.position = next;
    }
    if (entries.length > ZIP_ENTRIES) {
      throw new AppError('limit', 'the zip archive has more entries than we read', {
        file,
        expected: `at most ${ZIP_ENTRIES}`,
        found: `${found.entryCount}`,
      });
    }
  }
  checkCount(found, entries.length, problems);
  checkDistinct(entries, problems);
  return { entries, refused: refuse(entries, found.begin, file, problems), problems };
}

function parseEntry(cursor: Cursor, shift: number, problems: Problem[]): ZipEntry | undefined {
  const at = cursor.base + cursor.position - 4;
  const madeBy = cursor.u16();
  cursor.skip(2);
  const flags = cursor.u16();
  const method = cursor.u16();
  cursor.skip(4);
  const checksum = cursor.u32();
  const compressed = cursor.u32();
  const uncompressed = cursor.u32();
  const nameLength = cursor.u16();
  const extraLength = cursor.u16();
  const commentLength = cursor.u16();
  cursor.skip(8);
  const offset = cursor.u32();
  if (cursor.remaining() < nameLength + extraLength + commentLength) return undefined;
  const nameBytes = cursor.bytes(nameLength);
  const extras = parseExtras(cursor.bytes(extraLength));
  cursor.skip(commentLength);
  const { name, isMalformed } = decodeName(nameBytes, (flags & UTF8_FLAG) !== 0, extras);
  if (isMalformed)
    problems.push({ code: 'zip-name', message: `the name ${name} is not UTF-8 as it claims`, offset: at });
  const [byteLength, compressedByteLength, headerOffset] = widen(
    [uncompressed, compressed, offset],
    extras.get(ZIP64_EXTRA),
  );
  const entry: ZipEntry = {
    name,
    nameBytes,
    method,
    flags,
    crc32: checksum === 0 ? undefined : checksum,
    compressedByteLength,
    byteLength,
    headerOffset: headerOffset + shift,
    madeBy,
  };
  reportOddities(entry, at, problems);
  return entry;
}

/** Extra fields by id; the first of each id counts, a cut one ends the list. */
export function parseExtras(bytes: Uint8Array): ReadonlyMap<number, Uint8Array> {
  const extras = new Map<number, Uint8Array>();
  const cursor = cursorOver(bytes);
  while (cursor.remaining() >= 4) {
    const id = cursor.u16();
    const length = cursor.u16();
    if (length > cursor.remaining()) break;
    const value = cursor.bytes(length);
    if (!extras.has(id)) extras.set(id, value);
  }
  return extras;
}

/** Replaces each masked value by the next one of the ZIP64 extra field, where there is one. */
export function widen<Values extends number[]>(values: Values, extra: Uint8Array | undefined): Values {
  if (!extra) return values;
  const cursor = cursorOver(extra);
  return values.map((value) =>
    // beyond 2^53 the number is inexact, and outside any file all the same
    value === 0xffffffff && cursor.remaining() >= 8 ? Number(cursor.u64()) : value,
  ) as Values;
}

function reportOddities(entry: ZipEntry, offset: number, problems: Problem[]): void {
  const { name } = entry;
  const report = (code: string, message: string): void => void problems.push({ code, message, offset });
  if (isOddName(name)) report('zip-name', `the name ${JSON.stringify(name)} could lead outside a folder`);
  if (entry.flags & ENCRYPTED_FLAG) report('zip-encrypted', `${name} is encrypted`);
  if (entry.flags & ~KNOWN_FLAGS) {
    report('zip-flags', `${name} has the unknown flags 0x${(entry.flags & ~KNOWN_FLAGS).toString(16)}`);
  }
  if (entry.method === STORED && entry.compressedByteLength !== entry.byteLength) {
    report(
      'zip-length',
      `${name} is stored, yet has ${entry.compressedByteLength} bytes for ${entry.byteLength}`,
    );
  }
  if (entry.method !== STORED && entry.method !== DEFLATED) {
    report('zip-method', `${name} is packed with ${methodName(entry.method)}, which we do not read`);
  }
  if (
    entry.byteLength > ZIP_WARNED_BYTES &&
    entry.byteLength > entry.compressedByteLength * ZIP_WARNED_RATIO
  ) {
    report('zip-ratio', `${name} says it unpacks ${entry.compressedByteLength} bytes to ${entry.byteLength}`);
  }
}

function checkCount(found: FoundDirectory, count: number, problems: Problem[]): void {
  const isAsStated = found.isZip64 ? found.entryCount === count : found.entryCount === count % 0x10000;
  if (isAsStated || found.entryCount === 0xffff) return;
  problems.push({
    code: 'zip-directory',
    message: `the archive says it has ${found.entryCount} entries, the directory has ${count}`,
    offset: found.end,
  });
}

function checkDistinct(entries: readonly ZipEntry[], problems: Problem[]): void {
  const names = new Set<string>();
  for (const { name, headerOffset } of entries) {
    if (names.has(name)) {
      problems.push({
        code: 'zip-duplicate-name',
        message: `a second entry is called ${name}`,
        offset: headerOffset,
      });
    }
    names.add(name);
  }
}

/** Refuses entries that reach beyond the archive or into the entry after them; the later one stays readable. */
function refuse(
  entries: readonly ZipEntry[],
  directoryBegin: number,
  file: string,
  problems: Problem[],
): ReadonlyMap<ZipEntry, AppError> {
  const refused = new Map<ZipEntry, AppError>();
  const inOrder = [...entries].sort((a, b) => a.headerOffset - b.headerOffset);
  inOrder.forEach((entry, index) => {
    const next = inOrder[index + 1];
    const least =
      entry.headerOffset + LOCAL_HEADER_BYTES + entry.nameBytes.byteLength + entry.compressedByteLength;
    const limit = Math.min(next?.headerOffset ?? directoryBegin, directoryBegin);
    if (least <= limit) return;
    const runsInto = next && next.headerOffset <= directoryBegin ? next.name : 'the directory';
    const message = `${entry.name} runs into ${runsInto}`;
    problems.push({ code: 'zip-overlap', message, offset: entry.headerOffset });
    refused.set(
      entry,
      new AppError('corrupt', `the zip entry ${message}`, {
        file,
        offset: entry.headerOffset,
        expected: `an end at or before offset ${limit}`,
        found: `an end at offset ${least} or later`,
      }),
    );
  });
  return refused;
}

function findSignature(bytes: Uint8Array, from: number): number | undefined {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (let position = from; position + ENTRY_BYTES <= bytes.byteLength; position++) {
    if (bytes[position] === 0x50 && view.getUint32(position, true) === ENTRY_SIGNATURE) return position;
  }
  return undefined;
}
