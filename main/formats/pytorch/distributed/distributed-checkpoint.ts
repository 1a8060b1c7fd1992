// Distributed checkpoints: torch/distributed/checkpoint (filesystem.py, metadata.py, default_planner.py).
import { sourceList, type SourceList } from '#main/bytes/source-list.ts';
import type { ByteSource } from '#main/bytes/source.ts';
import { readPickle } from '#main/encodings/pickle/pickle.ts';
import type { Checkpoint, StoredTensor } from '#main/formats/contract.ts';
import type { FormatInput } from '#main/formats/input.ts';
import { distributedDialect } from '#main/formats/pytorch/dialect.ts';
import { dataFiles, type DataFiles } from '#main/formats/pytorch/distributed/data-files.ts';
import type { FoundCheckpoint } from '#main/formats/pytorch/distributed/find-checkpoint.ts';
import { addFindings, addObject, type Gathering } from '#main/formats/pytorch/distributed/gathering.ts';
import {
  parseMetadata,
  sliceKey,
  type Entry,
  type Metadata,
} from '#main/formats/pytorch/distributed/metadata.ts';
import { readSlice, type SliceContent } from '#main/formats/pytorch/distributed/slices.ts';
import { assembleTensor, type FoundChunk } from '#main/formats/pytorch/distributed/tensors.ts';
import { metadataFrom, type Problem } from '#shared/checkpoint.ts';
import { AppError, isAppError } from '#shared/errors.ts';

/** Everything that was saved, by full name, from all its files. */
export async function openDistributed(found: FoundCheckpoint, input: FormatInput): Promise<Checkpoint> {
  const own = input.kind === 'file' ? input.source : undefined;
  const source = await found.openMetadata();
  const sources = sourceList(source);
  try {
    const checkpoint = await read(found, input, source, sources);
    // whatever was opened is closed with the checkpoint, a part that only led here included
    if (own) sources.place(own, 0);
    return { ...checkpoint, sources: sources.sources };
  } catch (error) {
    await Promise.all(sources.sources.filter((one) => one !== own).map((one) => one.close()));
    throw error;
  }
}

async function read(
  { folder }: FoundCheckpoint,
  input: FormatInput,
  source: ByteSource,
  sources: SourceList,
): Promise<Checkpoint> {
  const pickle = await readPickle(source);
  const metadata = parseMetadata(pickle.root);
  const regions = [{ source: 0, begin: 0, end: source.byteLength, label: 'metadata' }];
  const problems: Problem[] = [];
  const imports = pickle.imports.map((imported) => ({ ...imported, stream: source.name }));
  const gathering: Gathering = { tensors: [], values: [], imports, regions, problems };
  const names = new Set([...metadata.slices.values()].map(({ file }) => file));
  const files = dataFiles(input, folder, names.size, sources, problems);
  for (const [name, entry] of metadata.entries)
    await addEntry(name, entry, metadata, files, sources, gathering);
  if (folder) problems.push(...(await strayParts(folder, names)));
  return {
    format: 'pytorch',
    dialect: distributedDialect(names.size, gathering.records),
    layout: 'dict',
    sources: sources.sources,
    tensors: gathering.tensors,
    regions,
    imports,
    problems,
    metadata: metadataFrom([
      ...gathering.values,
      ...(metadata.version === undefined ? [] : [['checkpoint_version', metadata.version] as const]),
    ]),
  };
}

/** A name that cannot be read is a problem, and a row without data where dtype and shape are known; the others stay readable. */
async function addEntry(
  name: string,
  entry: Entry,
  metadata: Metadata,
  files: DataFiles,
  sources: SourceList,
  gathering: Gathering,
): Promise<void> {
  const { tensors, problems } = gathering;
  const part = (origin?: readonly number[]): Promise<SliceContent> =>
    readPart(name, origin, metadata, files, sources, gathering);
  try {
    switch (entry.kind) {
      case 'broken':
        throw entry.error;
      case 'object':
        addObject(name, await part(), gathering);
        break;
      case 'tensor': {
        const chunks: FoundChunk[] = [];
        for (const place of entry.chunks)
          chunks.push({ place, stored: loneTensor(await part(place.origin)) });
        tensors.push(assembleTensor(name, entry, chunks));
      }
    }
  } catch (error) {
    if (!isAppError(error) || error.code === 'io' || error.code === 'cancelled') throw error;
    const code = error.code === 'not-found' ? 'missing-part' : error.code;
    problems.push({ code, message: error.message, tensor: name });
    if (entry.kind !== 'tensor') return;
    tensors.push({ name, dtype: entry.dtype, shape: entry.shape, storage: { kind: 'none' } });
  }
}

async function readPart(
  name: string,
  origin: readonly number[] | undefined,
  { slices }: Metadata,
  files: DataFiles,
  sources: SourceList,
  gathering: Gathering,
): Promise<SliceContent> {
  const slice = slices.get(sliceKey(name, origin));
  if (!slice) throw new AppError('corrupt', `the metadata do not tell where ${partName(origin)} lies`);
  const file = await files.find(slice.file);
  if (!file)
    throw new AppError('not-found', `${partName(origin)} lies in ${slice.file}, which cannot be read`);
  const content = await readSlice(slice, file, sources);
  const label = origin && origin.length > 0 ? `${name} at [${origin.join(', ')}]` : name;
  const { source, offset } = sources.place(file, slice.offset);
  gathering.regions.push({ source, begin: offset, end: offset + slice.byteLength, label });
  addFindings(name, content, gathering);
  return content;
}

function partName(origin: readonly number[] | undefined): string {
  return origin && origin.length > 0 ? `the part at [${origin.join(', ')}]` : 'the value';
}

function loneTensor({ graph }: SliceContent): StoredTensor {
  const [tensor] = graph.tensors;
  if (tensor && graph.layout === 'tensor') return tensor;
  throw new AppError('corrupt', 'a part of the tensor is something else');
}

/** Files that look like parts, and that the metadata do not name. */
async function strayParts(
  folder: NonNullable<FoundCheckpoint['folder']>,
  names: ReadonlySet<string>,
): Promise<readonly Problem[]> {
  const stray = (await folder.list()).filter(
    ({ name, isFolder }) => !isFolder && name.endsWith('.distcp') && !names.has(name),
  );
  return stray.map(({ name }) => ({
    code: 'extra-part',
    message: `${name} lies in the folder and belongs to no tensor of the checkpoint`,
  }));
}
