/** Which files make up a checkpoint, from whichever of them was opened. */
import { isBareName, type Folder, type FolderEntry } from '#main/bytes/folder.ts';
import { openWithin } from '#main/bytes/folder-path.ts';
import { TAIL_BYTES } from '#main/bytes/limits.ts';
import { endsLikeTable } from '#main/encodings/sorted-table/sorted-table.ts';
import type { FileInput, FolderInput, FormatInput } from '#main/formats/input.ts';
import { isPartName, stemOf } from '#main/formats/tensorflow/version1-names.ts';

/** An index that was found, by its base name in a folder. */
export interface FoundIndex {
  readonly indexName: string;
  /** Absent where a lone file is not in a folder that we may look into. */
  readonly folder: Folder | undefined;
  /** The folder above, where the variables are those of a SavedModel. */
  readonly savedModel?: Folder;
}

const INDEX = '.index';
/** What a save that was interrupted leaves keeps the name that it was written under. */
const INDEX_NAME = /^(.+)\.index(\.tempstate\d+)?$/s;
const DATA = /^(.+)\.data-\d{5}-of-\d{5}(?:\.tempstate\d+)?$/s;
const META_GRAPH = /^(.+)\.meta$/s;

/** The name without `.index`, which is what TensorFlow calls the checkpoint. */
export function prefixOf(indexName: string): string {
  return INDEX_NAME.exec(indexName)?.[1] ?? indexName;
}

/** Whether an index still has the name under which it was written. */
export function isUnfinished(indexName: string): boolean {
  return INDEX_NAME.exec(indexName)?.[2] !== undefined;
}

/** Which part of how many a sharded save's own files are, before they are joined; undefined for other names. */
export function temporaryPart(
  indexName: string,
): { readonly part: number; readonly count: number } | undefined {
  const [, part, count] = /^part-(\d{5})-of-(\d{5})$/.exec(prefixOf(indexName)) ?? [];
  return part === undefined ? undefined : { part: Number(part), count: Number(count) };
}

export function shardName(prefix: string, shard: number, count: number): string {
  return `${prefix}.data-${digits(shard)}-of-${digits(count)}`;
}

function digits(number: number): string {
  return String(number).padStart(5, '0');
}

/**
 * The indexes that an input stands for: none where it is no part of a checkpoint, several for a folder with
 * several and no word about which is meant.
 */
export async function findIndexes(input: FormatInput): Promise<readonly FoundIndex[]> {
  return input.kind === 'file' ? findFromFile(input) : findInFolder(input);
}

async function findFromFile({ name, folder, around, head, tail }: FileInput): Promise<readonly FoundIndex[]> {
  if (!folder) return endsLikeTable(tail) ? [{ indexName: name, folder }] : [];
  if (SAVED_MODEL.has(name)) return savedModelIn(folder);
  if (
    folder.name === VARIABLES &&
    name.startsWith(`${VARIABLES}.`) &&
    (await around[0]?.has('saved_model.pb'))
  ) {
    const saved = await savedModelIn(around[0]!);
    if (saved.length > 0) return saved;
  }
  if (endsLikeTable(tail)) return withSiblings({ indexName: name, folder });
  // data files are bare values: only the names beside them tell what they are
  const prefix = DATA.exec(name)?.[1] ?? META_GRAPH.exec(name)?.[1] ?? statedPrefix(head);
  if (prefix === undefined) return [];
  const indexName = await tableOf(prefix, folder);
  return indexName === undefined ? [] : withSiblings({ indexName, folder });
}

/** Of a sharded save that was not joined, all the parts that are there. */
async function withSiblings(found: {
  readonly indexName: string;
  readonly folder: Folder;
}): Promise<readonly FoundIndex[]> {
  const { indexName, folder } = found;
  if (!temporaryPart(indexName)) return [found];
  const names = fileNames(await folder.list());
  return names
    .filter((name) => INDEX_NAME.test(name) && temporaryPart(name))
    .map((name) => ({ indexName: name, folder }));
}

/** The file with the names of what TensorFlow calls by a prefix: an index or, of version 1, the checkpoint itself or its first part. */
async function tableOf(prefix: string, folder: Folder): Promise<string | undefined> {
  if (!isBareName(prefix)) return undefined;
  if (await folder.has(prefix + INDEX)) return prefix + INDEX;
  // a note names the parts of version 1 by a pattern
  const names = fileNames(await folder.list());
  const unfinished = names.find((name) => isUnfinished(name) && prefixOf(name) === prefix);
  if (unfinished !== undefined) return unfinished;
  const own = names.filter((name) => name === prefix || prefix === stemOf(name) || isMatch(prefix, name));
  for (const name of own.slice(0, MOST_LOOKED_AT)) if (await isTable(folder, name)) return name;
  return undefined;
}

function isMatch(pattern: string, name: string): boolean {
  return (
    pattern.includes('?') &&
    pattern.length === name.length &&
    [...pattern].every((character, at) => character === '?' || character === name[at])
  );
}

/** Files of version 1 have no name of their own: these are looked at. */
const MOST_LOOKED_AT = 32;

