import { countNonFinite } from '#main/kernels/non-finite.ts';
import { elementOfWhole } from '#main/services/boxes.ts';
import { withBoxReaders, type TensorPlan } from '#main/services/tensor-plan.ts';
import { windowsOf, type Pass } from '#main/services/windows.ts';

export interface NonFiniteTask {
  readonly plan: TensorPlan;
}

export interface NonFiniteAnswer {
  readonly nan: number;
  readonly positiveInfinity: number;
  readonly negativeInfinity: number;
  /** Flat index in C order of the first element that is not finite; absent where all are. */
  readonly first?: number;
}

/** Counts NaNs and infinities over every element of one tensor, and finds the first. */
export async function nonFiniteTask({ plan }: NonFiniteTask, pass: Pass): Promise<NonFiniteAnswer> {
  const { dtype, shape } = plan.tensor;
  const total = { nan: 0, positiveInfinity: 0, negativeInfinity: 0 };
  let first = Infinity;
  await withBoxReaders(plan, async (reader, box) => {
    let firstOfBox: number | undefined;
    for await (const { start, bytes } of windowsOf(reader, pass)) {
      const found = countNonFinite(dtype, bytes);
      if (found.first === undefined) continue;
      firstOfBox ??= start + found.first;
      total.nan += found.nan;
      total.positiveInfinity += found.positiveInfinity;
      total.negativeInfinity += found.negativeInfinity;
    }
    if (firstOfBox !== undefined) first = Math.min(first, elementOfWhole(box, firstOfBox, shape));
  });
  return first === Infinity ? total : { ...total, first };
}
