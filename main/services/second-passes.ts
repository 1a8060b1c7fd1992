/** The second pass over a whole tensor, whose parts are read by all compute threads. */
import type { Compute } from '#main/services/compute.ts';
import {
  mergedSecondPass,
  type SecondPassAnswer,
  type SecondPassQuestion,
} from '#main/services/tasks/second-pass.ts';
import { tensorParts } from '#main/services/tensor-parts.ts';
import type { TensorPlan } from '#main/services/tensor-plan.ts';
import type { Pass } from '#main/services/windows.ts';

export async function secondPassOf(
  compute: Compute,
  plan: TensorPlan,
  question: SecondPassQuestion,
  pass: Pass,
): Promise<SecondPassAnswer> {
  const parts = tensorParts(plan, compute);
  return mergedSecondPass(
    await Promise.all(parts.map((part) => compute.run('second-pass', { ...question, ...part }, pass))),
  );
}
