import { countNonFinite } from '#main/kernels/non-finite.ts';
import { withReader, type TensorPlan } from '#main/services/tensor-plan.ts';
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
export function nonFiniteTask({ plan }: NonFiniteTask, pass: Pass): Promise<NonFiniteAnswer> {
  return withReader(plan, async (reader) => {
    const total = { nan: 0, positiveInfinity: 0, negativeInfinity: 0 };
    let first: number | undefined;
    for await (const { start, bytes } of windowsOf(reader, pass)) {
      const found = countNonFinite(plan.tensor.dtype, bytes);
      if (found.first === undefined) continue;
      first ??= start + found.first;
      total.nan += found.nan;
      total.positiveInfinity += found.positiveInfinity;
      total.negativeInfinity += found.negativeInfinity;
    }
    return first === undefined ? total : { ...total, first };
  });
}
