/**
 * Update rules as PyTorch 2 defines them (https://docs.pytorch.org/docs/stable/optim.html), in the precision of the
 * parameters. Loops go over whole vectors: buffers begin on a vector's boundary and reach to one.
 */

/** A buffer at address 0 is one that the settings do not ask for. */
const NONE: usize = 0;

/** @param keep share of the velocity that stays. @param gain share of the slope that is added to it. */
function sgd<T extends number>(
  parameter: usize,
  gradient: usize,
  velocity: usize,
  count: usize,
  learningRate: f64,
  weightDecay: f64,
  momentum: f64,
  keep: f64,
  gain: f64,
  nesterov: bool,
): void {
  const rate = v128.splat<T>(<T>learningRate);
  const decay = v128.splat<T>(<T>weightDecay);
  const pull = v128.splat<T>(<T>momentum);
  const kept = v128.splat<T>(<T>keep);
  const gained = v128.splat<T>(<T>gain);
  const byteLength = count * sizeof<T>();
  for (let at: usize = 0; at < byteLength; at += 16) {
    const value = v128.load(parameter + at);
    let slope = v128.load(gradient + at);
    if (weightDecay !== 0) slope = v128.add<T>(slope, v128.mul<T>(decay, value));
    if (velocity !== NONE) {
      const old = v128.load(velocity + at);
      const now = v128.add<T>(v128.mul<T>(kept, old), v128.mul<T>(gained, slope));
      v128.store(velocity + at, now);
      slope = nesterov ? v128.add<T>(slope, v128.mul<T>(pull, now)) : now;
    }
    v128.store(parameter + at, v128.sub<T>(value, v128.mul<T>(rate, slope)));
  }
}

/** @param shrink factor of the parameter beforehand (AdamW). @param penalty weight decay in the gradient (Adam). */
function adam<T extends number>(
  parameter: usize,
  gradient: usize,
  first: usize,
  second: usize,
  highest: usize,
  count: usize,
  stepSize: f64,
  correction: f64,
  shrink: f64,
  penalty: f64,
  beta1: f64,
  beta2: f64,
  eps: f64,
): void {
  const step = v128.splat<T>(<T>stepSize);
  const corrected = v128.splat<T>(<T>correction);
  const shrunk = v128.splat<T>(<T>shrink);
  const decay = v128.splat<T>(<T>penalty);
  const gain1 = v128.splat<T>(<T>(1 - beta1));
  const keep2 = v128.splat<T>(<T>beta2);
  const gain2 = v128.splat<T>(<T>(1 - beta2));
  const least = v128.splat<T>(<T>eps);
  const byteLength = count * sizeof<T>();
  for (let at: usize = 0; at < byteLength; at += 16) {
    let value = v128.load(parameter + at);
    let slope = v128.load(gradient + at);
    if (shrink !== 1) value = v128.mul<T>(value, shrunk);
    if (penalty !== 0) slope = v128.add<T>(slope, v128.mul<T>(decay, value));
    const old = v128.load(first + at);
    const mean = v128.add<T>(old, v128.mul<T>(v128.sub<T>(slope, old), gain1));
    let square = v128.add<T>(
      v128.mul<T>(v128.load(second + at), keep2),
      v128.mul<T>(v128.mul<T>(gain2, slope), slope),
    );
    v128.store(first + at, mean);
    v128.store(second + at, square);
    if (highest !== NONE) {
      square = v128.max<T>(v128.load(highest + at), square);
      v128.store(highest + at, square);
    }
    const divisor = v128.add<T>(v128.mul<T>(v128.sqrt<T>(square), corrected), least);
    v128.store(parameter + at, v128.sub<T>(value, v128.div<T>(v128.mul<T>(step, mean), divisor)));
  }
}

