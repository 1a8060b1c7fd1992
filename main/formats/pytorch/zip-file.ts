// PyTorch's zip container: torch/serialization.py (_save, _load), caffe2/serialize/inline_container.cc.
import { crc32 } from '#main/bytes/crc32.ts';
import { PICKLE_CHECKED_BYTES } from '#main/bytes/limits.ts';
import { memorySource } from '#main/bytes/memory-source.ts';
import { sourceList, type SourceList } from '#main/bytes/source-list.ts';
import type { ByteSource } from '#main/bytes/source.ts';
import { asKind, itemsOf } from '#main/encodings/pickle/nodes.ts';
import { readPickle, type Pickle } from '#main/encodings/pickle/pickle.ts';
import type { ZipArchive, ZipEntry } from '#main/encodings/zip/zip.ts';
import type { Checkpoint, Checksum, Region } from '#main/formats/contract.ts';
import { zipDialect } from '#main/formats/pytorch/dialect.ts';
import { readObjectGraph } from '#main/formats/pytorch/object-graph.ts';
import type { PlacedStorage, Storages } from '#main/formats/pytorch/storages.ts';
import type { StorageId } from '#main/formats/pytorch/tensor-view.ts';
import type { Problem } from '#shared/checkpoint.ts';
import { AppError } from '#shared/errors.ts';

const PICKLE_NAME = 'data.pkl';
/** Small records beside the pickle are a few bytes long. */
const RECORD_BYTES = 256;

/**
 * The folder that a torch.save archive keeps everything in, with its slash; empty where there is none.
 * @returns undefined for other archives: without a pickle, or TorchScript's, which have constants as well.
 */
export function torchPrefix(zip: ZipArchive): string | undefined {
  const pickles = zip.entries.filter(({ name }) => name === PICKLE_NAME || isDirectlyIn(name, PICKLE_NAME));
  if (pickles.length === 0) return undefined;
  const prefix = pickles[0]!.name.slice(0, -PICKLE_NAME.length);
  return zip.find(`${prefix}constants.pkl`) ? undefined : prefix;
}

function isDirectlyIn(path: string, name: string): boolean {
  return path.indexOf('/') === path.length - name.length - 1 && path.endsWith(`/${name}`);
}

/** Reads the archive's directory, its pickle and its small records; storages stay where they are. */
export async function openZipFile(source: ByteSource, zip: ZipArchive, prefix: string): Promise<Checkpoint> {
  const problems: Problem[] = [];
  await zip.locate(zip.entries);
  const sources = sourceList(source);
  const stream = `${prefix}${PICKLE_NAME}`;
  const entry = zip.find(stream)!;
  const member = await zip.source(entry);
  const pickle = await readCheckedPickle(member, entry, problems);
  const records = await readRecords(zip, prefix);
  const byteOrder = byteOrderOf(records, problems);
  const storages = storagesOf(zip, prefix, sources, byteOrder, checksumsOf(entry, member, sources));
  const graph = await readObjectGraph(pickle, { storages, pickleSource: member, problems });
  const unused = unusedStorages(zip, prefix, pickle, storages.used);
  return {
    format: 'pytorch',
    dialect: zipDialect(records, byteOrder, graph.metadata),
    ...graph,
    sources: sources.sources,
    regions: await regionsOf(zip, prefix),
    imports: pickle.imports.map((imported) => ({ ...imported, stream })),
    problems: [...zip.problems, ...problems, ...unused],
  };
}

/** A pickle of usual size is checked as a whole before it is believed. */
async function readCheckedPickle(member: ByteSource, entry: ZipEntry, problems: Problem[]): Promise<Pickle> {
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
  return pickle;
}

/** The texts beside the pickle by bare name: `version`, `byteorder`, `.format_version`, … */
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
]);

function byteOrderOf(records: ReadonlyMap<string, string>, problems: Problem[]): 'little' | 'big' {
  const stated = records.get('byteorder');
  if (stated === 'big') return 'big';
  if (stated !== undefined && stated !== 'little') {
    problems.push({ code: 'byte-order', message: `the byte order is stated as ${stated}; little is taken` });
  }
  return 'little';
}

interface ZipStorages extends Storages {
  /** Names of the entries that a tensor asked for. */
  readonly used: ReadonlySet<string>;
}

function storagesOf(
  zip: ZipArchive,
  prefix: string,
  sources: SourceList,
  byteOrder: 'little' | 'big',
  pickleChecksums: readonly Checksum[],
): ZipStorages {
  const placed = new Map<string, Promise<PlacedStorage>>();
  const used = new Set<string>();

  async function place(name: string): Promise<PlacedStorage> {
    const entry = zip.find(name);
    if (!entry) {
      throw new AppError('corrupt', `the storage ${name} is missing from the archive`, { expected: name });
    }
    const source = await zip.source(entry);
    return {
      source,
      offset: 0,
      byteLength: entry.byteLength,
      byteOrder,
      checksums: checksumsOf(entry, source, sources),
    };
  }

  return {
    sources,
    used,
    pickleChecksums,
    find: async (id: StorageId) => {
      const name = `${prefix}data/${id.key}`;
      used.add(name);
      if (!placed.has(name)) placed.set(name, place(name));
      const storage = await placed.get(name)!;
      if (id.byteLength <= storage.byteLength) return storage;
      throw new AppError('corrupt', `the storage ${name} is shorter than its tensors say`, {
        expected: `${id.byteLength} bytes`,
        found: `${storage.byteLength} bytes`,
      });
    },
  };
}

function checksumsOf(entry: ZipEntry, source: ByteSource, sources: SourceList): readonly Checksum[] {
  if (entry.crc32 === undefined) return [];
  const { source: index, offset: begin } = sources.place(source, 0);
  return [{ algorithm: 'crc32', expected: entry.crc32, source: index, begin, end: begin + entry.byteLength }];
}

/** Storages that no tensor has; those that the pickle names bare are no oversight. */
function unusedStorages(
  zip: ZipArchive,
  prefix: string,
  pickle: Pickle,
  used: ReadonlySet<string>,
): Problem[] {
  const rootId = itemsOf(asKind(pickle.root, 'persistent')?.id);
  const unused = zip.entries.filter(({ name }) => name.startsWith(`${prefix}data/`) && !used.has(name));
  if (unused.length === 0 || rootId) return [];
  const names = unused.slice(0, 3).map(({ name }) => name.slice(prefix.length));
  const message = `${unused.length} of the storages belong to no tensor: ${names.join(', ')}${unused.length > 3 ? ', …' : ''}`;
  return [{ code: 'unused-storage', message, offset: unused[0]!.headerOffset }];
}

async function regionsOf(zip: ZipArchive, prefix: string): Promise<readonly Region[]> {
  const regions: Region[] = [];
  for (const entry of zip.entries) {
    const name = entry.name.startsWith(prefix) ? entry.name.slice(prefix.length) : entry.name;
    const begin = await zip.dataOffset(entry).catch(() => undefined);
    if (begin === undefined || entry.compressedByteLength === 0) continue;
    const label = name.startsWith('data/') ? `storage ${name.slice('data/'.length)}` : name;
    regions.push({ source: 0, begin, end: begin + entry.compressedByteLength, label });
  }
  return [...regions, { source: 0, ...zip.directory, label: 'zip directory' }];
}
