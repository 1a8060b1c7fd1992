// Update rules as PyTorch 2 defines them: https://docs.pytorch.org/docs/stable/optim.html
import { wholePower } from '#main/trainer/transcendental.ts';
import type { Values } from '#main/trainer/values.ts';
import type { OptimizerConfig, OptimizerName } from '#shared/run.ts';

/**
 * Changes `parameter` in place by its gradient. `buffers` are as named by `buffersOf`, zeros before the first update;
 * `step` counts the updates made before this one.
 */
type Update = (
  parameter: Values,
  gradient: Values,
  buffers: readonly Values[],
  settings: OptimizerConfig,
  step: number,
) => void;

interface Rule {
  /** Names of the buffers, as in PyTorch's state dict; each has the shape of its parameter. */
  readonly buffers: (settings: OptimizerConfig) => readonly string[];
  readonly update: Update;
}

const updateSgd: Update = (parameter, gradient, [buffer], settings, step) => {
  const { learningRate, weightDecay } = settings;
  const momentum = settings.momentum!;
  // PyTorch starts the buffer with the gradient itself, undamped
  const decay = step === 0 ? 0 : momentum;
  const share = step === 0 ? 1 : 1 - settings.dampening!;
  for (let i = 0; i < parameter.length; i++) {
    const value = parameter[i]!;
    let slope = gradient[i]! + weightDecay * value;
    if (buffer) {
      const velocity = decay * buffer[i]! + share * slope;
      buffer[i] = velocity;
      slope = settings.nesterov ? slope + momentum * velocity : velocity;
    }
    parameter[i] = value - learningRate * slope;
  }
};

const updateAdam: Update = (parameter, gradient, buffers, settings, step) => {
  const { learningRate, weightDecay } = settings;
  const [beta1, beta2] = settings.betas!;
  const eps = settings.eps!;
  const first = buffers[0]!;
  const second = buffers[1]!;
  const highest = buffers[2];
  const isDecoupled = settings.name === 'adamw';
  const shrink = isDecoupled ? 1 - learningRate * weightDecay : 1;
  const penalty = isDecoupled ? 0 : weightDecay;
  const stepSize = learningRate / (1 - wholePower(beta1, step + 1));
  const correction = 1 / Math.sqrt(1 - wholePower(beta2, step + 1));
  for (let i = 0; i < parameter.length; i++) {
    const value = parameter[i]! * shrink;
    const slope = gradient[i]! + penalty * value;
    const mean = first[i]! + (slope - first[i]!) * (1 - beta1);
    let square = second[i]! * beta2 + (1 - beta2) * slope * slope;
    first[i] = mean;
    second[i] = square;
    if (highest) {
      square = Math.max(highest[i]!, square);
      highest[i] = square;
    }
    parameter[i] = value - (stepSize * mean) / (Math.sqrt(square) * correction + eps);
  }
};

const updateRmsprop: Update = (parameter, gradient, buffers, settings) => {
  const { learningRate, weightDecay } = settings;
  const alpha = settings.alpha!;
  const eps = settings.eps!;
  const momentum = settings.momentum!;
  const squares = buffers[0]!;
  const velocity = momentum > 0 ? buffers[1] : undefined;
  const means = settings.centered ? buffers[buffers.length - 1] : undefined;
  for (let i = 0; i < parameter.length; i++) {
    const slope = gradient[i]! + weightDecay * parameter[i]!;
    let square = squares[i]! * alpha + (1 - alpha) * slope * slope;
    squares[i] = square;
    if (means) {
      const mean = means[i]! + (slope - means[i]!) * (1 - alpha);
      means[i] = mean;
      square -= mean * mean;
    }
    let change = slope / (Math.sqrt(square) + eps);
    if (velocity) {
      change = momentum * velocity[i]! + change;
      velocity[i] = change;
    }
    parameter[i] = parameter[i]! - learningRate * change;
  }
};

const sgd: Rule = {
  buffers: (settings) => (settings.momentum! > 0 ? ['momentum_buffer'] : []),
  update: updateSgd,
};

const adam: Rule = {
  buffers: (settings) => ['exp_avg', 'exp_avg_sq', ...(settings.amsgrad ? ['max_exp_avg_sq'] : [])],
  update: updateAdam,
};

const rmsprop: Rule = {
  buffers: (settings) => [
    'square_avg',
    ...(settings.momentum! > 0 ? ['momentum_buffer'] : []),
    ...(settings.centered ? ['grad_avg'] : []),
  ],
  update: updateRmsprop,
};

const RULES: Readonly<Record<OptimizerName, Rule>> = {
  sgd,
  momentum: sgd,
  nesterov: sgd,
  adam,
  adamw: adam,
  rmsprop,
};

/** Names of the buffers that an optimizer keeps for each parameter, in order. */
export function buffersOf(settings: OptimizerConfig): readonly string[] {
  return RULES[settings.name].buffers(settings);
}

export const updateParameter: Update = (parameter, gradient, buffers, settings, step) =>
  RULES[settings.name].update(parameter, gradient, buffers, settings, step);

/**
 * Scales all gradients so that their common norm is at most `limit`, as PyTorch's clip_grad_norm_ does.
 * @returns the norm before.
 */
export function clipNorm(gradients: readonly Values[], limit: number): number {
  let sum = 0;
  for (const gradient of gradients) {
    for (let i = 0; i < gradient.length; i++) sum += gradient[i]! * gradient[i]!;
  }
  const norm = Math.sqrt(sum);
  const scale = limit / (norm + 1e-6);
  if (scale >= 1) return norm;
  for (const gradient of gradients) {
    for (let i = 0; i < gradient.length; i++) gradient[i] = gradient[i]! * scale;
  }
  return norm;
}