function rmsprop<T extends number>(
  parameter: usize,
  gradient: usize,
  squares: usize,
  velocity: usize,
  means: usize,
  count: usize,
  learningRate: f64,
  weightDecay: f64,
  alpha: f64,
  momentum: f64,
  eps: f64,
): void {
  const rate = v128.splat<T>(<T>learningRate);
  const decay = v128.splat<T>(<T>weightDecay);
  const keep = v128.splat<T>(<T>alpha);
  const gain = v128.splat<T>(<T>(1 - alpha));
  const pull = v128.splat<T>(<T>momentum);
  const least = v128.splat<T>(<T>eps);
  const byteLength = count * sizeof<T>();
  for (let at: usize = 0; at < byteLength; at += 16) {
    const value = v128.load(parameter + at);
    let slope = v128.load(gradient + at);
    if (weightDecay !== 0) slope = v128.add<T>(slope, v128.mul<T>(decay, value));
    let square = v128.add<T>(
      v128.mul<T>(v128.load(squares + at), keep),
      v128.mul<T>(v128.mul<T>(gain, slope), slope),
    );
    v128.store(squares + at, square);
    if (means !== NONE) {
      const old = v128.load(means + at);
      const mean = v128.add<T>(old, v128.mul<T>(v128.sub<T>(slope, old), gain));
      v128.store(means + at, mean);
      square = v128.sub<T>(square, v128.mul<T>(mean, mean));
    }
    let change = v128.div<T>(slope, v128.add<T>(v128.sqrt<T>(square), least));
    if (velocity !== NONE) {
      change = v128.add<T>(v128.mul<T>(pull, v128.load(velocity + at)), change);
      v128.store(velocity + at, change);
    }
    v128.store(parameter + at, v128.sub<T>(value, v128.mul<T>(rate, change)));
  }
}

function adagrad<T extends number>(
  parameter: usize,
  gradient: usize,
  sums: usize,
  count: usize,
  learningRate: f64,
  weightDecay: f64,
  eps: f64,
): void {
  const rate = v128.splat<T>(<T>learningRate);
  const decay = v128.splat<T>(<T>weightDecay);
  const least = v128.splat<T>(<T>eps);
  const byteLength = count * sizeof<T>();
  for (let at: usize = 0; at < byteLength; at += 16) {
    const value = v128.load(parameter + at);
    let slope = v128.load(gradient + at);
    if (weightDecay !== 0) slope = v128.add<T>(slope, v128.mul<T>(decay, value));
    const sum = v128.add<T>(v128.load(sums + at), v128.mul<T>(slope, slope));
    v128.store(sums + at, sum);
    const change = v128.div<T>(slope, v128.add<T>(v128.sqrt<T>(sum), least));
    v128.store(parameter + at, v128.sub<T>(value, v128.mul<T>(rate, change)));
  }
}

/** Moves each average by `share` of the way to its parameter. */
function average<T extends number>(averages: usize, parameter: usize, count: usize, share: f64): void {
  const part = v128.splat<T>(<T>share);
  const byteLength = count * sizeof<T>();
  for (let at: usize = 0; at < byteLength; at += 16) {
    const old = v128.load(averages + at);
    const way = v128.sub<T>(v128.load(parameter + at), old);
    v128.store(averages + at, v128.add<T>(old, v128.mul<T>(way, part)));
  }
}

function scale<T extends number>(values: usize, count: usize, factor: f64): void {
  const factors = v128.splat<T>(<T>factor);
  const end = values + count * sizeof<T>();
  for (; values < end; values += 16) v128.store(values, v128.mul<T>(v128.load(values), factors));
}

/** The sum of squares, in f64 and in order. */
function squareSum<T extends number>(values: usize, count: usize): f64 {
  let sum: f64 = 0;
  for (const end = values + count * sizeof<T>(); values < end; values += sizeof<T>()) {
    const value = <f64>load<T>(values);
    sum += value * value;
  }
  return sum;
}

