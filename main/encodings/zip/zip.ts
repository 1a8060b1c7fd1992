// ZIP archives, read leniently from their central directory: PKWARE APPNOTE 6.3.10.
import { inflatedSource } from '#main/bytes/inflated-source.ts';
import { ZIP_PROBLEMS } from '#main/bytes/limits.ts';
import type { ByteSource } from '#main/bytes/source.ts';
import { spanSource } from '#main/bytes/span-source.ts';
import {
  DEFLATED,
  ENCRYPTED_FLAG,
  methodName,
  parseDirectory,
  STORED,
  type ZipEntry,
} from '#main/encodings/zip/directory.ts';
import { findDirectory } from '#main/encodings/zip/end-record.ts';
import { locateEntries } from '#main/encodings/zip/local-header.ts';
import type { Problem } from '#shared/checkpoint.ts';
import { AppError } from '#shared/errors.ts';

export { DEFLATED, STORED, type ZipEntry } from '#main/encodings/zip/directory.ts';

/** An opened archive: its directory in memory, its data where they are. Owns nothing that needs closing. */
export interface ZipArchive {
  /** In the order of the directory; names may repeat. */
  readonly entries: readonly ZipEntry[];
  /** The entry of this name; the last one where there are several, as Python's zipfile takes it. */
  find(name: string): ZipEntry | undefined;
  /** Irregularities met so far; grows as local headers are read. */
  readonly problems: readonly Problem[];
  readonly comment: Uint8Array;
  /** Where the archive begins in the source: the bytes before it are not its own. */
  readonly begin: number;
  /** Bytes [begin, end) of the source that hold the central directory. */
  readonly directory: { readonly begin: number; readonly end: number };
  /** Reads the local headers of these entries in as few reads as possible, so that `dataOffset` needs none. Never throws for bad entries. */
  locate(entries: readonly ZipEntry[]): Promise<void>;
  /**
   * Where the entry's data, as stored, begins in the source that was opened; they are `compressedByteLength` long.
   * @throws AppError `corrupt` for an entry that overlaps another or has no local header.
   */
  dataOffset(entry: ZipEntry): Promise<number>;
  /**
   * The uncompressed data: a span of the archive for stored entries, else a stream inflated on reading.
   * @throws AppError as `dataOffset`, and `unsupported` for encrypted entries and other compression methods.
   */
  source(entry: ZipEntry): Promise<ByteSource>;
}

/**
 * Opens a source as a zip archive: two reads at its end, one of the directory.
 * @returns undefined when there is no end-of-central-directory record.
 * @throws AppError `corrupt` when the record leads nowhere, `limit` for a directory beyond all measure.
 */
export async function openZip(source: ByteSource): Promise<ZipArchive | undefined> {
  const found = await findDirectory(source);
  if (!found) return undefined;
  const { entries, refused, problems: inDirectory } = parseDirectory(found, source.name);
  const problems: Problem[] = [];
  const tell = (problem: Problem): void => {
    if (problems.length < ZIP_PROBLEMS) problems.push(problem);
    else if (problems.length === ZIP_PROBLEMS)
      problems.push({ code: 'zip-more', message: 'and more of that kind' });
  };
  for (const problem of [...found.problems, ...inDirectory]) tell(problem);
  const byName = new Map(entries.map((entry) => [entry.name, entry]));
  const offsets = new Map<ZipEntry, number | AppError>(refused);

  const archive: ZipArchive = {
    entries,
    problems,
    comment: found.comment,
    begin: found.shift,
    directory: { begin: found.begin, end: found.begin + found.bytes.byteLength },
    find: (name) => byName.get(name),
    locate: async (wanted) => {
      const missing = [...new Set(wanted)].filter((entry) => !offsets.has(entry));
      if (missing.length === 0) return;
      for (const located of await locateEntries(source, missing, found.begin)) {
        if (offsets.has(located.entry)) continue;
        offsets.set(located.entry, located.dataOffset);
        located.problems.forEach(tell);
      }
    },
    dataOffset: async (entry) => {
      await archive.locate([entry]);
      const offset = offsets.get(entry)!;
      if (typeof offset === 'number') return offset;
      throw offset;
    },
    source: async (entry) => {
      refuseUnreadable(entry, source.name);
      const begin = await archive.dataOffset(entry);
      if (entry.method === STORED) return spanSource(source, begin, entry.compressedByteLength);
      return inflatedSource(source, begin, entry.compressedByteLength, entry.byteLength);
    },
  };
  return archive;
}

function refuseUnreadable(entry: ZipEntry, file: string): void {
  if (entry.flags & ENCRYPTED_FLAG) {
    throw new AppError('unsupported', `the zip entry ${entry.name} is encrypted`, {
      file,
      offset: entry.headerOffset,
    });
  }
  if (entry.method === STORED || entry.method === DEFLATED) return;
  throw new AppError(
    'unsupported',
    `the zip entry ${entry.name} is packed with ${methodName(entry.method)}`,
    {
      file,
      offset: entry.headerOffset,
      expected: 'stored or deflate',
      found: methodName(entry.method),
    },
  );
}
