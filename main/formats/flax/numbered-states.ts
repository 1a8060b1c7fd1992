// A folder of states by their steps: google/flax flax/training/checkpoints.py, `save_checkpoint` without Orbax.
import type { Folder } from '#main/bytes/folder.ts';
import { fileInput, type FileInput } from '#main/formats/input.ts';

/** `checkpoint_1000`, or with another word before the number. */
const STEP_NAME = /^.+_(\d{1,18}(?:\.\d+)?)$/;

/** The state of the last step that was saved into a folder. */
export interface NewestState {
  readonly input: FileInput;
  readonly step: string;
  /** Of all that are kept, in their order. */
  readonly steps: readonly string[];
}

/**
 * Opens the file of the last step. Its source is the caller's to close.
 * @returns undefined for a folder without such files, and for one whose steps are folders, which are Orbax's.
 */
export async function openNewest(folder: Folder): Promise<NewestState | undefined> {
  const entries = await folder.list();
  const numbered = entries.filter(({ name }) => STEP_NAME.test(name));
  const last = numbered.sort((a, b) => stepOf(a.name) - stepOf(b.name)).at(-1);
  if (!last || numbered.some(({ isFolder }) => isFolder)) return undefined;
  if (await folder.leadsOut?.(last.name)) return undefined;
  const source = await folder.open(last.name);
  return {
    input: await fileInput(source, folder),
    step: stepText(last.name),
    steps: numbered.map(({ name }) => stepText(name)),
  };
}

function stepText(name: string): string {
  return STEP_NAME.exec(name)![1]!;
}

/** Steps may be fractions. */
function stepOf(name: string): number {
  return Number(stepText(name));
}
