import type { Mlp } from '#main/trainer/mlp.ts';
import { wholePower } from '#main/trainer/transcendental.ts';
import type { Values } from '#main/trainer/values.ts';
import type { TrainingKernels } from '#main/kernels/training-module.ts';
import type { OptimizerConfig, OptimizerName } from '#shared/run.ts';

/**
 * Changes `count` elements of a parameter in place. Addresses are of the parameter, its gradient and its buffers, as
 * named by `buffersOf`, zeros before the first update; `step` counts the updates made before this one.
 */
type Update = (
  kernels: TrainingKernels,
  parameter: number,
  gradient: number,
  buffers: readonly number[],
  count: number,
  settings: OptimizerConfig,
  step: number,
) => void;

interface Rule {
  /** Names of the buffers, as in PyTorch's state dict; each has the shape of its parameter. */
  readonly buffers: (settings: OptimizerConfig) => readonly string[];
  readonly update: Update;
}

/** The address of a buffer that is not kept. */
const NONE = 0;

const sgd: Rule = {
  buffers: (settings) => (settings.momentum! > 0 ? ['momentum_buffer'] : []),
  update: (kernels, parameter, gradient, buffers, count, settings, step) => {
    const momentum = settings.momentum!;
    kernels.sgd(
      ...([parameter, gradient, buffers[0] ?? NONE, count] as const),
      ...([settings.learningRate, settings.weightDecay, momentum] as const),
      // PyTorch starts the buffer with the gradient itself, undamped
      step === 0 ? 0 : momentum,
      step === 0 ? 1 : 1 - settings.dampening!,
      settings.nesterov!,
    );
  },
};

const adam: Rule = {
  buffers: (settings) => ['exp_avg', 'exp_avg_sq', ...(settings.amsgrad ? ['max_exp_avg_sq'] : [])],
  update: (kernels, parameter, gradient, buffers, count, settings, step) => {
    const { learningRate, weightDecay, name } = settings;
    const [beta1, beta2] = settings.betas!;
    const isDecoupled = name === 'adamw';
    kernels.adam(
      ...([parameter, gradient, buffers[0]!, buffers[1]!, buffers[2] ?? NONE, count] as const),
      learningRate / (1 - wholePower(beta1, step + 1)),
      1 / Math.sqrt(1 - wholePower(beta2, step + 1)),
      isDecoupled ? 1 - learningRate * weightDecay : 1,
      isDecoupled ? 0 : weightDecay,
      ...([beta1, beta2, settings.eps!] as const),
    );
  },
};

const rmsprop: Rule = {
  buffers: (settings) => [
    'square_avg',
    ...(settings.momentum! > 0 ? ['momentum_buffer'] : []),
    ...(settings.centered ? ['grad_avg'] : []),
  ],
  update: (kernels, parameter, gradient, buffers, count, settings) => {
    const momentum = settings.momentum!;
    kernels.rmsprop(
      ...([parameter, gradient, buffers[0]!] as const),
      momentum > 0 ? buffers[1]! : NONE,
      settings.centered ? buffers[buffers.length - 1]! : NONE,
      ...([count, settings.learningRate, settings.weightDecay] as const),
      ...([settings.alpha!, momentum, settings.eps!] as const),
    );
  },
};

const adagrad: Rule = {
  buffers: () => ['sum'],
  update: (kernels, parameter, gradient, buffers, count, settings, step) => {
    const rate = settings.learningRate / (1 + step * settings.learningRateDecay!);
    kernels.adagrad(parameter, gradient, buffers[0]!, count, rate, settings.weightDecay, settings.eps!);
  },
};

const RULES: Readonly<Record<OptimizerName, Rule>> = {
  sgd,
  momentum: sgd,
  nesterov: sgd,
  adam,
  adamw: adam,
  rmsprop,
  adagrad,
};

/** Names of the buffers that an optimizer keeps for each parameter, in order. */
export function buffersOf(settings: OptimizerConfig): readonly string[] {
  return RULES[settings.name].buffers(settings);
}

/**
 * Updates a parameter, or its elements from `first` on.
 * @param step updates made before this one.
 */
export function updateParameter(
  { memory, precision }: Mlp,
  parameter: Values,
  gradient: Values,
  buffers: readonly Values[],
  settings: OptimizerConfig,
  step: number,
  first = 0,
  count = parameter.length,
): void {
  const offset = first * parameter.BYTES_PER_ELEMENT;
  RULES[settings.name].update(
    memory[precision],
    parameter.byteOffset + offset,
    gradient.byteOffset + offset,
    buffers.map((buffer) => buffer.byteOffset + offset),
    count,
    settings,
    step,
  );
}

/**
 * Scales all gradients so that their common norm is at most `limit`, as PyTorch's clip_grad_norm_ does.
 * @returns the norm before.
 */
export function clipNorm({ memory, precision }: Mlp, gradients: readonly Values[], limit: number): number {
  const kernels = memory[precision];
  let sum = 0;
  for (const gradient of gradients) sum += kernels.squareSum(gradient.byteOffset, gradient.length);
  const norm = Math.sqrt(sum);
  const scale = limit / (norm + 1e-6);
  if (scale >= 1) return norm;
  for (const gradient of gradients) kernels.scale(gradient.byteOffset, gradient.length, scale);
  return norm;
}
