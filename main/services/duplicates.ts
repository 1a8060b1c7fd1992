/** Tensors of a checkpoint that have the same values: tied weights saved twice, copies, layers that were never trained. */
import type { OpenCheckpoint } from '#main/services/checkpoints.ts';
import { boxesOf } from '#main/services/boxes.ts';
import type { Compute } from '#main/services/compute.ts';
import { pacedUpdates } from '#main/services/paced-updates.ts';
import { pairDifference } from '#main/services/pair-difference.ts';
import { sideBySide } from '#main/services/side-by-side.ts';
import { orProblem } from '#main/services/tensor-problem.ts';
import type { FastDigestAnswer } from '#main/services/tasks/fast-digest.ts';
import { turns, type Turns } from '#main/services/turns.ts';
import { silent, type Pass } from '#main/services/windows.ts';
import type { DuplicateFindings, DuplicateGroup } from '#shared/commands/checkpoint.ts';
import type { Progress } from '#shared/commands/command.ts';
import type { Problem } from '#shared/checkpoint.ts';
import { dtypeInfo } from '#shared/dtype.ts';
import type { TensorInfo } from '#shared/tensor.ts';

/**
 * Groups of tensors whose dtype, shape and every bit are the same. Only tensors that another one could be equal to are
 * read, once for their digests; what these put together is then compared bit by bit.
 */
export async function findDuplicates(
  open: OpenCheckpoint,
  compute: Compute,
  context: { readonly signal: AbortSignal; readonly progress: (update: Progress) => void },
): Promise<DuplicateFindings> {
  const kinds = alike(open.summary.tensors);
  const wanted = kinds.flat();
  const byBoxes = new Set(kinds.filter((kind) => areCutAlike(open, kind)).flat());
  const total = wanted.reduce((sum, { byteLength }) => sum + byteLength, 0);
  const problems: Problem[] = [];
  const found = new Map<string, FastDigestAnswer>();
  let done = 0;
  const updates = pacedUpdates(() => context.progress({ done: Math.min(done, total), total, unit: 'bytes' }));
  const onRead = (byteLength: number) => {
    done += byteLength;
    updates.tell();
  };
  const pass = { signal: context.signal, onRead };

  await sideBySide(wanted, compute.width, async (tensor) => {
    const { name } = tensor;
    const answer = await orProblem(name, problems, () =>
      digestOf(open, compute, name, byBoxes.has(tensor), pass),
    );
    if (answer) found.set(name, answer);
  });
  updates.flush();

  const candidates = grouped(
    wanted.filter(({ name }) => found.has(name)),
    (tensor) => `${kindOf(tensor)} ${found.get(tensor.name)!.digest}`,
  );
  const inTurn = turns(compute.width);
  const groups = new Array<readonly TensorInfo[]>(candidates.length);
  await sideBySide(candidates, compute.width, async (group, index) => {
    groups[index] = await confirmed(open, compute, group, inTurn, silent(pass), problems);
  });
  const duplicates = groups
    .filter((group) => group.length > 1)
    .map((group) => described(group, found.get(group[0]!.name)!.isConstant))
    .sort((a, b) => b.sparedBytes - a.sparedBytes || b.byteLength - a.byteLength);
  return {
    groups: duplicates,
    sparedBytes: duplicates.reduce((sum, { sparedBytes }) => sum + sparedBytes, 0),
    searched: { tensors: open.summary.tensors.length, read: wanted.length },
    problems,
  };
}

const NOT_NUMBERS: ReadonlySet<string> = new Set(['string', 'void']);

/** Those that have another of their dtype and shape. Single numbers, such as counters, are no copies of each other. */
function alike(tensors: readonly TensorInfo[]): TensorInfo[][] {
  const values = tensors.filter(
    ({ elementCount, noData, dtype }) =>
      elementCount > 1 && !noData && !NOT_NUMBERS.has(dtypeInfo(dtype).kind),
  );
  return grouped(values, kindOf);
}

function kindOf({ dtype, shape }: TensorInfo): string {
  return `${dtype} ${shape.join(',')}`;
}

/** Whether all are packed in chunks that make the same boxes: digests box by box are comparable then, and each chunk is unpacked once. */
function areCutAlike(open: OpenCheckpoint, tensors: readonly TensorInfo[]): boolean {
  let cut: string | undefined;
  return tensors.every(({ name }) => {
    const { tensor } = open.plan(name);
    if (tensor.storage.kind !== 'chunked') return false;
    const own = JSON.stringify(boxesOf(tensor).map(({ slices }) => slices));
    cut ??= own;
    return own === cut;
  });
}

/** Groups of two and more, each in the order of the list. */
function grouped(tensors: readonly TensorInfo[], keyOf: (tensor: TensorInfo) => string): TensorInfo[][] {
  const groups = new Map<string, TensorInfo[]>();
  for (const tensor of tensors) {
    const group = groups.get(keyOf(tensor));
    if (group) group.push(tensor);
    else groups.set(keyOf(tensor), [tensor]);
  }
  return [...groups.values()].filter((group) => group.length > 1);
}

async function digestOf(
  { cache, plan }: OpenCheckpoint,
  compute: Compute,
  name: string,
  isByBoxes: boolean,
  pass: Pass,
): Promise<FastDigestAnswer> {
  const key = `fast-digest:${name}`;
  const known = cache.get(key) as FastDigestAnswer | undefined;
  const answer = known ?? (await compute.run('fast-digest', { plan: plan(name), isByBoxes }, pass));
  cache.set(key, answer);
  return answer;
}

/** Equal digests may be chance, or made to be equal: the members that are the first one's, bit by bit. */
async function confirmed(
  open: OpenCheckpoint,
  compute: Compute,
  [first, ...others]: readonly TensorInfo[],
  inTurn: Turns,
  pass: Pass,
  problems: Problem[],
): Promise<readonly TensorInfo[]> {
  const same = [first!];
  for (const other of others) {
    const pair = { a: open.plan(first!.name), b: open.plan(other.name) };
    const isSame = await orProblem(
      other.name,
      problems,
      async () => (await pairDifference(pair, compute, inTurn, pass)) === undefined,
    );
    if (isSame) same.push(other);
  }
  return same;
}

function described(group: readonly TensorInfo[], isConstant: boolean): DuplicateGroup {
  const { dtype, shape, byteLength } = group[0]!;
  const storages = new Set(group.map(({ name, sharedWith }) => sharedWith ?? name)).size;
  return {
    names: group.map(({ name }) => name),
    dtype,
    shape,
    byteLength,
    sparedBytes: (storages - 1) * byteLength,
    isConstant,
  };
}
