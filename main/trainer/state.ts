import { activationsOf } from '#main/trainer/activation.ts';
import { initialize } from '#main/trainer/initializers.ts';
import { createMlp, parametersOf, type Mlp } from '#main/trainer/mlp.ts';
import { buffersOf } from '#main/trainer/optimizer.ts';
import { allocateIn, type Precision, type Values } from '#main/trainer/values.ts';
import type { RunConfig, ValidationPoint } from '#shared/run.ts';

/** All that the next step depends on, beside configuration and data. Random streams have no state: `random.ts`. */
export interface TrainingState {
  readonly mlp: Mlp;
  /** For each parameter, in order, the optimizer's buffers as `buffersOf` names them. */
  readonly buffers: readonly (readonly Values[])[];
  /** The network with the moving averages of the parameters, where there are such; in the same memory. */
  readonly average?: Mlp;
  /** Updates made. */
  step: number;
  /** The epoch that the next step belongs to, from 0. */
  epoch: number;
  /** Examples of that epoch already used. */
  position: number;
  metrics: Metrics;
  /** Where early stopping stands; absent before the first validation. */
  progress?: Progress;
}

/** What has been measured on the way; nothing is computed from it, but a resumed run shows the same figures. */
export interface Metrics {
  /** Of the last step. */
  readonly loss?: number;
  /** Sums over the rows of the epoch so far. */
  readonly epochLoss: number;
  readonly epochRight: number;
  readonly epochRows: number;
  readonly validation?: ValidationPoint;
  /** The validation with the lowest loss so far. */
  readonly best?: ValidationPoint;
}

export interface Progress {
  /** The lowest validation loss so far. */
  readonly best: number;
  /** Epochs since then. */
  readonly waited: number;
}

export const NO_METRICS: Metrics = { epochLoss: 0, epochRight: 0, epochRows: 0 };

/** The state before the first step. */
export function initialState(config: RunConfig, precision: Precision = 'f32'): TrainingState {
  const state = emptyState(config, precision);
  initialize(state.mlp, config.initializer, config.seed);
  return state;
}

/** The state before the first step of a run that starts from parameters there are. @param parameters in order, as `parametersOf` has them. */
export function stateFrom(config: RunConfig, parameters: Float32Array): TrainingState {
  const state = emptyState(config);
  let begin = 0;
  for (const { values } of parametersOf(state.mlp)) {
    values.set(parameters.subarray(begin, begin + values.length));
    begin += values.length;
  }
  return state;
}

/** Zeros of the right shapes, for a checkpoint to fill. */
export function emptyState(config: RunConfig, precision: Precision = 'f32'): TrainingState {
  const activations = activationsOf(config);
  const mlp = createMlp(config.layers, activations, precision);
  const names = buffersOf(config.optimizer);
  return {
    mlp,
    buffers: parametersOf(mlp).map(({ values }) =>
      names.map(() => allocateIn(mlp.memory, precision, values.length)),
    ),
    ...(config.ema > 0 ? { average: createMlp(config.layers, activations, precision, mlp.memory) } : {}),
    step: 0,
    epoch: 0,
    position: 0,
    metrics: NO_METRICS,
  };
}
