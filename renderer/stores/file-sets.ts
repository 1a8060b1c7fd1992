/** Files that open as one: the shards of a model with their index, the index and data files of TensorFlow. */
import type { FileId, PickedFile } from '#shared/bridge.ts';
import type { CheckpointSummary } from '#shared/checkpoint.ts';

const INDEX = /\.index(?:\.json)?$/;

/** Indexes before everything else: a set is called after the file that lists it. Otherwise in the order given. */
export function indexesFirst(picked: readonly PickedFile[]): PickedFile[] {
  const isIndex = ({ name }: PickedFile) => INDEX.test(name);
  return [...picked.filter(isIndex), ...picked.filter((file) => !isIndex(file))];
}

/** What tells whether two open checkpoints are one set. */
export interface SetMember {
  /** What it was opened by. */
  readonly file: FileId;
  /** All files that its bytes lie in. */
  readonly parts: readonly FileId[];
  readonly summary: Pick<CheckpointSummary, 'tensors'>;
}

/** Whether one was opened by a file of the other, and holds the same tensors. */
export function isSameSet(a: SetMember, b: SetMember): boolean {
  if (!a.parts.includes(b.file) && !b.parts.includes(a.file)) return false;
  const [ofA, ofB] = [a.summary.tensors, b.summary.tensors];
  return ofA.length === ofB.length && ofA.every(({ name }, index) => name === ofB[index]!.name);
}
