import { ORBAX_JSON_BYTES } from '#main/bytes/limits.ts';
import type { Folder } from '#main/bytes/folder.ts';
import { readWithin } from '#main/bytes/folder-path.ts';
import { metadataOf, parseObject } from '#main/encodings/zarr/json.ts';
import type { MetadataValue, Problem } from '#shared/checkpoint.ts';
import { isAppError } from '#shared/errors.ts';

const STRINGS = '_strings.json';

/** A small file of JSON, or undefined where it is not there or none. */
export async function readJsonFile(folder: Folder, name: string): Promise<MetadataValue | undefined> {
  try {
    return metadataOf(parseObject(await readWithin(folder, name, ORBAX_JSON_BYTES), name, name));
  } catch (error) {
    if (isAppError(error) && error.code !== 'io') return undefined;
    throw error;
  }
}

/** Texts of the tree, by name. */
export async function readStrings(
  folder: Folder,
  problems: Problem[],
): Promise<ReadonlyMap<string, MetadataValue>> {
  const strings = await readJsonFile(folder, STRINGS);
  if (strings !== null && typeof strings === 'object' && !Array.isArray(strings))
    return new Map(Object.entries(strings));
  problems.push({
    code: 'missing-part',
    message: `the texts of the tree should be in ${STRINGS}, which cannot be read`,
  });
  return new Map();
}

/** What lies beside the arrays as JSON: in files that its handlers call so, or that end so. */
export async function readJsonItem(folder: Folder): Promise<MetadataValue | undefined> {
  for (const { name, isFolder } of await folder.list()) {
    if (isFolder || !(name === 'metadata' || name === 'metrics' || name.endsWith('.json'))) continue;
    const value = await readJsonFile(folder, name);
    if (value !== undefined) return value;
  }
  return undefined;
}
