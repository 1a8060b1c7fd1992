/** Which folder is the checkpoint that a file belongs to, however deep in it the file lies. */
import type { Folder } from '#main/bytes/folder.ts';
import { MANIFEST_NAME } from '#main/encodings/ocdbt/ocdbt.ts';
import { startsWith, type FileInput } from '#main/formats/input.ts';
import { isAggregate } from '#main/formats/orbax/aggregate.ts';
import { CHECKPOINT_METADATA, MEMBERS, PROCESS } from '#main/formats/orbax/member-names.ts';
import { TREE_METADATA } from '#main/formats/orbax/tree-metadata.ts';

/** The manifest's magic number. */
const MANIFEST_MAGIC = [0x0c, 0xdb, 0x3a, 0x2a] as const;
const TREE_BEGINS = /^\s*\{\s*"tree_metadata"\s*:/;
const ARRAY_FILES: ReadonlySet<string> = new Set(['.zattrs', '.zmetadata']);
const GROUPS = ['.zgroup', 'zarr.json'] as const;
const ARRAYS = ['.zarray', 'zarr.json'] as const;
/** Of a chunk, or of a folder on the way to one: `0.1`, or `c/0/1`. */
const CHUNK = /^(?:c|\d+(?:\.\d+)*)$/;
const DATA_FILE = /^[0-9a-f]{32}$/;
/** Of JSON that lies in a checkpoint beside its arrays. */
const JSON_ITEM = /^(?:metadata|metrics|.+\.json)$/;
const NUMBER = /^\d+$/;

/** @returns undefined for a file that is no part of a checkpoint. */
export async function stepAround(input: FileInput): Promise<Folder | undefined> {
  const { folder, around, name } = input;
  if (!folder) return undefined;
  const folders = [folder, ...around];
  const outer = around[0];
  if (isMember(input)) return stepOf(folders, 0);
  if (folder.name === 'd' && DATA_FILE.test(name))
    return (await outer?.has(MANIFEST_NAME)) ? stepOf(folders, 1) : undefined;
  if (folder.name === 'array_metadatas')
    return (await outer?.has(TREE_METADATA)) ? stepOf(folders, 1) : undefined;
  if (CHUNK.test(name)) {
    const array = await arrayAround(folders);
    return array === undefined ? undefined : stepOf(folders, array);
  }
  return JSON_ITEM.test(name) && (await outer?.has(CHECKPOINT_METADATA)) ? outer : undefined;
}

/** By name or, under another one, by content. */
function isMember({ name, head }: FileInput): boolean {
  if (MEMBERS.has(name) || ARRAY_FILES.has(name) || startsWith(head, MANIFEST_MAGIC)) return true;
  return TREE_BEGINS.test(Buffer.from(head.buffer, head.byteOffset, head.byteLength).toString('latin1'));
}

/** Which of the folders is the array that a chunk in the first of them is of. */
async function arrayAround(folders: readonly Folder[]): Promise<number | undefined> {
  for (const [at, folder] of folders.entries()) {
    if (await hasAny(folder, ARRAYS)) return at;
    if (!CHUNK.test(folder.name)) return undefined;
  }
  return undefined;
}

/** From any folder inside a checkpoint to that of the checkpoint itself. */
async function stepOf(folders: readonly Folder[], from: number): Promise<Folder> {
  const at = await itemAround(folders, from);
  const item = folders[at]!;
  const outer = folders[at + 1];
  if (!outer || (await item.has(CHECKPOINT_METADATA))) return item;
  if (await outer.has(CHECKPOINT_METADATA)) return outer;
  // before there was that file, steps were told by their numbers
  return NUMBER.test(outer.name) && !NUMBER.test(item.name) && (await item.has(TREE_METADATA)) ? outer : item;
}

/** Which of the folders holds all arrays: that of the database, of the tree, or the outermost group of zarr. */
async function itemAround(folders: readonly Folder[], from: number): Promise<number> {
  const inner = folders[from]!;
  if (PROCESS.test(inner.name) && folders[from + 1]) return from + 1;
  if (!(await hasAny(inner, [...ARRAYS, ...GROUPS]))) return from;
  for (let at = from; at < folders.length; at++) {
    const folder = folders[at]!;
    if ((await hasAny(folder, [TREE_METADATA, '_sharding'])) || (await isAggregate(folder))) return at;
  }
  let at = from;
  while (folders[at + 1] && (await hasAny(folders[at + 1]!, GROUPS))) at++;
  return at;
}

async function hasAny(folder: Folder, names: readonly string[]): Promise<boolean> {
  for (const name of names) if (await folder.has(name)) return true;
  return false;
}
