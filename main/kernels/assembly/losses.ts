/** Losses with their gradients, as PyTorch defines them, one row at a time and in f64 up to what is stored. */
import { exp, log } from './functions';

/**
 * Cross-entropy of the softmax: log-softmax, `smoothing` spread over all classes.
 * @param labels one i32 a row.
 * @param total rows that the mean is taken over: the gradient is that of the mean.
 * @param losses one f64 a row, what it adds to the sum.
 * @param right one u8 a row: whether the largest output (the first of them) is at the label.
 */
function crossEntropy<T>(
  outputs: usize,
  labels: usize,
  gradient: usize,
  rows: usize,
  width: usize,
  smoothing: f64,
  total: f64,
  losses: usize,
  right: usize,
): void {
  const size = sizeof<T>();
  const spread = smoothing / <f64>width;
  const share = 1 - smoothing;
  for (let row: usize = 0; row < rows; row++) {
    const label = <usize>load<i32>(labels + row * 4);
    let highest = <f64>-Infinity;
    let best: usize = 0;
    for (let i: usize = 0; i < width; i++) {
      const value = <f64>load<T>(outputs + i * size);
      // one that is no number is the highest, and the first such stays
      if (highest === highest && !(value <= highest)) {
        highest = value;
        best = i;
      }
    }
    let sum: f64 = 0;
    let shifted: f64 = 0;
    for (let i: usize = 0; i < width; i++) {
      const difference = <f64>load<T>(outputs + i * size) - highest;
      const power = exp(difference);
      shifted += difference;
      sum += power;
      store<T>(gradient + i * size, <T>power);
    }
    const logSum = log(sum);
    let loss = share * (logSum - (<f64>load<T>(outputs + label * size) - highest));
    if (spread > 0) loss += spread * (<f64>width * logSum - shifted);
    store<f64>(losses + row * 8, loss);
    store<u8>(right + row, best === label ? 1 : 0);
    const scale = 1 / sum;
    for (let i: usize = 0; i < width; i++) {
      const at = gradient + i * size;
      const target = (i === label ? share : 0) + spread;
      store<T>(at, <T>((<f64>load<T>(at) * scale - target) / total));
    }
    outputs += width * size;
    gradient += width * size;
  }
}

/** Mean squared error over all elements of all rows; `values` are rows x width. Parameters as above. */
function squaredError<T>(
  outputs: usize,
  values: usize,
  gradient: usize,
  rows: usize,
  width: usize,
  total: f64,
  losses: usize,
): void {
  const count = total * <f64>width;
  const rowBytes = width * sizeof<T>();
  for (let row: usize = 0; row < rows; row++) {
    let sum: f64 = 0;
    for (let at: usize = 0; at < rowBytes; at += sizeof<T>()) {
      const difference = <f64>load<T>(outputs + at) - <f64>load<T>(values + at);
      sum += difference * difference;
      store<T>(gradient + at, <T>((2 * difference) / count));
    }
    store<f64>(losses + row * 8, sum / <f64>width);
    outputs += rowBytes;
    values += rowBytes;
    gradient += rowBytes;
  }
}

export function crossEntropy32(
  outputs: usize,
  labels: usize,
  gradient: usize,
  rows: usize,
  width: usize,
  smoothing: f64,
  total: f64,
  losses: usize,
  right: usize,
): void {
  crossEntropy<f32>(outputs, labels, gradient, rows, width, smoothing, total, losses, right);
}

export function crossEntropy64(
  outputs: usize,
  labels: usize,
  gradient: usize,
  rows: usize,
  width: usize,
  smoothing: f64,
  total: f64,
  losses: usize,
  right: usize,
): void {
  crossEntropy<f64>(outputs, labels, gradient, rows, width, smoothing, total, losses, right);
}

export function squaredError32(
  outputs: usize,
  values: usize,
  gradient: usize,
  rows: usize,
  width: usize,
  total: f64,
  losses: usize,
): void {
  squaredError<f32>(outputs, values, gradient, rows, width, total, losses);
}

export function squaredError64(
  outputs: usize,
  values: usize,
  gradient: usize,
  rows: usize,
  width: usize,
  total: f64,
  losses: usize,
): void {
  squaredError<f64>(outputs, values, gradient, rows, width, total, losses);
}
