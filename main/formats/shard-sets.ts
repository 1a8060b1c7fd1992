/** Which files make up a sharded checkpoint, from the index, any of the parts, or the folder. */
import type { Folder } from '#main/bytes/folder.ts';
import { HEAD_BYTES, SHARD_INDEXES, SHARDS } from '#main/bytes/limits.ts';
import type { ByteSource } from '#main/bytes/source.ts';
import type { FileInput, FolderInput, FormatInput } from '#main/formats/input.ts';
import { readShardIndex, type ShardIndex } from '#main/formats/shard-index.ts';
import { isAppError } from '#shared/errors.ts';

/** The formats whose checkpoints come in parts, by the names of these. Of a folder that has several the first is taken. */
const KINDS = [
  { format: 'safetensors', part: /\.safetensors$/ },
  { format: 'pytorch', part: /\.(bin|pt|pth|ckpt)$/ },
  { format: 'flax', part: /\.msgpack$/ },
  // Keras itself has indexes of another kind for what ends in `.weights.h5`
  { format: 'keras', part: /(?<!\.weights)\.h5$/ },
] as const;

export type ShardedFormat = (typeof KINDS)[number]['format'];

/** Files that belong together. */
export interface ShardSet {
  readonly format: ShardedFormat;
  /** Undefined where only the names of the parts tell. */
  readonly index: ShardIndex | undefined;
  /** As the index has them or the names of others let expect them; whether they are there is not known yet. */
  readonly parts: readonly string[];
  readonly folder: Folder | undefined;
  /** Further sets in the same folder, by their index or first part. */
  readonly others: readonly string[];
}

const INDEX_NAME = /\.index(\.[\w-]+)?\.json$/;
const PART_NAME = /^(.+)-(\d{5})-of-(\d{5})(\.\w+)$/s;

/** The set of a format that an input stands for; undefined where it stands for none, or for another format's. */
export async function shardSetOf(input: FormatInput, format: ShardedFormat): Promise<ShardSet | undefined> {
  if (input.kind === 'folder') {
    const [first, ...others] = await setsIn(input);
    if (first?.format !== format) return undefined;
    return { ...first, others: others.map((set) => set.index?.name ?? set.parts[0]!) };
  }
  const own = await input.shardIndex();
  if (own) return formatOf(own) === format ? setOf(own, format, input.folder) : undefined;
  const { folder } = input;
  if (!folder || !partOf(format).test(input.name)) return undefined;
  const names = await fileNames(folder);
  const [numbered] = unindexedSets([input.name], folder);
  // one without any tensor is not named by the index, and the others of its numbers are
  const siblings = new Set([input.name, ...(numbered?.parts ?? [])]);
  for (const index of await indexesIn(folder, names)) {
    const isMember =
      formatOf(index) === format && [...index.files.values()].some((name) => siblings.has(name));
    if (isMember) return setOf(index, format, folder);
  }
  return numbered;
}

/** Files beside the parts that are numbered as these are, and that the index does not name. */
export async function strayParts({ index, parts, folder }: ShardSet): Promise<readonly string[]> {
  if (!index || !folder) return [];
  const known = new Set(parts);
  const series = new Set(parts.map(seriesOf));
  const names = await fileNames(folder);
  return names.filter((name) => PART_NAME.test(name) && series.has(seriesOf(name)) && !known.has(name));
}

/** What the names of numbered parts have in common. */
function seriesOf(name: string): string {
  return name.replace(PART_NAME, '$1/$3$4');
}

/** Whether the file is the index of a set of this format. */
export async function isShardIndex(input: FileInput, format: ShardedFormat): Promise<boolean> {
  const index = await input.shardIndex();
  return index !== undefined && formatOf(index) === format;
}

async function setsIn({ folder }: FolderInput): Promise<readonly ShardSet[]> {
  const names = await fileNames(folder);
  const indexed = (await indexesIn(folder, names)).flatMap((index) => {
    const format = formatOf(index);
    return format ? [setOf(index, format, folder)] : [];
  });
  const known = new Set(indexed.flatMap(({ parts }) => parts).map(seriesOf));
  const sets = [
    ...indexed,
    ...unindexedSets(
      names.filter((name) => !known.has(seriesOf(name))),
      folder,
    ),
  ];
  const rank = ({ format }: ShardSet): number => KINDS.findIndex((kind) => kind.format === format);
  return sets.sort((a, b) => rank(a) - rank(b));
}

async function fileNames(folder: Folder): Promise<readonly string[]> {
  return (await folder.list()).filter(({ isFolder }) => !isFolder).map(({ name }) => name);
}

async function indexesIn(folder: Folder, names: readonly string[]): Promise<readonly ShardIndex[]> {
  const found: ShardIndex[] = [];
  for (const name of names.filter((one) => INDEX_NAME.test(one)).slice(0, SHARD_INDEXES)) {
    const index = await indexAt(folder, name);
    if (index) found.push(index);
  }
  return found;
}

/** One that cannot be opened helps nobody to open the parts. */
async function indexAt(folder: Folder, name: string): Promise<ShardIndex | undefined> {
  let source: ByteSource | undefined;
  try {
    if (await folder.leadsOut?.(name)) return undefined;
    source = await folder.open(name);
    return await readShardIndex(source, await source.read(0, Math.min(HEAD_BYTES, source.byteLength)));
  } catch (error) {
    if (isAppError(error) && error.code !== 'cancelled') return undefined;
    throw error;
  } finally {
    await source?.close();
  }
}

/** Parts that only their numbered names hold together: `model-00001-of-00003.safetensors`. */
function unindexedSets(names: readonly string[], folder: Folder): readonly ShardSet[] {
  const sets = new Map<string, ShardSet>();
  for (const name of names) {
    const [, stem, , digits, extension] = PART_NAME.exec(name) ?? [];
    const format = KINDS.find(({ part }) => part.test(name))?.format;
    const count = Number(digits);
    if (stem === undefined || !format || !(count > 1 && count <= SHARDS)) continue;
    const key = `${stem}/${digits}${extension}`;
    if (sets.has(key)) continue;
    const parts = Array.from(
      { length: count },
      (_, index) => `${stem}-${String(index + 1).padStart(5, '0')}-of-${digits}${extension}`,
    );
    sets.set(key, { format, index: undefined, parts, folder, others: [] });
  }
  return [...sets.values()];
}

function setOf(index: ShardIndex, format: ShardedFormat, folder: Folder | undefined): ShardSet {
  return { format, index, parts: [...new Set(index.files.values())], folder, others: [] };
}

/** The format that all files of an index are of, by their names. */
function formatOf({ files }: ShardIndex): ShardedFormat | undefined {
  const names = [...new Set(files.values())];
  return KINDS.find(({ part }) => names.every((name) => part.test(name)))?.format;
}

function partOf(format: ShardedFormat): RegExp {
  return KINDS.find((kind) => kind.format === format)!.part;
}
