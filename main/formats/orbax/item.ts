/** One item of a checkpoint: a tree of arrays, in folders or in a database. */
import type { Folder } from '#main/bytes/folder.ts';
import type { ByteSource } from '#main/bytes/source.ts';
import { findArrays, type FoundArray } from '#main/encodings/zarr/arrays.ts';
import type { ZarrStore } from '#main/encodings/zarr/store.ts';
import type { Region, StoredTensor } from '#main/formats/contract.ts';
import { readAggregate } from '#main/formats/orbax/aggregate.ts';
import { arrayTensor } from '#main/formats/orbax/array-tensor.ts';
import { openItemStore } from '#main/formats/orbax/item-store.ts';
import { readStrings } from '#main/formats/orbax/json-files.ts';
import { stateTensor } from '#main/encodings/msgpack/state-values.ts';
import { readTreeMetadata, type TreeLeaf, type TreeMetadata } from '#main/formats/orbax/tree-metadata.ts';
import { metadataFrom, type MetadataValue, type Problem } from '#shared/checkpoint.ts';
import { isAppError } from '#shared/errors.ts';

export interface OpenItem {
  readonly tensors: readonly StoredTensor[];
  readonly regions: readonly Region[];
  readonly problems: readonly Problem[];
  readonly metadata: readonly (readonly [string, MetadataValue])[];
  /** "OCDBT, zarr 2". */
  readonly kind: string;
}

/** The name of an array that is alone in its folder. */
const ALONE = 'value';

/** @param sources what is opened is added here; their owner closes them. @throws AppError where there is nothing to be read. */
export async function openItem(folder: Folder, sources: ByteSource[]): Promise<OpenItem> {
  const problems: Problem[] = [];
  const tree = await treeOf(folder, problems);
  const store = await openItemStore(folder, sources);
  problems.push(...store.problems);
  const arrays = findArrays(store);
  const arrayCount = arrays.size;
  const isWhole = tree?.isWhole ?? false;
  const tensors: StoredTensor[] = [];
  const metadata: [string, MetadataValue][] = [];

  const add = async (name: string, found: FoundArray): Promise<void> => {
    arrays.delete(found.path);
    const array = await arrayTensor(name, store, found, isWhole, problems);
    if (!array) return;
    tensors.push(array.tensor);
    if (array.attributes.length > 0) metadata.push([`${name} attributes`, metadataFrom(array.attributes)]);
  };

  const aggregate = await readAggregate(folder, sources);
  if (aggregate) {
    const { state, number } = aggregate;
    for (const array of state.arrays) tensors.push(await stateTensor(array, sources, number, problems));
    problems.push(...state.problems);
    metadata.push(...state.values.map(([name, value]): [string, MetadataValue] => [name, value]));
    for (const { name, arrayName } of state.links) {
      const found = arrays.get(arrayName);
      if (found) await add(name, found);
      else missing(name, tensors, problems);
    }
  }
  const strings = tree?.leaves.some(({ valueType }) => valueType === 'string')
    ? await readStrings(folder, problems)
    : undefined;
  for (const leaf of tree?.leaves ?? []) {
    const found = arrays.get(leaf.name);
    const text = plainValue(leaf, strings);
    if (found) await add(leaf.name, found);
    else if (text !== undefined) metadata.push([leaf.name, text]);
    else if (!tensors.some(({ name }) => name === leaf.name)) missing(leaf.name, tensors, problems);
  }
  for (const found of [...arrays.values()]) await add(found.path === '' ? ALONE : nameOf(found, tree), found);
  if (tree && tree.custom !== null) metadata.push(['custom_metadata', tree.custom]);
  return {
    tensors,
    regions: store.regions,
    problems,
    metadata: [...metadata, ...store.metadata],
    kind: aggregate && arrayCount === 0 ? 'all in one file' : kindOf(store.kind, store),
  };
}

/** Groups of other writers make paths; arrays of Orbax have dots already. */
function nameOf({ path }: FoundArray, tree: TreeMetadata | undefined): string {
  return tree ? path : path.replaceAll('/', '.');
}

async function treeOf(folder: Folder, problems: Problem[]): Promise<TreeMetadata | undefined> {
  try {
    return await readTreeMetadata(folder);
  } catch (error) {
    if (!isAppError(error) || error.code === 'io') throw error;
    problems.push({ code: 'tree', message: `${error.message}: arrays are listed as they are found` });
    return undefined;
  }
}

/** What a leaf is that has no array. */
function plainValue(
  { name, valueType, isEmpty }: TreeLeaf,
  strings: ReadonlyMap<string, MetadataValue> | undefined,
): MetadataValue | undefined {
  if (valueType === 'string') return strings?.get(name) ?? '';
  if (!isEmpty) return undefined;
  return valueType === 'None' ? null : `empty ${valueType}`;
}

function missing(name: string, tensors: StoredTensor[], problems: Problem[]): void {
  tensors.push({ name, dtype: 'v1', shape: [], storage: { kind: 'none' } });
  problems.push({ code: 'missing-part', message: 'the tree has an array that is not there', tensor: name });
}

function kindOf(place: string, { keys }: ZarrStore): string {
  const has = (name: string): boolean => keys.some((key) => key === name || key.endsWith(`/${name}`));
  const versions = [...(has('.zarray') ? ['2'] : []), ...(has('zarr.json') ? ['3'] : [])];
  return versions.length > 0 ? `${place} zarr ${versions.join(' and ')}` : `${place} nothing`;
}
