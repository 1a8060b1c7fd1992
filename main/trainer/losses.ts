import type { Batch } from '#main/trainer/dataset.ts';
import type { Mlp } from '#main/trainer/mlp.ts';
import type { Workspace } from '#main/trainer/workspace.ts';
import type { LossName } from '#shared/run.ts';

/** A loss with its settings. */
export interface Loss {
  readonly name: LossName;
  /** Of cross-entropy: PyTorch's label smoothing. */
  readonly labelSmoothing: number;
}

/**
 * The loss of rows from `first` on: each row's share goes to `workspace.losses`, the gradient of the mean to the last of
 * `workspace.flow`. They may be NaN or infinite: that is the caller's to notice.
 * @param total rows that the mean is taken over.
 */
export function lossRows(
  mlp: Mlp,
  workspace: Workspace,
  batch: Batch,
  { name, labelSmoothing }: Loss,
  first: number,
  rows: number,
  total: number,
): void {
  const kernels = mlp.memory[mlp.precision];
  const last = mlp.layers.length - 1;
  const width = mlp.layers[last]!.outputs;
  const size = batch.values.BYTES_PER_ELEMENT;
  const outputs = workspace.sums[last]!.byteOffset + first * width * size;
  const gradient = workspace.flow[last]!.byteOffset + first * width * size;
  const losses = workspace.losses.byteOffset + first * 8;
  if (name === 'mse') {
    const values = batch.values.byteOffset + first * width * size;
    kernels.squaredError(outputs, values, gradient, rows, width, total, losses);
    return;
  }
  const labels = batch.labels.byteOffset + first * 4;
  const right = workspace.right.byteOffset + first;
  kernels.crossEntropy(outputs, labels, gradient, rows, width, labelSmoothing, total, losses, right);
}

/** The sum of the first rows' losses, in order, added to what was before. */
export function lossSum({ losses }: Workspace, rows: number, before = 0): number {
  let sum = before;
  for (let row = 0; row < rows; row++) sum += losses[row]!;
  return sum;
}

/** Rows whose largest output is at their label, as `lossRows` of cross-entropy found them. */
export function countRight({ right }: Workspace, rows: number): number {
  let count = 0;
  for (let row = 0; row < rows; row++) count += right[row]!;
  return count;
}
