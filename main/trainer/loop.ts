import { createBatch, type Batch, type Dataset } from '#main/trainer/dataset.ts';
import { countRight, LOSS_FUNCTIONS } from '#main/trainer/losses.ts';
import { backward, createWorkspace, forward, parametersOf, type Workspace } from '#main/trainer/mlp.ts';
import { clipNorm, updateParameter } from '#main/trainer/optimizer.ts';
import { NO_METRICS, type TrainingState } from '#main/trainer/state.ts';
import type { RunConfig, RunPoint } from '#shared/run.ts';

/** A state with what it takes to move it on. */
export interface Trainer {
  readonly config: RunConfig;
  readonly dataset: Dataset;
  readonly state: TrainingState;
  readonly batch: Batch;
  readonly workspace: Workspace;
}

export function createTrainer(config: RunConfig, dataset: Dataset, state: TrainingState): Trainer {
  return {
    config,
    dataset,
    state,
    batch: createBatch(config, config.batchSize),
    workspace: createWorkspace(state.mlp, config.batchSize, 'training'),
  };
}

export interface StepResult extends RunPoint {
  /** Epoch that the step belonged to. */
  readonly epoch: number;
  /** Whether it was the last step of that epoch. */
  readonly isEpochEnd: boolean;
}

/** One optimizer step. Changes the state; looks at no clock and no file. */
export function takeStep(trainer: Trainer): StepResult {
  const { config, dataset, state, batch, workspace } = trainer;
  const { mlp, epoch } = state;
  const rows = Math.min(config.batchSize, dataset.epochLength - state.position);
  dataset.epoch(epoch).fill(batch, state.position, rows);

  const { loss, right } = measure(trainer, rows);
  backward(mlp, workspace, batch.inputs, rows);
  if (config.clipNorm > 0) clipNorm(workspace.gradients, config.clipNorm);
  parametersOf(mlp).forEach(({ values }, index) => {
    updateParameter(values, workspace.gradients[index]!, state.buffers[index]!, config.optimizer, state.step);
  });

  state.step++;
  state.position += rows;
  const isEpochEnd = state.position >= dataset.epochLength;
  const { metrics } = state;
  state.metrics = {
    loss,
    ...(isEpochEnd
      ? NO_METRICS
      : {
          epochLoss: metrics.epochLoss + loss * rows,
          epochRight: metrics.epochRight + (right ?? 0),
          epochRows: metrics.epochRows + rows,
        }),
    ...(metrics.validation ? { validation: metrics.validation } : {}),
  };
  if (isEpochEnd) {
    state.epoch++;
    state.position = 0;
  }
  return {
    step: state.step,
    epoch,
    loss,
    ...(right === undefined ? {} : { accuracy: right / rows }),
    isEpochEnd,
  };
}

/** Loss and right answers of the batch's first rows; leaves the gradient of the outputs in the workspace. */
function measure(
  trainer: Trainer,
  rows: number,
): { readonly loss: number; readonly right: number | undefined } {
  const { config, dataset, state, batch, workspace } = trainer;
  const { mlp } = state;
  const width = mlp.layers[mlp.layers.length - 1]!.outputs;
  const outputs = forward(mlp, workspace, batch.inputs, rows);
  const gradient = workspace.flow[mlp.layers.length - 1]!;
  const loss = LOSS_FUNCTIONS[config.loss](outputs, batch, gradient, rows, width, config.labelSmoothing);
  const right = dataset.hasLabels ? countRight(outputs, batch, rows, width) : undefined;
  return { loss, right };
}

/** Validation in pieces of one batch, so that whoever drives it can look at messages in between. */
export interface Validation {
  /** Measures one more batch. @returns whether it was the last; then the state's metrics have the result. */
  advance(): boolean;
}

/** Measures the unseen examples with the parameters as they are after the step that ended an epoch. */
export function beginValidation(trainer: Trainer, finished: StepResult): Validation | undefined {
  const { config, dataset, state, batch } = trainer;
  const { unseen } = dataset;
  if (!unseen) return undefined;
  let position = 0;
  let lossSum = 0;
  let rightSum = 0;
  return {
    advance: () => {
      const rows = Math.min(config.batchSize, unseen.count - position);
      unseen.fill(batch, position, rows);
      const { loss, right } = measure(trainer, rows);
      position += rows;
      lossSum += loss * rows;
      rightSum += right ?? 0;
      if (position < unseen.count) return false;
      state.metrics = {
        ...state.metrics,
        validation: {
          step: finished.step,
          epoch: finished.epoch,
          loss: lossSum / unseen.count,
          ...(dataset.hasLabels ? { accuracy: rightSum / unseen.count } : {}),
        },
      };
      return true;
    },
  };
}
