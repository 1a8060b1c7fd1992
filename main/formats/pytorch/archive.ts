// The archives of PyTorch's own zip writer: caffe2/serialize/inline_container.cc.
import { crc32 } from '#main/bytes/crc32.ts';
import { PICKLE_CHECKED_BYTES } from '#main/bytes/limits.ts';
import { memorySource } from '#main/bytes/memory-source.ts';
import type { SourceList } from '#main/bytes/source-list.ts';
import type { ByteSource } from '#main/bytes/source.ts';
import { readPickle, type Pickle } from '#main/encodings/pickle/pickle.ts';
import type { ZipArchive, ZipEntry } from '#main/encodings/zip/zip.ts';
import type { Checksum, PickleImport, Region } from '#main/formats/contract.ts';
import type { Problem } from '#shared/checkpoint.ts';
import { AppError } from '#shared/errors.ts';

/** Small records beside the pickles are a few bytes long. */
const RECORD_BYTES = 256;

/** An archive whose entries all lie in one folder: pickles, storages, small records. */
export interface TorchArchive {
  /** That the zip was read from. */
  readonly source: ByteSource;
  readonly zip: ZipArchive;
  /** The folder with its slash; empty where there is none. */
  readonly prefix: string;
  /** What the checkpoint refers to; the archive itself may be a part of one of these. */
  readonly sources: SourceList;
  /** The texts beside the pickles by bare name: `version`, `byteorder`, … */
  readonly records: ReadonlyMap<string, string>;
  readonly byteOrder: 'little' | 'big';
  readonly problems: Problem[];
}

/** A pickle that is an entry of an archive. */
export interface MemberPickle {
  readonly pickle: Pickle;
  readonly member: ByteSource;
  /** Over the pickle's own bytes. */
  readonly checksums: readonly Checksum[];
  readonly imports: readonly PickleImport[];
}

/** Reads the local headers and the small records; storages stay where they are. */
export async function openArchive(
  source: ByteSource,
  zip: ZipArchive,
  prefix: string,
  sources: SourceList,
): Promise<TorchArchive> {
  const problems: Problem[] = [];
  await zip.locate(zip.entries);
  const records = await readRecords(zip, prefix);
  return { source, zip, prefix, sources, records, byteOrder: byteOrderOf(records, problems), problems };
}

/** Whether a path is a name in a folder that is not in another one. */
export function isDirectlyIn(path: string, name: string): boolean {
  return path.indexOf('/') === path.length - name.length - 1 && path.endsWith(`/${name}`);
}

/** The folder, with its slash, that an entry of this name lies in; empty where it lies in none. */
export function folderOfEntry(zip: ZipArchive, name: string): string | undefined {
  const found = zip.entries.find((entry) => entry.name === name || isDirectlyIn(entry.name, name));
  return found?.name.slice(0, -name.length);
}

/**
 * Reads an entry as a pickle. One of usual size is checked as a whole before it is believed.
 * @throws AppError `corrupt`, `unsupported`, `limit`.
 */
export async function readMemberPickle(archive: TorchArchive, entry: ZipEntry): Promise<MemberPickle> {
  const { zip, problems, sources } = archive;
  const member = await zip.source(entry);
  const isSmall = member.byteLength <= PICKLE_CHECKED_BYTES;
  const bytes = isSmall ? await member.read(0, member.byteLength) : undefined;
  if (bytes && entry.crc32 !== undefined && crc32(bytes) !== entry.crc32) {
    problems.push({
      code: 'crc-mismatch',
      message: `${entry.name} does not have the checksum that the archive has for it; names and shapes may be wrong`,
      offset: entry.headerOffset,
    });
  }
  const pickle = await readPickle(bytes ? memorySource(bytes, member.name) : member);
  if (pickle.end < member.byteLength) {
    const message = `${member.byteLength - pickle.end} bytes follow the pickle in ${entry.name}`;
    problems.push({ code: 'trailing-bytes', message });
  }
  const imports = pickle.imports.map((imported) => ({ ...imported, stream: entry.name }));
  return { pickle, member, checksums: entryChecksums(entry, member, sources), imports };
}

/** What the archive records about the bytes of an entry. */
export function entryChecksums(
  entry: ZipEntry,
  source: ByteSource,
  sources: SourceList,
): readonly Checksum[] {
  if (entry.crc32 === undefined) return [];
  const { source: index, offset: begin } = sources.place(source, 0);
  return [{ algorithm: 'crc32', expected: entry.crc32, source: index, begin, end: begin + entry.byteLength }];
}

/**
 * Reads a whole entry of text.
 * @param most bytes.
 * @throws AppError `limit` for a longer one, and as reading throws.
 */
export async function readMemberText(zip: ZipArchive, entry: ZipEntry, most: number): Promise<string> {
  if (entry.byteLength > most) {
    throw new AppError('limit', `${entry.name} is longer than we read`, {
      expected: `at most ${most} bytes`,
      found: `${entry.byteLength} bytes`,
    });
  }
  const source = await zip.source(entry);
  const bytes = await source.read(0, source.byteLength);
  await source.close();
  return new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes);
}

/** Every entry and the directory, by what they are. */
export async function archiveRegions({
  source,
  zip,
  prefix,
  sources,
}: TorchArchive): Promise<readonly Region[]> {
  const regions: Region[] = [];
  const add = (begin: number, end: number, label: string): void => {
    const at = sources.place(source, begin);
    regions.push({ source: at.source, begin: at.offset, end: at.offset + end - begin, label });
  };
  for (const entry of zip.entries) {
    const name = entry.name.startsWith(prefix) ? entry.name.slice(prefix.length) : entry.name;
    const begin = await zip.dataOffset(entry).catch(() => undefined);
    if (begin === undefined || entry.compressedByteLength === 0) continue;
    const label = name.startsWith('data/') ? `storage ${name.slice('data/'.length)}` : name;
    add(begin, begin + entry.compressedByteLength, label);
  }
  add(zip.directory.begin, zip.directory.end, 'zip directory');
  return regions;
}

async function readRecords(zip: ZipArchive, prefix: string): Promise<ReadonlyMap<string, string>> {
  const records = new Map<string, string>();
  for (const entry of zip.entries) {
    const name = entry.name.slice(prefix.length);
    if (!entry.name.startsWith(prefix) || !RECORDS.has(name) || entry.byteLength > RECORD_BYTES) continue;
    const source = await zip.source(entry);
    records.set(
      name,
      Buffer.from(await source.read(0, source.byteLength))
        .toString('latin1')
        .trim(),
    );
    await source.close();
  }
  return records;
}

const RECORDS: ReadonlySet<string> = new Set([
  'version',
  '.data/version',
  'byteorder',
  '.format_version',
  '.storage_alignment',
  '.data/serialization_id',
  'archive_format',
  'archive_version',
]);

function byteOrderOf(records: ReadonlyMap<string, string>, problems: Problem[]): 'little' | 'big' {
  const stated = records.get('byteorder');
  if (stated === 'big') return 'big';
  if (stated !== undefined && stated !== 'little') {
    problems.push({ code: 'byte-order', message: `the byte order is stated as ${stated}; little is taken` });
  }
  return 'little';
}
