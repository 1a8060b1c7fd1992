// GGUF, versions 1 to 3: ggml docs/gguf.md, and llama.cpp's sets of split files.
import type { Folder } from '#main/bytes/folder.ts';
import { openWithin } from '#main/bytes/folder-path.ts';
import type { ByteSource } from '#main/bytes/source.ts';
import type { Checkpoint, CodePart, Format, StoredTensor } from '#main/formats/contract.ts';
import { describeFileType } from '#main/formats/gguf/file-type.ts';
import { readGgufFile, type GgufFile } from '#main/formats/gguf/gguf-file.ts';
import { findParts, numberOf, partName, type GgufPart, type GgufSet } from '#main/formats/gguf/splits.ts';
import { startsWith, type FormatInput } from '#main/formats/input.ts';
import { metadataFrom, type MetadataValue, type Problem } from '#shared/checkpoint.ts';
import { AppError } from '#shared/errors.ts';

const MAGIC = [0x47, 0x47, 0x55, 0x46] as const;

export const gguf: Format = {
  name: 'gguf',
  title: 'GGUF',
  reads: 'versions 1 to 3 of either byte order, all block types with their real numbers, split files as one',
  extensions: ['gguf'],
  claims: async (input: FormatInput) =>
    input.kind === 'file' ? startsWith(input.head, MAGIC) : (await firstPartIn(input.folder)) !== undefined,
  open,
};

async function open(input: FormatInput): Promise<Checkpoint> {
  if (input.kind === 'file') return openSet(input.name, input.source, input.folder);
  const name = await firstPartIn(input.folder);
  if (name === undefined) throw new AppError('internal', 'the folder holds no set of GGUF files');
  const source = await openWithin(input.folder, name);
  try {
    return await openSet(name, source, input.folder);
  } catch (error) {
    await source.close();
    throw error;
  }
}

/** The first part of the one set of split files that a folder consists of. */
async function firstPartIn(folder: Folder): Promise<string | undefined> {
  const names = (await folder.list()).map(({ name }) => name).filter((name) => name.endsWith('.gguf'));
  const [first, ...others] = names.map(partName);
  const isOneSet =
    first && others.every((other) => other?.stem === first.stem && other.count === first.count);
  return isOneSet ? names[0] : undefined;
}

async function openSet(name: string, source: ByteSource, folder: Folder | undefined): Promise<Checkpoint> {
  const file = await readGgufFile(source);
  return assemble(await findParts({ name, source, file }, folder));
}

function assemble({ parts, count, problems }: GgufSet): Checkpoint {
  const first = parts[0]!.file;
  return {
    format: gguf.name,
    dialect: dialectOf(first, count),
    layout: 'dict',
    sources: parts.map(({ source }) => source),
    tensors: parts.flatMap(({ file }, at) => file.tensors.map((tensor) => inSource(tensor, at))),
    regions: parts.flatMap(({ file }, at) => file.regions.map((region) => ({ ...region, source: at }))),
    imports: [],
    code: templatesIn(parts[0]!),
    problems: [...problems, ...parts.flatMap((part) => problemsOf(part, count))],
    metadata: metadataFrom(namedPairs(first)),
  };
}

/** Chat templates are programs: readers of the file run them to put a prompt together. */
function templatesIn({ source, file }: GgufPart): readonly CodePart[] {
  return file.pairs.flatMap(({ key, value }) =>
    /^tokenizer\.chat_template(\.|$)/.test(key) && typeof value === 'string'
      ? [{ kind: 'chat-template', name: key, stream: source.name, text: value }]
      : [],
  );
}

function inSource(tensor: StoredTensor, source: number): StoredTensor {
  const { storage } = tensor;
  return storage.kind === 'dense' ? { ...tensor, storage: { ...storage, source } } : tensor;
}

/** With the file named where there are several. */
function problemsOf({ source, file }: GgufPart, count: number): readonly Problem[] {
  if (count === 1) return file.problems;
  return file.problems.map((problem) => ({ ...problem, message: `${source.name}: ${problem.message}` }));
}

/** Pairs by key; a key that comes again gets a number. */
function namedPairs({ pairs }: GgufFile): (readonly [string, MetadataValue])[] {
  const taken = new Set<string>();
  return pairs.map(({ key, value }) => {
    let name = key;
    for (let number = 2; taken.has(name); number++) name = `${key}#${number}`;
    taken.add(name);
    return [name, value] as const;
  });
}

function dialectOf({ version, byteOrder, pairs }: GgufFile, count: number): string {
  const architecture = pairs.find(({ key }) => key === 'general.architecture')?.value;
  const fileType = numberOf(pairs, 'general.file_type');
  const mix = fileType === undefined ? undefined : (describeFileType(fileType) ?? `file type ${fileType}`);
  return [
    `GGUF version ${version}`,
    ...(byteOrder === 'big' ? ['big-endian'] : []),
    ...(typeof architecture === 'string' && architecture !== '' ? [`${architecture} architecture`] : []),
    ...(mix === undefined ? [] : [mix]),
    ...(count > 1 ? [`in ${count} parts`] : []),
  ].join(', ');
}
