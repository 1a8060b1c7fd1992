import { createHash } from 'node:crypto';

import { complexSummary } from '#main/services/tasks/complex-summary.ts';
import { digestOfTexts, hashedForm } from '#main/services/tasks/digest.ts';
import { realSummary } from '#main/services/tasks/real-summary.ts';
import { startChecksum, type SharedChecksum } from '#main/services/tasks/shared-checksum.ts';
import {
  withAnyOrderReader,
  withReader,
  withStoredReader,
  type TensorPlan,
} from '#main/services/tensor-plan.ts';
import { windowsOf, type Pass } from '#main/services/windows.ts';
import type { TensorReader } from '#main/formats/read.ts';
import { dtypeInfo, isReal } from '#shared/dtype.ts';
import type { DistinctValues, Histogram, Summary } from '#shared/statistics.ts';

export interface SummaryTask {
  readonly plan: TensorPlan;
  /** Probabilities. */
  readonly quantiles: readonly number[];
  readonly isDigestWanted: boolean;
  /** Bins of a histogram from the finite minimum to the maximum, for real dtypes; none where absent. */
  readonly bins?: number;
  /** Taken along the way. */
  readonly checksum?: SharedChecksum;
}

export interface SummaryAnswer {
  /** Absent for texts, times and void. */
  readonly summary?: Summary;
  readonly distinct?: DistinctValues;
  readonly histogram?: Histogram;
  /** Of the canonical bytes, lower-case hexadecimal. */
  readonly sha256?: string;
  /** As its bytes have it now. */
  readonly checksum?: number;
}

/** Statistics over every element of one tensor, in bounded memory. */
export async function summaryTask(task: SummaryTask, pass: Pass): Promise<SummaryAnswer> {
  const { tensor, blocks } = task.plan;
  if (tensor.storage.kind === 'strings') {
    return task.isDigestWanted ? { sha256: digestOfTexts(tensor.storage.values) } : {};
  }
  if (!blocks) {
    // digests and checksums are of the values in C order
    const withOwnReader = task.isDigestWanted || task.checksum ? withReader : withAnyOrderReader;
    return withOwnReader(task.plan, (reader) => valuesAnswer(reader, task, pass));
  }
  // statistics are of the numbers that blocks stand for, the digest is of the blocks
  const answer = await withReader(task.plan, (reader) =>
    valuesAnswer(reader, { ...task, isDigestWanted: false }, pass),
  );
  if (!task.isDigestWanted) return answer;
  const digest = await withStoredReader(task.plan, (reader, dtype) => digestOnly(reader, dtype, pass));
  return { ...answer, ...digest };
}

async function valuesAnswer(reader: TensorReader, task: SummaryTask, pass: Pass): Promise<SummaryAnswer> {
  const { dtype } = task.plan.tensor;
  const isComplex = dtypeInfo(dtype).kind === 'complex';
  // where no statistics are read, there is nothing to share
  if (!isComplex && !isReal(dtype)) return task.isDigestWanted ? digestOnly(reader, dtype, pass) : {};
  const checksum = task.checksum && (await startChecksum(task.checksum));
  const hash = task.isDigestWanted ? createHash('sha256') : undefined;
  const onWindow = (bytes: Uint8Array) => {
    hash?.update(hashedForm(dtype, bytes));
    checksum?.add(bytes);
  };
  const { quantiles, bins } = task;
  const answer = isComplex
    ? { summary: await complexSummary(reader, dtype, onWindow, pass) }
    : await realSummary(reader, { dtype, quantiles, onWindow, ...(bins ? { bins } : {}) }, pass);
  return {
    ...answer,
    ...(hash ? { sha256: hash.digest('hex') } : {}),
    ...(checksum ? { checksum: await checksum.finish() } : {}),
  };
}

async function digestOnly(reader: TensorReader, dtype: string, pass: Pass): Promise<SummaryAnswer> {
  const hash = createHash('sha256');
  for await (const { bytes } of windowsOf(reader, pass)) hash.update(hashedForm(dtype, bytes));
  return { sha256: hash.digest('hex') };
}
