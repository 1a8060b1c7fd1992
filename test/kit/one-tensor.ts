import type { OpenCheckpoint } from '#main/services/checkpoints.ts';
import type { TensorPlan } from '#main/services/tensor-plan.ts';
import { countOf } from '#test/kit/laid-out.ts';

/** A checkpoint of one tensor, as far as comparing it with another one goes. */
export function holding(plan: TensorPlan): OpenCheckpoint {
  return holdingAll([plan]);
}

/** A checkpoint of tensors with names of their own, as far as comparing them goes. */
export function holdingAll(plans: readonly TensorPlan[]): OpenCheckpoint {
  const tensors = plans.map(({ tensor: { name, dtype, shape } }) => {
    return { name, dtype, shape, elementCount: countOf(shape), byteLength: 0 };
  });
  const plan = (name: string) => plans.find(({ tensor }) => tensor.name === name);
  return { summary: { tensors, metadata: {} }, plan, cache: new Map() } as unknown as OpenCheckpoint;
}
