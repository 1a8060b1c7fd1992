/** Which files make up a checkpoint, from whichever of them was opened. */
import type { Folder } from '#main/bytes/folder.ts';
import { endsLikeTable } from '#main/encodings/sorted-table/sorted-table.ts';
import type { FileInput, FolderInput, FormatInput } from '#main/formats/input.ts';

/** An index that was found, by its base name in a folder. */
export interface FoundIndex {
  readonly indexName: string;
  /** Absent where a lone file is not in a folder that we may look into. */
  readonly folder: Folder | undefined;
  readonly isSavedModel: boolean;
}

const INDEX = '.index';
const DATA = /^(.+)\.data-\d{5}-of-\d{5}$/s;
const META_GRAPH = /^(.+)\.meta$/s;

/** The name without `.index`, which is what TensorFlow calls the checkpoint. */
export function prefixOf(indexName: string): string {
  return indexName.endsWith(INDEX) ? indexName.slice(0, -INDEX.length) : indexName;
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

async function findFromFile({ name, folder, head, tail }: FileInput): Promise<readonly FoundIndex[]> {
  if (endsLikeTable(tail)) return [{ indexName: name, folder, isSavedModel: false }];
  if (!folder) return [];
  if (name === 'saved_model.pb') return savedModelIn(folder);
  // data files are bare values: only the names beside them tell what they are
  const prefix = DATA.exec(name)?.[1] ?? META_GRAPH.exec(name)?.[1] ?? statedPrefix(head);
  if (prefix === undefined || !(await folder.has(prefix + INDEX))) return [];
  return [{ indexName: prefix + INDEX, folder, isSavedModel: false }];
}

async function findInFolder({ folder }: FolderInput): Promise<readonly FoundIndex[]> {
  const names = (await folder.list()).filter(({ isFolder }) => !isFolder).map(({ name }) => name);
  const withData = new Set(names.flatMap((name) => DATA.exec(name)?.[1] ?? []));
  const indexes = names.filter((name) => name.endsWith(INDEX) && withData.has(prefixOf(name)));
  if (indexes.length > 1 && names.includes('checkpoint')) {
    const stated = await readStatedPrefix(folder);
    const newest = indexes.find((name) => prefixOf(name) === stated);
    if (newest !== undefined) return [{ indexName: newest, folder, isSavedModel: false }];
  }
  if (indexes.length > 0) return indexes.map((indexName) => ({ indexName, folder, isSavedModel: false }));
  return savedModelIn(folder);
}

async function savedModelIn(folder: Folder): Promise<readonly FoundIndex[]> {
  if (!(await folder.has('variables'))) return [];
  const variables = folder.folder('variables');
  const hasIndex = await variables.has('variables.index');
  return hasIndex ? [{ indexName: 'variables.index', folder: variables, isSavedModel: true }] : [];
}

async function readStatedPrefix(folder: Folder): Promise<string | undefined> {
  const source = await folder.open('checkpoint');
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
