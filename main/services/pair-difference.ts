/** The figures of a pair of tensors: by one thread, or a large one by all of them with the same result to the last bit. */
import { emptyDifference, mergeDifference, type DifferenceSums } from '#main/kernels/difference-sums.ts';
import type { Compute } from '#main/services/compute.ts';
import type { DifferencePart, DifferenceTask } from '#main/services/tasks/difference.ts';
import { isReadAnywhere } from '#main/services/tensor-parts.ts';
import type { TensorPlan } from '#main/services/tensor-plan.ts';
import type { Turns } from '#main/services/turns.ts';
import { silent, windowLength, type ElementRange, type Pass } from '#main/services/windows.ts';
import { elementByteLength } from '#shared/dtype.ts';
import { cancelledError } from '#shared/errors.ts';
import { elementCountOf } from '#shared/tensor.ts';

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
  const ranges = pairParts(pair, compute);
  const parts = await Promise.all(
    ranges.map((range) => ask(() => ({ ...pair, ...range, isDifferent }), pass)),
  );
  if (!isDifferent) return undefined;
  const { b: _, ...alone } = pair;
  const complete = await Promise.all(
    parts.map(async (part, index) =>
      part.isIdentical ? ask(() => ({ ...alone, ...ranges[index] }), silent(pass)) : part,
    ),
  );
  const sums = emptyDifference();
  for (const { windows } of complete) for (const window of windows) mergeDifference(sums, window);
  return sums;
}

/** Long enough that a message between threads is nothing beside it, and short enough that none waits long for the last one. */
const PART_WINDOWS = 32;

/** Ranges of whole windows that make up a pair; one where it is small, or where a part would cost more than its share. */
function pairParts({ a, b }: TensorPair, { width }: Compute): ElementRange[] {
  const elementCount = elementCountOf(a.tensor.shape) ?? 0;
  const size = PART_WINDOWS * windowLength(elementByteLength(a.tensor.dtype));
  if (width === 1 || elementCount <= size || !isReadAnywhere(a) || !isReadAnywhere(b)) return [{}];
  return Array.from({ length: Math.ceil(elementCount / size) }, (_, part) => ({
    begin: part * size,
    end: Math.min(elementCount, (part + 1) * size),
  }));
}
