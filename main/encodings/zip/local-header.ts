// ZIP local file header: PKWARE APPNOTE 6.3.10, section 4.3.7.
import type { ByteSource } from '#main/bytes/source.ts';
import { DESCRIPTOR_FLAG, parseExtras, widen, type ZipEntry } from '#main/encodings/zip/directory.ts';
import type { Problem } from '#shared/checkpoint.ts';
import { AppError } from '#shared/errors.ts';

const LOCAL_SIGNATURE = 0x04034b50;
const FIXED_BYTES = 30;
const ZIP64_EXTRA = 0x0001;
const MASKED = 0xffffffff;
/** Room for the usual extra fields: torch's padding to 64 bytes and a ZIP64 field. */
const EXTRA_GUESS = 100;
/** Headers this close are read together: a disk hands out pages anyway. */
const JOINED_GAP = 4096;
const JOINED_BYTES = 1024 * 1024;
/** For so long headers are read one after the other without leaving the thread: of a file that is in memory, all of them. */
const AT_ONCE_MS = 4;
/** Reads under way at once after that: what has to be waited for is better waited for together. */
const PARALLEL = 16;

export interface LocatedEntry {
  readonly entry: ZipEntry;
  /** Where its data begins in the source, or why that cannot be told. */
  readonly dataOffset: number | AppError;
  readonly problems: readonly Problem[];
}

/**
 * Reads the local headers of entries, neighbours together, and compares them with the directory.
 * @param end where the central directory begins: no data reaches beyond it.
 */
export async function locateEntries(
  source: ByteSource,
  entries: readonly ZipEntry[],
  end: number,
): Promise<readonly LocatedEntry[]> {
  const groups = groupNeighbours(entries, end);
  const located: LocatedEntry[] = [];
  let first = 0;
  const { readInto } = source;
  for (const began = performance.now(); readInto && first < groups.length; first++) {
    if (performance.now() - began > AT_ONCE_MS) break;
    const group = groups[first]!;
    const bytes = new Uint8Array(group.end - group.begin);
    readInto(group.begin, bytes);
    located.push(...(await locateGroup(source, group, bytes, end)));
  }
  for (; first < groups.length; first += PARALLEL) {
    const batch = groups.slice(first, first + PARALLEL);
    const results = await Promise.all(
      batch.map(async (group) => {
        const bytes = await source.read(group.begin, group.end - group.begin);
        return locateGroup(source, group, bytes, end);
      }),
    );
    for (const group of results) for (const one of group) located.push(one);
  }
  return located;
}

interface Group {
  readonly begin: number;
  end: number;
  readonly entries: ZipEntry[];
}

function groupNeighbours(entries: readonly ZipEntry[], end: number): readonly Group[] {
  const groups: Group[] = [];
  for (const entry of [...entries].sort((a, b) => a.headerOffset - b.headerOffset)) {
    // a directory may point behind itself, where there is no header
    const begin = Math.min(entry.headerOffset, end);
    const headerEnd = Math.min(end, begin + FIXED_BYTES + entry.nameBytes.byteLength + EXTRA_GUESS);
    const group = groups.at(-1);
    if (group && begin <= group.end + JOINED_GAP && headerEnd - group.begin <= JOINED_BYTES) {
      group.end = Math.max(group.end, headerEnd);
      group.entries.push(entry);
    } else {
      groups.push({ begin, end: headerEnd, entries: [entry] });
    }
  }
  return groups;
}

async function locateGroup(
  source: ByteSource,
  group: Group,
  bytes: Uint8Array,
  end: number,
): Promise<LocatedEntry[]> {
  const located: LocatedEntry[] = [];
  for (const entry of group.entries) {
    const problems: Problem[] = [];
    const header = bytes.subarray(entry.headerOffset - group.begin);
    const dataOffset = locate(source.name, entry, header, end);
    if (typeof dataOffset === 'number') {
      const whole = dataOffset - entry.headerOffset;
      const isCut = header.byteLength < whole;
      compare(entry, isCut ? await source.read(entry.headerOffset, whole) : header, problems);
    }
    located.push({ entry, dataOffset, problems });
  }
  return located;
}

/** @param header at least its fixed part, where it is one. */
function locate(file: string, entry: ZipEntry, header: Uint8Array, end: number): number | AppError {
  const fault = (message: string, expected: string, found: string): AppError =>
    new AppError('corrupt', `the zip entry ${entry.name} ${message}`, {
      file,
      offset: entry.headerOffset,
      expected,
      found,
    });
  const view = viewOf(header);
  if (header.byteLength < FIXED_BYTES || view.getUint32(0, true) !== LOCAL_SIGNATURE) {
    return fault('has no header where the directory says', 'a local header', 'other bytes');
  }
  const whole = FIXED_BYTES + view.getUint16(26, true) + view.getUint16(28, true);
  const dataEnd = entry.headerOffset + whole + entry.compressedByteLength;
  if (dataEnd > end) {
    return fault(
      'runs into the directory',
      `an end at or before offset ${end}`,
      `an end at offset ${dataEnd}`,
    );
  }
  return entry.headerOffset + whole;
}

/** What the two headers say differently. The directory is what readers follow, so a difference is only reported. */
function compare(entry: ZipEntry, header: Uint8Array, problems: Problem[]): void {
  const view = viewOf(header);
  const nameEnd = FIXED_BYTES + view.getUint16(26, true);
  const [byteLength, compressedByteLength] = lengthsIn(view, header, nameEnd);
  const differences: string[] = [];
  if (Buffer.compare(header.subarray(FIXED_BYTES, nameEnd), entry.nameBytes) !== 0) differences.push('name');
  if (view.getUint16(6, true) !== entry.flags) differences.push('flags');
  if (view.getUint16(8, true) !== entry.method) differences.push('method');
  // with the descriptor flag these stand after the data, and are 0 here
  const isDescribed = (entry.flags & DESCRIPTOR_FLAG) !== 0;
  const differs = (local: number, central: number): boolean =>
    local !== central && !(isDescribed && local === 0);
  if (differs(view.getUint32(14, true), entry.crc32 ?? 0)) differences.push('checksum');
  if (differs(byteLength, entry.byteLength) || differs(compressedByteLength, entry.compressedByteLength)) {
    differences.push('length');
  }
  if (differences.length === 0) return;
  problems.push({
    code: 'zip-header-mismatch',
    message: `${entry.name}: local header and directory differ in ${differences.join(', ')}; the directory is followed`,
    offset: entry.headerOffset,
  });
}

/** Plain and packed length; masked ones stand in the ZIP64 field behind the name. */
function lengthsIn(view: DataView, header: Uint8Array, nameEnd: number): [number, number] {
  const lengths: [number, number] = [view.getUint32(22, true), view.getUint32(18, true)];
  if (!lengths.includes(MASKED)) return lengths;
  const extras = parseExtras(header.subarray(nameEnd, nameEnd + view.getUint16(28, true)));
  return widen(lengths, extras.get(ZIP64_EXTRA));
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