export function sgd32(
  parameter: usize,
  gradient: usize,
  velocity: usize,
  count: usize,
  learningRate: f64,
  weightDecay: f64,
  momentum: f64,
  keep: f64,
  gain: f64,
  nesterov: bool,
): void {
  sgd<f32>(parameter, gradient, velocity, count, learningRate, weightDecay, momentum, keep, gain, nesterov);
}

export function sgd64(
  parameter: usize,
  gradient: usize,
  velocity: usize,
  count: usize,
  learningRate: f64,
  weightDecay: f64,
  momentum: f64,
  keep: f64,
  gain: f64,
  nesterov: bool,
): void {
  sgd<f64>(parameter, gradient, velocity, count, learningRate, weightDecay, momentum, keep, gain, nesterov);
}

export function adam32(
  parameter: usize,
  gradient: usize,
  first: usize,
  second: usize,
  highest: usize,
  count: usize,
  stepSize: f64,
  correction: f64,
  shrink: f64,
  penalty: f64,
  beta1: f64,
  beta2: f64,
  eps: f64,
): void {
  adam<f32>(
    parameter,
    gradient,
    first,
    second,
    highest,
    count,
    stepSize,
    correction,
    shrink,
    penalty,
    beta1,
    beta2,
    eps,
  );
}

export function adam64(
  parameter: usize,
  gradient: usize,
  first: usize,
  second: usize,
  highest: usize,
  count: usize,
  stepSize: f64,
  correction: f64,
  shrink: f64,
  penalty: f64,
  beta1: f64,
  beta2: f64,
  eps: f64,
): void {
  adam<f64>(
    parameter,
    gradient,
    first,
    second,
    highest,
    count,
    stepSize,
    correction,
    shrink,
    penalty,
    beta1,
    beta2,
    eps,
  );
}

export function rmsprop32(
  parameter: usize,
  gradient: usize,
  squares: usize,
  velocity: usize,
  means: usize,
  count: usize,
  learningRate: f64,
  weightDecay: f64,
  alpha: f64,
  momentum: f64,
  eps: f64,
): void {
  rmsprop<f32>(
    parameter,
    gradient,
    squares,
    velocity,
    means,
    count,
    learningRate,
    weightDecay,
    alpha,
    momentum,
    eps,
  );
}

export function rmsprop64(
  parameter: usize,
  gradient: usize,
  squares: usize,
  velocity: usize,
  means: usize,
  count: usize,
  learningRate: f64,
  weightDecay: f64,
  alpha: f64,
  momentum: f64,
  eps: f64,
): void {
  rmsprop<f64>(
    parameter,
    gradient,
    squares,
    velocity,
    means,
    count,
    learningRate,
    weightDecay,
    alpha,
    momentum,
    eps,
  );
}

export function adagrad32(
  parameter: usize,
  gradient: usize,
  sums: usize,
  count: usize,
  learningRate: f64,
  weightDecay: f64,
  eps: f64,
): void {
  adagrad<f32>(parameter, gradient, sums, count, learningRate, weightDecay, eps);
}

export function adagrad64(
  parameter: usize,
  gradient: usize,
  sums: usize,
  count: usize,
  learningRate: f64,
  weightDecay: f64,
  eps: f64,
): void {
  adagrad<f64>(parameter, gradient, sums, count, learningRate, weightDecay, eps);
}

export function average32(averages: usize, parameter: usize, count: usize, share: f64): void {
  average<f32>(averages, parameter, count, share);
}

export function average64(averages: usize, parameter: usize, count: usize, share: f64): void {
  average<f64>(averages, parameter, count, share);
}

export function scale32(values: usize, count: usize, factor: f64): void {
  scale<f32>(values, count, factor);
}

export function scale64(values: usize, count: usize, factor: f64): void {
  scale<f64>(values, count, factor);
}

export function squareSum32(values: usize, count: usize): f64 {
  return squareSum<f32>(values, count);
}

export function squareSum64(values: usize, count: usize): f64 {
  return squareSum<f64>(values, count);
}
