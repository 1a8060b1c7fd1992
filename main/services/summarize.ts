import { createHash } from 'node:crypto';

import type { OpenCheckpoint } from '#main/services/checkpoints.ts';
import { tasksAtOnce, type Compute } from '#main/services/compute.ts';
import { checksumKey, verifyCheckpoint } from '#main/services/integrity.ts';
import { anyGlob } from '#main/services/globs.ts';
import { dequantised } from '#main/services/dequantised.ts';
import { longestFirst, sideBySide } from '#main/services/side-by-side.ts';
import { orProblem } from '#main/services/tensor-problem.ts';
import { DEFAULT_QUANTILES, summarizeTensor } from '#main/services/tensor-summary.ts';
import type { SummarizedCheckpoint, SummarizedTensor, SummarizeUpdate } from '#shared/commands/checkpoint.ts';
import type { Problem } from '#shared/checkpoint.ts';
import type { Summary } from '#shared/statistics.ts';
import type { TensorInfo } from '#shared/tensor.ts';

export interface SummarizeOptions {
  readonly globs?: readonly string[] | undefined;
  readonly isDigestWanted: boolean;
  readonly quantiles?: readonly number[] | undefined;
  readonly failOn?: readonly string[] | undefined;
  readonly bins?: number | undefined;
  /** Checksums are then taken of what the statistics read; what they do not read is read for that alone. */
  readonly isVerificationWanted?: boolean;
  readonly signal: AbortSignal;
  readonly progress: (update: SummarizeUpdate) => void;
}

/** Statistics of all tensors that the globs name. One that cannot be read becomes a problem, the rest goes on. */
export async function summarizeCheckpoint(
  open: OpenCheckpoint,
  compute: Compute,
  options: SummarizeOptions,
): Promise<SummarizedCheckpoint> {
  const isWanted = anyGlob(options.globs);
  const wanted = open.summary.tensors.filter(({ name }) => isWanted(name));
  const total = wanted.reduce((sum, { byteLength }) => sum + byteLength, 0);
  const problems: Problem[] = [...open.summary.problems];
  const rows: SummarizedTensor[] = new Array<SummarizedTensor>(wanted.length);
  const checksums = new Map<string, number>();
  let done = 0;

  const onRead = (byteLength: number) => {
    done += byteLength;
    options.progress({ done: Math.min(done, total), total, unit: 'bytes' });
  };
  const order = longestFirst(wanted, ({ byteLength }) => byteLength);
  await sideBySide(order, tasksAtOnce(compute), async (index) => {
    const info = wanted[index]!;
    // more than a thread's share of all would be waited for at the end
    const isSplit = info.byteLength * compute.width > total;
    const row = await summarizeRow(open, compute, info, { ...options, isSplit, onRead }, problems, checksums);
    rows[index] = row;
    options.progress({ done: Math.min(done, total), total, unit: 'bytes', finished: [row] });
  });

  const verification = options.isVerificationWanted
    ? await verifyCheckpoint(open, compute, { signal: options.signal, progress: () => {} }, checksums)
    : undefined;
  return {
    ...open.summary,
    tensors: rows,
    problems,
    ...(verification ? { verification } : {}),
    ...(options.isDigestWanted && problems.length === open.summary.problems.length
      ? { contentDigest: contentDigest(rows) }
      : {}),
    ...(options.failOn
      ? { isFound: rows.some(({ summary }) => summary && holdsAny(summary, options.failOn!)) }
      : {}),
  };
}

interface RowOptions extends SummarizeOptions {
  readonly isSplit: boolean;
  readonly onRead: (byteLength: number) => void;
}

async function summarizeRow(
  open: OpenCheckpoint,
  compute: Compute,
  info: TensorInfo,
  options: RowOptions,
  problems: Problem[],
  checksums: Map<string, number>,
): Promise<SummarizedTensor> {
  if (info.noData) return info;
  const row = await orProblem(info.name, problems, async () => {
    const asked = { ...options, quantiles: options.quantiles ?? DEFAULT_QUANTILES };
    const { checksum, distinct: _hint, ...answer } = await summarizeTensor(open, compute, info.name, asked);
    if (checksum !== undefined) checksums.set(checksumKey(open.tensor(info.name).checksums![0]!), checksum);
    const real = info.quantisation && (await dequantised(open, compute, info, options));
    return { ...info, ...answer, ...(real ? { dequantised: real } : {}) };
  });
  return row ?? info;
}

/**
 * SHA-256 over one line a tensor, in the order of their names' UTF-8 bytes: name, dtype, shape and digest of the
 * canonical bytes, separated by NUL. No container, order or padding changes it.
 */
export function contentDigest(rows: readonly SummarizedTensor[]): string {
  const lines = rows
    .filter(({ sha256 }) => sha256 !== undefined)
    .map(({ name, dtype, shape, sha256 }) =>
      Buffer.from(`${name}\0${dtype}\0${shape.join(',')}\0${sha256}\n`, 'utf8'),
    )
    .sort(Buffer.compare);
  const hash = createHash('sha256');
  for (const line of lines) hash.update(line);
  return hash.digest('hex');
}

function holdsAny(summary: Summary, what: readonly string[]): boolean {
  return what.some((kind) => {
    if (kind === 'nan') return summary.nan > 0;
    if (kind === 'inf') return summary.positiveInfinity + summary.negativeInfinity > 0;
    if (kind === 'zero') return summary.zeros > 0;
    return summary.denormals > 0;
  });
}
