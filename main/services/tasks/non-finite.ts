import { countNonFinite } from '#main/kernels/non-finite.ts';
import { elementOfWhole, type TensorBox } from '#main/services/boxes.ts';
import { sharedExtents } from '#main/services/shared-boxes.ts';
import { withBoxReaders, type TensorPlan } from '#main/services/tensor-plan.ts';
import { windowsOf, type ElementRange, type Pass } from '#main/services/windows.ts';
import type { TensorReader } from '#main/formats/read.ts';

/** The elements are those of the tensor's `sharedBoxes`, one box after the other. */
export interface NonFiniteTask extends ElementRange {
  readonly plan: TensorPlan;
}

export interface NonFiniteAnswer {
  readonly nan: number;
  readonly positiveInfinity: number;
  readonly negativeInfinity: number;
  /** Flat index in C order of the first element that is not finite; absent where all are. */
  readonly first?: number;
}

/** Counts NaNs and infinities over every element of one tensor, or of a part of it, and finds the first. */
export async function nonFiniteTask(
  { plan, begin = 0, end = Infinity }: NonFiniteTask,
  pass: Pass,
): Promise<NonFiniteAnswer> {
  const { dtype, shape } = plan.tensor;
  const answers: NonFiniteAnswer[] = [];
  let boxBegin = 0;
  const lookThrough = async (reader: TensorReader, box: TensorBox): Promise<void> => {
    const range = {
      begin: Math.max(0, begin - boxBegin),
      end: Math.min(reader.elementCount, end - boxBegin),
    };
    boxBegin += reader.elementCount;
    for await (const { start, bytes } of windowsOf(reader, pass, range)) {
      const { first, ...counts } = countNonFinite(dtype, bytes);
      if (first !== undefined) answers.push({ ...counts, first: elementOfWhole(box, start + first, shape) });
    }
  };
  await withBoxReaders(plan, lookThrough, sharedExtents(plan.tensor));
  return mergedNonFinite(answers);
}

/** What was found in parts of one tensor, in any order. */
export function mergedNonFinite(parts: readonly NonFiniteAnswer[]): NonFiniteAnswer {
  const total = { nan: 0, positiveInfinity: 0, negativeInfinity: 0 };
  let least = Infinity;
  for (const { nan, positiveInfinity, negativeInfinity, first = Infinity } of parts) {
    total.nan += nan;
    total.positiveInfinity += positiveInfinity;
    total.negativeInfinity += negativeInfinity;
    least = Math.min(least, first);
  }
  return least === Infinity ? total : { ...total, first: least };
}
