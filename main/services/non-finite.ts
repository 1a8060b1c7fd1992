import { hasNonFinite } from '#main/kernels/non-finite.ts';
import type { OpenCheckpoint } from '#main/services/checkpoints.ts';
import type { Compute } from '#main/services/compute.ts';
import { pacedUpdates } from '#main/services/paced-updates.ts';
import { sideBySide } from '#main/services/side-by-side.ts';
import { mergedNonFinite } from '#main/services/tasks/non-finite.ts';
import { tensorParts } from '#main/services/tensor-parts.ts';
import { orProblem } from '#main/services/tensor-problem.ts';
import type { Pass } from '#main/services/windows.ts';
import type { FindNonFiniteUpdate, NonFiniteFindings, NonFiniteTensor } from '#shared/commands/checkpoint.ts';
import type { Problem } from '#shared/checkpoint.ts';
import { coordinateOf, type TensorInfo } from '#shared/tensor.ts';

/**
 * Looks through every element of every tensor that can hold a NaN or an infinity, each tensor on a thread of its own
 * or, if it is larger than that, on all of them.
 * One that cannot be read becomes a problem, the rest goes on.
 */
export async function findNonFinite(
  open: OpenCheckpoint,
  compute: Compute,
  context: { readonly signal: AbortSignal; readonly progress: (update: FindNonFiniteUpdate) => void },
): Promise<NonFiniteFindings> {
  const wanted = open.summary.tensors.filter((tensor) => canHoldAny(open, tensor));
  const total = wanted.reduce((sum, { byteLength }) => sum + byteLength, 0);
  const rows = new Array<NonFiniteTensor | undefined>(wanted.length);
  const problems: Problem[] = [];
  let done = 0;
  const updates = pacedUpdates<NonFiniteTensor>((found) =>
    context.progress({ done: Math.min(done, total), total, unit: 'bytes', found }),
  );
  const onRead = (byteLength: number) => {
    done += byteLength;
    updates.tell();
  };

  await sideBySide(wanted, compute.width, async (tensor, index) => {
    // more than a thread's share of all would be waited for at the end
    const isSplit = tensor.byteLength * compute.width > total;
    const row = await searched(open, compute, tensor, { signal: context.signal, onRead, isSplit }, problems);
    rows[index] = row;
    if (row) updates.tell([row]);
  });
  updates.flush();

  return {
    tensors: rows.filter((row) => row !== undefined),
    searched: {
      tensors: wanted.length,
      elements: wanted.reduce((sum, { elementCount }) => sum + elementCount, 0),
    },
    problems,
  };
}

function canHoldAny(open: OpenCheckpoint, { name, noData }: TensorInfo): boolean {
  if (noData) return false;
  const { storage, dtype } = open.plan(name).tensor;
  return storage.kind !== 'strings' && hasNonFinite(dtype);
}

async function searched(
  open: OpenCheckpoint,
  compute: Compute,
  { name, shape, elementCount }: TensorInfo,
  { isSplit, ...pass }: Pass & { readonly isSplit: boolean },
  problems: Problem[],
): Promise<NonFiniteTensor | undefined> {
  const answer = await orProblem(name, problems, async () => {
    const plan = open.plan(name);
    const parts = isSplit ? tensorParts(plan, compute) : [{ plan }];
    return mergedNonFinite(await Promise.all(parts.map((part) => compute.run('non-finite', part, pass))));
  });
  if (answer?.first === undefined) return undefined;
  const { first, ...counts } = answer;
  return { name, elementCount, ...counts, at: coordinateOf(first, shape) };
}
