import type { OpenCheckpoint } from '#main/services/checkpoints.ts';
import type { TensorPlan } from '#main/services/tensor-plan.ts';
import { countOf } from '#test/kit/laid-out.ts';

/** A checkpoint of one tensor, as far as comparing it with another one goes. */
export function holding(plan: TensorPlan): OpenCheckpoint {
  const { name, dtype, shape } = plan.tensor;
  const tensor = { name, dtype, shape, elementCount: countOf(shape), byteLength: 0 };
  return { summary: { tensors: [tensor], metadata: {} }, plan: () => plan } as unknown as OpenCheckpoint;
}