async function isTable(folder: Folder, name: string): Promise<boolean> {
  const source = await openWithin(folder, name);
  try {
    const length = Math.min(source.byteLength, TAIL_BYTES);
    return endsLikeTable(await source.read(source.byteLength - length, length));
  } finally {
    await source.close();
  }
}

/** Checkpoints of version 1, by the first part of each. */
async function version1In(folder: Folder, names: readonly string[]): Promise<readonly FoundIndex[]> {
  const firsts = new Map<string, string>();
  for (const name of names) {
    if (isPartName(name) && !DATA.test(name) && !firsts.has(stemOf(name))) firsts.set(stemOf(name), name);
    // one file, and its graph beside it
    if (names.includes(`${name}.meta`) && !firsts.has(name)) firsts.set(name, name);
  }
  const found: FoundIndex[] = [];
  for (const indexName of [...firsts.values()].slice(0, MOST_LOOKED_AT)) {
    if (await isTable(folder, indexName)) found.push({ indexName, folder });
  }
  return found;
}

/** Saver writes the parts of a sharded save into a folder of their own and joins them at the end. */
const TEMPORARY = /_temp(_[0-9a-f]+)?$/;

async function unfinishedIn(folder: Folder, entries: readonly FolderEntry[]): Promise<readonly FoundIndex[]> {
  for (const { name, isFolder } of entries) {
    if (!isFolder || !TEMPORARY.test(name)) continue;
    const inner = folder.folder(name);
    const indexes = fileNames(await inner.list()).filter((one) => INDEX_NAME.test(one));
    if (indexes.length > 0) return indexes.map((indexName) => ({ indexName, folder: inner }));
  }
  return [];
}

function fileNames(entries: readonly FolderEntry[]): readonly string[] {
  return entries.filter(({ isFolder }) => !isFolder).map(({ name }) => name);
}

async function findInFolder({ folder }: FolderInput): Promise<readonly FoundIndex[]> {
  const entries = await folder.list();
  const names = fileNames(entries);
  const withData = new Set(names.flatMap((name) => DATA.exec(name)?.[1] ?? []));
  const indexes = names.filter((name) => {
    const prefix = prefixOf(name);
    if (prefix === name || !withData.has(prefix)) return false;
    return !isUnfinished(name) || !names.includes(prefix + INDEX);
  });
  if (indexes.length > 1 && names.includes('checkpoint')) {
    const stated = await readStatedPrefix(folder);
    const newest = indexes.find((name) => prefixOf(name) === stated);
    if (newest !== undefined) return [{ indexName: newest, folder }];
  }
  if (indexes.length > 0) return indexes.map((indexName) => ({ indexName, folder }));
  const savedModel = await savedModelIn(folder);
  if (savedModel.length > 0) return savedModel;
  const version1 = await version1In(folder, names);
  if (version1.length !== 1 && names.includes('checkpoint')) {
    const stated = await readStatedPrefix(folder);
    const newest = stated === undefined ? undefined : await tableOf(stated, folder);
    if (newest !== undefined) return [{ indexName: newest, folder }];
  }
  return version1.length > 0 ? version1 : unfinishedIn(folder, entries);
}

/** Files that lie beside the variables of a SavedModel. */
const SAVED_MODEL: ReadonlySet<string> = new Set([
  'saved_model.pb',
  'saved_model.pbtxt',
  'keras_metadata.pb',
  'fingerprint.pb',
]);
const VARIABLES = 'variables';

async function savedModelIn(folder: Folder): Promise<readonly FoundIndex[]> {
  if (!(await folder.has(VARIABLES))) return [];
  const variables = folder.folder(VARIABLES);
  const hasIndex = await variables.has('variables.index');
  return hasIndex ? [{ indexName: 'variables.index', folder: variables, savedModel: folder }] : [];
}

async function readStatedPrefix(folder: Folder): Promise<string | undefined> {
  const source = await openWithin(folder, 'checkpoint');
  try {
    return statedPrefix(await source.read(0, Math.min(source.byteLength, STATE_BYTES)));
  } finally {
    await source.close();
  }
}

/** The newest checkpoint stands in the first line. */
const STATE_BYTES = 4096;
const STATED = /^\s*model_checkpoint_path:\s*"((?:[^"\\\n]|\\.)*)"/;

/** What a `checkpoint` file names as the newest, as a base name: the path before it is that of another machine. */
function statedPrefix(head: Uint8Array): string | undefined {
  const text = Buffer.from(head.buffer, head.byteOffset, Math.min(head.byteLength, STATE_BYTES)).toString(
    'latin1',
  );
  const quoted = STATED.exec(text)?.[1];
  if (quoted === undefined) return undefined;
  return unescapeBytes(quoted).split(/[/\\]/).at(-1);
}

/** C escapes of protobuf's text form, which writes every byte beyond ASCII as one. */
function unescapeBytes(quoted: string): string {
  const bytes = quoted.replaceAll(
    /\\(?:([0-7]{1,3})|x([0-9a-fA-F]{1,2})|(.))/g,
    (_, octal, hex, character) =>
      octal !== undefined
        ? String.fromCharCode(Number.parseInt(octal as string, 8) & 0xff)
        : hex !== undefined
          ? String.fromCharCode(Number.parseInt(hex as string, 16))
          : (character as string),
  );
  return Buffer.from(bytes, 'latin1').toString('utf8');
}
