import { exp, log } from '#main/trainer/transcendental.ts';
import type { Values } from '#main/trainer/values.ts';
import type { LossName } from '#shared/run.ts';

/** What outputs are held against: class numbers, real values, or both. One row an example. */
export interface Targets {
  readonly labels?: Int32Array;
  /** rows x outputs */
  readonly values?: Values;
}

/**
 * Mean loss over the first `rows` rows of `outputs` (rows x width); its gradient goes to `gradient` (same shape).
 * Both may be NaN or infinite: that is the caller's to notice.
 */
export type Loss = (
  outputs: Values,
  targets: Targets,
  gradient: Values,
  rows: number,
  width: number,
  labelSmoothing: number,
) => number;

/** PyTorch's CrossEntropyLoss: log-softmax, mean over rows, `labelSmoothing` spread over all classes. */
const crossEntropy: Loss = (outputs, targets, gradient, rows, width, labelSmoothing) => {
  const labels = targets.labels!;
  const spread = labelSmoothing / width;
  let total = 0;
  for (let row = 0; row < rows; row++) {
    const start = row * width;
    let highest = -Infinity;
    for (let i = start; i < start + width; i++) highest = Math.max(highest, outputs[i]!);
    let sum = 0;
    let shifted = 0;
    for (let i = start; i < start + width; i++) {
      const difference = outputs[i]! - highest;
      shifted += difference;
      sum += exp(difference);
    }
    const logSum = log(sum);
    const label = start + labels[row]!;
    total += (1 - labelSmoothing) * (logSum - (outputs[label]! - highest));
    if (spread > 0) total += spread * (width * logSum - shifted);
    for (let i = start; i < start + width; i++) {
      const target = (i === label ? 1 - labelSmoothing : 0) + spread;
      gradient[i] = (exp(outputs[i]! - highest) / sum - target) / rows;
    }
  }
  return total / rows;
};

/** PyTorch's MSELoss: mean over all elements. */
const meanSquaredError: Loss = (outputs, targets, gradient, rows, width) => {
  const values = targets.values!;
  const count = rows * width;
  let total = 0;
  for (let i = 0; i < count; i++) {
    const difference = outputs[i]! - values[i]!;
    total += difference * difference;
    gradient[i] = (2 * difference) / count;
  }
  return total / count;
};

export const LOSS_FUNCTIONS: Readonly<Record<LossName, Loss>> = {
  'cross-entropy': crossEntropy,
  mse: meanSquaredError,
};

/** Rows whose largest output is at their label; undefined where there are no labels. */
export function countRight(
  outputs: Values,
  targets: Targets,
  rows: number,
  width: number,
): number | undefined {
  const { labels } = targets;
  if (!labels) return undefined;
  let right = 0;
  for (let row = 0; row < rows; row++) {
    const start = row * width;
    let best = start;
    for (let i = start + 1; i < start + width; i++) if (outputs[i]! > outputs[best]!) best = i;
    if (best - start === labels[row]) right++;
  }
  return right;
}
