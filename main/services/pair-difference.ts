/** The figures of a pair of tensors: by one thread, or a large one by all of them with the same result to the last bit. */
import { emptyDifference, mergeDifference, type DifferenceSums } from '#main/kernels/difference-sums.ts';
import { boxesAlike } from '#main/services/boxes-alike.ts';
import type { Compute } from '#main/services/compute.ts';
import type { DifferencePart, DifferenceTask } from '#main/services/tasks/difference.ts';
import { pairParts } from '#main/services/pair-parts.ts';
import type { TensorPlan } from '#main/services/tensor-plan.ts';
import type { Turns } from '#main/services/turns.ts';
import { silent, type Pass } from '#main/services/windows.ts';
import { cancelledError } from '#shared/errors.ts';

export interface TensorPair {
  readonly a: TensorPlan;
  /** Of A's shape. */
  readonly b: TensorPlan;
  readonly tolerance?: readonly [number, number];
}

/**
 * @param inTurn the turns that all pairs of a comparison share, so that each thread has a task or two at a time.
 * @returns undefined where all that is stored is the same, bit by bit.
 */
export async function pairDifference(
  pair: TensorPair,
  compute: Compute,
  inTurn: Turns,
  pass: Pass,
): Promise<DifferenceSums | undefined> {
  let isDifferent = false;
  let hasFailed = false;
  const ask = (task: () => DifferenceTask, own: Pass): Promise<DifferencePart> =>
    inTurn(async () => {
      // one error is the pair's: parts that have not begun need not
      if (hasFailed) throw cancelledError();
      try {
        const part = await compute.run('difference', task(), own);
        isDifferent ||= !part.isIdentical;
        return part;
      } catch (error) {
        hasFailed = true;
        throw error;
      }
    });
  const tasks = tasksOf(pair, compute);
  const parts = await Promise.all(tasks.map((task) => ask(() => ({ ...task, isDifferent }), pass)));
  if (!isDifferent) return undefined;
  const complete = await Promise.all(
    parts.map(async (part, index) => {
      const { b: _, ...alone } = tasks[index]!;
      return part.isIdentical && part.windows.length === 0 ? ask(() => alone, silent(pass)) : part;
    }),
  );
  const sums = emptyDifference();
  for (const { windows } of complete) for (const window of windows) mergeDifference(sums, window);
  return sums;
}

/** What makes up a pair: boxes, where a part of it is in chunks that C order would have unpacked again and again, else ranges of elements. */
function tasksOf(pair: TensorPair, compute: Compute): DifferenceTask[] {
  const { a, b } = pair;
  const boxes = boxesAlike([a.tensor, b.tensor]);
  if (boxes.length === 1) return pairParts(a, b, compute).map((range) => ({ ...pair, ...range }));
  const { shape } = a.tensor;
  return boxes.map(([boxA, boxB]) => ({
    ...pair,
    a: { ...a, tensor: boxA!.tensor },
    b: { ...b, tensor: boxB!.tensor },
    box: { slices: boxA!.slices, shape },
  }));
}
