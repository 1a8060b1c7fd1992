/** Statistics of one tensor over every element: by one thread, or by all of them with the same result to the last bit. */
import { hasFewCodes, occurringCodes } from '#main/kernels/code-counts.ts';
import type { OpenCheckpoint } from '#main/services/checkpoints.ts';
import type { Compute } from '#main/services/compute.ts';
import { secondPassOf } from '#main/services/second-passes.ts';
import { joinWork } from '#main/services/shared-work.ts';
import { isWorthASketch, sketchOf } from '#main/services/sketches.ts';
import { answerOfPass } from '#main/services/tasks/real-answer.ts';
import { answerOfCodes } from '#main/services/tasks/real-summary.ts';
import { sharedChecksum } from '#main/services/tasks/shared-checksum.ts';
import type { SummaryAnswer, SummaryTask } from '#main/services/tasks/summary.ts';
import { silent, type Pass } from '#main/services/windows.ts';
import { isReal } from '#shared/dtype.ts';

export const DEFAULT_QUANTILES: readonly number[] = [0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99];

export interface TensorSummaryOptions extends Pass {
  readonly isDigestWanted: boolean;
  readonly quantiles: readonly number[];
  readonly bins?: number | undefined;
  /** A checksum is then taken of what the statistics read. */
  readonly isVerificationWanted?: boolean | undefined;
  /** All compute threads take part in one large tensor: for passes that leave them nothing else to do. */
  readonly isSplit: boolean;
}

/** Remembered while the file stays the same; worked out once for all who ask at the same time. */
export async function summarizeTensor(
  open: OpenCheckpoint,
  compute: Compute,
  name: string,
  { isDigestWanted, quantiles, bins, isVerificationWanted, isSplit, ...pass }: TensorSummaryOptions,
): Promise<SummaryAnswer> {
  const checksum = isVerificationWanted
    ? sharedChecksum(open.tensor(name), open.checkpoint.sources)
    : undefined;
  const key = `summary:${name}:${quantiles.join(',')}:${isDigestWanted}:${bins ?? ''}:${checksum !== undefined}`;
  const known = open.cache.get(key) as SummaryAnswer | undefined;
  if (known) return known;
  const task: SummaryTask = {
    plan: open.plan(name),
    quantiles,
    isDigestWanted,
    ...(bins ? { bins } : {}),
    ...(checksum ? { checksum } : {}),
  };
  const answer = await joinWork(open.underWay, key, pass, async (shared) => {
    return isSplit && isSplittable(task)
      ? sketchedSummary(open, compute, task, shared)
      : compute.run('summary', task, shared);
  });
  open.cache.set(key, answer);
  return answer;
}

/** Digests and checksums want all bytes in their order. */
function isSplittable({ plan, isDigestWanted, checksum }: SummaryTask): boolean {
  return !isDigestWanted && !checksum && isReal(plan.tensor.dtype) && isWorthASketch(plan);
}

async function sketchedSummary(
  open: OpenCheckpoint,
  compute: Compute,
  { plan, quantiles, bins }: SummaryTask,
  pass: Pass,
): Promise<SummaryAnswer> {
  const { dtype } = plan.tensor;
  const { codeCounts, whole, ...moments } = await sketchOf(open, compute, plan, pass);
  const codes = occurringCodes(codeCounts);
  if (hasFewCodes(dtype)) {
    return answerOfCodes({ dtype, ...codes }, { quantiles, ...(bins ? { bins } : {}) });
  }
  const first = { dtype, moments, whole, halves: codes };
  return answerOfPass(first, { quantiles, bins }, (question) =>
    secondPassOf(compute, plan, question, silent(pass)),
  );
}
