/** Which folders make up a checkpoint, from whichever folder or file was opened. */
import type { Folder } from '#main/bytes/folder.ts';
import { ORBAX_CHILDREN } from '#main/bytes/limits.ts';
import type { FormatInput } from '#main/formats/input.ts';
import { isAggregate } from '#main/formats/orbax/aggregate.ts';
import { ARRAY_MARKS, CHECKPOINT_METADATA, MEMBERS, PROCESS } from '#main/formats/orbax/member-names.ts';
import { stepAround } from '#main/formats/orbax/step-around.ts';
import { TREE_METADATA } from '#main/formats/orbax/tree-metadata.ts';

/** A checkpoint that was found. */
export interface FoundCheckpoint {
  /** The step's own folder. */
  readonly folder: Folder;
  /** What is saved under names of its own, or one item without. */
  readonly items: readonly Item[];
  /** All steps of the folder that holds this one, where that was opened. */
  readonly steps?: readonly string[];
}

export interface Item {
  readonly name: string;
  readonly folder: Folder;
  /** Whether there are arrays in it, rather than JSON. */
  readonly hasArrays: boolean;
}

const STEP = /^(?:.*[_-])?(\d{1,18})$/;

/** @returns undefined for an input that is no part of a checkpoint. */
export async function findCheckpoint(input: FormatInput): Promise<FoundCheckpoint | undefined> {
  if (input.kind === 'folder') return findInFolder(input.folder);
  const step = await stepAround(input);
  return step && findStep(step);
}

async function findInFolder(folder: Folder): Promise<FoundCheckpoint | undefined> {
  const found = await findStep(folder);
  if (found) return found;
  const numbered = (await childrenOf(folder)).flatMap((name) => {
    const number = STEP.exec(name)?.[1];
    return number === undefined ? [] : [{ name, number: BigInt(number) }];
  });
  numbered.sort((a, b) => (a.number < b.number ? -1 : 1));
  const steps: { readonly name: string; readonly found: FoundCheckpoint }[] = [];
  for (const { name } of numbered) {
    const step = await findStep(folder.folder(name));
    if (step) steps.push({ name, found: step });
  }
  const newest = steps.at(-1);
  return newest && { ...newest.found, steps: steps.map(({ name }) => name) };
}

/** The folder of one step: an item, or several of them. Folders of numbers are steps themselves. */
async function findStep(folder: Folder): Promise<FoundCheckpoint | undefined> {
  if (await holdsArrays(folder)) return { folder, items: [{ name: '', folder, hasArrays: true }] };
  const isMarked = await folder.has(CHECKPOINT_METADATA);
  const items: Item[] = [];
  for (const name of await childrenOf(folder)) {
    if (!isMarked && STEP.test(name)) continue;
    const child = folder.folder(name);
    items.push({ name, folder: child, hasArrays: await holdsArrays(child) });
  }
  const hasArrays = items.some((item) => item.hasArrays);
  return hasArrays ? { folder, items } : undefined;
}

/** Whether a folder is an item of arrays: by its tree, its database, its links or, where Orbax has left its mark, its arrays. */
async function holdsArrays(folder: Folder): Promise<boolean> {
  const entries = await folder.list();
  if (entries.some(({ name, isFolder }) => (isFolder ? PROCESS.test(name) : ARRAY_MARKS.has(name))))
    return true;
  if (await isAggregate(folder)) return true;
  const isMarked = entries.some(({ name }) => MEMBERS.has(name) || name === 'array_metadatas');
  if (!isMarked) return false;
  for (const { name, isFolder } of entries.slice(0, ORBAX_CHILDREN)) {
    if (!isFolder) continue;
    const child = folder.folder(name);
    if ((await child.has('.zarray')) || (await child.has('zarr.json')))
      return !(await child.has(TREE_METADATA));
  }
  return false;
}

async function childrenOf(folder: Folder): Promise<string[]> {
  const entries = await folder.list();
  return entries
    .filter(({ isFolder }) => isFolder)
    .slice(0, ORBAX_CHILDREN)
    .map(({ name }) => name);
}
