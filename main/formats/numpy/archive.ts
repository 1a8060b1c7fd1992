// NumPy .npz archives: zip files of .npy members, stored or deflated, by numpy.savez, MXNet 2 and others.
import { sourceList, type SourceList } from '#main/bytes/source-list.ts';
import type { ByteSource } from '#main/bytes/source.ts';
import { STORED, type ZipArchive, type ZipEntry } from '#main/encodings/zip/zip.ts';
import type { Checkpoint, Checksum, Region, StoredTensor } from '#main/formats/contract.ts';
import { openArray, type ArrayContent } from '#main/formats/numpy/array-file.ts';
import { joinSparse } from '#main/formats/numpy/sparse-members.ts';
import { metadataFrom, type MetadataValue, type Problem } from '#shared/checkpoint.ts';
import { AppError } from '#shared/errors.ts';

/** Members whose headers are read at the same time. */
const PARALLEL = 16;
/** What MXNet writes there has 128 bytes and a word. */
const FORMAT_BYTES = 256;

/** Opens every member's header; a member that cannot be described is a problem, not the end. */
export async function openArchive(source: ByteSource, zip: ZipArchive): Promise<Checkpoint> {
  const sources = sourceList(source);
  const members = zip.entries.filter((entry) => !entry.name.endsWith('/'));
  await zip.locate(members);
  const problems: Problem[] = [];
  const contents: Member[] = [];
  for (let first = 0; first < members.length; first += PARALLEL) {
    const batch = members.slice(first, first + PARALLEL);
    const opened = await Promise.all(batch.map((entry) => openMember(zip, entry, sources)));
    for (const member of opened) {
      if (member instanceof AppError) problems.push({ code: member.code, message: member.message });
      else contents.push(member);
    }
  }
  const arrays = contents.map(({ content }) => content);
  const tensors = await joinSparse(
    arrays.flatMap((array) => array.tensors),
    sources,
    problems,
  );
  const metadata = contents.flatMap(({ name, content }): [string, MetadataValue][] =>
    content.metadata && Object.keys(content.metadata).length > 0 ? [[name, content.metadata]] : [],
  );
  return {
    format: 'numpy',
    dialect: dialectOf(members, arrays),
    layout: 'dict',
    sources: sources.sources,
    tensors,
    regions: [...arrays.flatMap(({ regions }) => regions), directoryRegion(zip)],
    imports: arrays.flatMap(({ imports }) => imports),
    problems: [...zip.problems, ...problems, ...arrays.flatMap((array) => array.problems)],
    metadata: metadataFrom(metadata),
  };
}

interface Member {
  readonly name: string;
  readonly content: ArrayContent;
}

async function openMember(zip: ZipArchive, entry: ZipEntry, sources: SourceList): Promise<Member | AppError> {
  const name = entry.name.endsWith('.npy') ? entry.name.slice(0, -'.npy'.length) : entry.name;
  try {
    const member = await zip.source(entry);
    const at = sources.place(member, 0);
    const checksums = checksumsOf(entry, at.source, at.offset);
    try {
      return { name, content: await openArray(member, { name, stream: entry.name, sources, checksums }) };
    } finally {
      // an inflater would hold its buffers until the values are read; it starts again for these
      await member.close();
    }
  } catch (error) {
    if (!(error instanceof AppError) || error.code === 'io') throw error;
    const mangled = await mangledFormat(zip, entry, name);
    if (mangled) return { name, content: mangled };
    return new AppError(error.code, `${entry.name}: ${error.message}`, error.fields, error);
  }
}

/** MXNet 2 names the layout of a sparse array in a member whose header two of its lines were printed into. */
async function mangledFormat(
  zip: ZipArchive,
  entry: ZipEntry,
  name: string,
): Promise<ArrayContent | undefined> {
  if (!entry.name.endsWith('/format.npy') || entry.byteLength > FORMAT_BYTES) return undefined;
  const source = await zip.source(entry);
  const text = Buffer.from(await source.read(0, source.byteLength)).toString('latin1');
  const value = text.slice(text.lastIndexOf('\n') + 1);
  if (!text.includes("{'descr': '|s") || !['csr', 'row_sparse'].includes(value)) return undefined;
  const format: StoredTensor = {
    name,
    dtype: 'str',
    shape: [],
    storage: { kind: 'strings', values: [value] },
  };
  const nothing = { imports: [], problems: [], regions: [], metadata: undefined };
  return { ...nothing, version: undefined, layout: 'tensor', tensors: [format] };
}

/** The zip's CRC-32 is of the uncompressed data. */
function checksumsOf(entry: ZipEntry, source: number, begin: number): readonly Checksum[] {
  if (entry.crc32 === undefined) return [];
  return [{ algorithm: 'crc32', expected: entry.crc32, source, begin, end: begin + entry.byteLength }];
}

function dialectOf(members: readonly ZipEntry[], arrays: readonly ArrayContent[]): string {
  if (members.length === 0) return 'NumPy archive without members';
  const packing = members.every((entry) => entry.method === STORED) ? 'stored' : 'compressed';
  const versions = [...new Set(arrays.flatMap(({ version }) => version ?? []))].sort().join(', ');
  // MXNet 2 writes its archives with miniz, which leaves this trace; NumPy uses Python's zipfile
  const isMiniz = members.every((entry) => entry.madeBy === 0 && (entry.flags & 0x0808) === 0x0808);
  const writer = isMiniz ? ', as MXNet 2 writes it' : '';
  return `NumPy archive, ${packing}, .npy ${versions}${writer}`;
}

function directoryRegion(zip: ZipArchive): Region {
  return { source: 0, ...zip.directory, label: 'zip directory' };
}
