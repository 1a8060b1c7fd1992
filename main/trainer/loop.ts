import { batchIn, stepsPerEpoch, type Batch, type Dataset } from '#main/trainer/dataset.ts';
import { countRight, lossRows, lossSum } from '#main/trainer/losses.ts';
import { parametersOf, type Mlp } from '#main/trainer/mlp.ts';
import { clipNorm, updateParameter } from '#main/trainer/optimizer.ts';
import { backward, forward, type Dropout } from '#main/trainer/passes.ts';
import { learningRateAt } from '#main/trainer/schedule.ts';
import { NO_METRICS, type TrainingState } from '#main/trainer/state.ts';
import type { Values } from '#main/trainer/values.ts';
import { createWorkspace, type Workspace } from '#main/trainer/workspace.ts';
import type { RunConfig, RunPoint } from '#shared/run.ts';

/** A state with what it takes to move it on. */
export interface Trainer {
  readonly config: RunConfig;
  readonly dataset: Dataset;
  readonly state: TrainingState;
  readonly batch: Batch;
  readonly workspace: Workspace;
  /** The network's parameters, in order. */
  readonly parameters: readonly Values[];
  readonly averages: readonly Values[];
  /** Steps that the configuration's epochs take. */
  readonly wholeLength: number;
}

export function createTrainer(config: RunConfig, dataset: Dataset, state: TrainingState): Trainer {
  const { mlp, average } = state;
  const workspace = createWorkspace(mlp, config.batchSize, {
    for: 'training',
    hasDropout: config.dropout > 0,
  });
  const valuesOf = (network: Mlp) => parametersOf(network).map(({ values }) => values);
  return {
    config,
    dataset,
    state,
    batch: batchIn(mlp, workspace),
    workspace,
    parameters: valuesOf(mlp),
    averages: average ? valuesOf(average) : [],
    wholeLength: config.epochs * stepsPerEpoch(config, dataset),
  };
}

export interface StepResult extends RunPoint {
  /** Epoch that the step belonged to. */
  readonly epoch: number;
  /** Whether it was the last step of that epoch. */
  readonly isEpochEnd: boolean;
}

/**
 * One optimizer step over as many batches as are accumulated. Changes the state; looks at no clock and no file.
 * The gradient is that of the mean over all their rows, summed in order: the bits are those of one large batch.
 */
export function takeStep(trainer: Trainer): StepResult {
  const { config, dataset, state, batch } = trainer;
  const { epoch } = state;
  const total = Math.min(config.batchSize * config.accumulate, dataset.epochLength - state.position);
  const examples = dataset.epoch(epoch);
  let found: Found = { loss: 0, right: 0 };
  for (let done = 0; done < total; done += config.batchSize) {
    const rows = Math.min(config.batchSize, total - done);
    examples.fill(batch, state.position + done, rows);
    found = learnBatch(trainer, rows, done, total, found);
  }
  applyGradients(trainer);

  const { loss: lossTotal, right } = found;
  const loss = lossTotal / total;
  state.step++;
  state.position += total;
  const isEpochEnd = state.position >= dataset.epochLength;
  const { metrics } = state;
  state.metrics = {
    loss,
    ...(isEpochEnd
      ? NO_METRICS
      : {
          epochLoss: metrics.epochLoss + lossTotal,
          epochRight: metrics.epochRight + right,
          epochRows: metrics.epochRows + total,
        }),
    ...(metrics.validation ? { validation: metrics.validation } : {}),
    ...(metrics.best ? { best: metrics.best } : {}),
  };
  if (isEpochEnd) {
    state.epoch++;
    state.position = 0;
  }
  return {
    step: state.step,
    epoch,
    loss,
    ...(config.loss === 'cross-entropy' ? { accuracy: right / total } : {}),
    isEpochEnd,
  };
}

interface Found {
  /** Summed over rows. */
  readonly loss: number;
  readonly right: number;
}

/** There and back with one batch, which is rows [done, done + rows) of the step's `total`. */
function learnBatch(trainer: Trainer, rows: number, done: number, total: number, before: Found): Found {
  const { config, state, workspace } = trainer;
  const dropout: Dropout | undefined =
    config.dropout > 0
      ? { share: config.dropout, seed: config.seed, step: state.step, rowsBefore: done }
      : undefined;
  forward(state.mlp, workspace, rows, dropout);
  const found = measure(trainer, state.mlp, rows, total, before);
  backward(state.mlp, workspace, rows, done > 0, dropout);
  return found;
}

/** Adds loss and right answers of the batch's first rows; leaves the gradient of the outputs in the workspace. */
function measure(
  { config, batch, workspace }: Trainer,
  mlp: Mlp,
  rows: number,
  total: number,
  before: Found,
): Found {
  lossRows(
    mlp,
    workspace,
    batch,
    { name: config.loss, labelSmoothing: config.labelSmoothing },
    0,
    rows,
    total,
  );
  return {
    loss: lossSum(workspace, rows, before.loss),
    right: before.right + (config.loss === 'cross-entropy' ? countRight(workspace, rows) : 0),
  };
}

function applyGradients({ config, state, workspace, parameters, averages, wholeLength }: Trainer): void {
  const { mlp, step } = state;
  const { gradients } = workspace;
  if (config.clipNorm > 0) clipNorm(mlp, gradients, config.clipNorm);
  const learningRate = learningRateAt(config.schedule, config.optimizer.learningRate, step, wholeLength);
  const settings = { ...config.optimizer, learningRate };
  parameters.forEach((parameter, index) => {
    updateParameter(mlp, parameter, gradients[index]!, state.buffers[index]!, settings, step);
  });
  // the first average is the parameters themselves, as in PyTorch's AveragedModel
  const share = step === 0 ? 1 : 1 - config.ema;
  averages.forEach((average, index) => {
    const { byteOffset, length } = parameters[index]!;
    mlp.memory[mlp.precision].average(average.byteOffset, byteOffset, length, share);
  });
}

/** Validation in pieces of one batch, so that whoever drives it can look at messages in between. */
export interface Validation {
  /** Measures one more batch. @returns whether it was the last; then the state's metrics have the result. */
  advance(): boolean;
}

/**
 * Measures the unseen examples with the parameters as they are after the step that ended an epoch, or with their
 * moving averages where there are such.
 */
export function beginValidation(trainer: Trainer, finished: StepResult): Validation | undefined {
  const { config, dataset, state, batch, workspace } = trainer;
  const { unseen } = dataset;
  if (!unseen) return undefined;
  const mlp = state.average ?? state.mlp;
  let position = 0;
  let found: Found = { loss: 0, right: 0 };
  return {
    advance: () => {
      const rows = Math.min(config.batchSize, unseen.count - position);
      unseen.fill(batch, position, rows);
      forward(mlp, workspace, rows);
      found = measure(trainer, mlp, rows, rows, found);
      position += rows;
      if (position < unseen.count) return false;
      const loss = found.loss / unseen.count;
      const accuracy = config.loss === 'cross-entropy' ? { accuracy: found.right / unseen.count } : {};
      const validation = { step: finished.step, epoch: finished.epoch, loss, ...accuracy };
      const isBest = loss < (state.metrics.best?.loss ?? Infinity);
      state.metrics = {
        ...state.metrics,
        validation,
        ...(isBest ? { best: validation } : {}),
      };
      if (config.earlyStop.patience > 0) noteProgress(state, loss, config.earlyStop.minDelta);
      return true;
    },
  };
}

function noteProgress(state: TrainingState, loss: number, minDelta: number): void {
  const { best, waited } = state.progress ?? { best: Infinity, waited: 0 };
  state.progress = loss < best - minDelta ? { best: loss, waited: 0 } : { best, waited: waited + 1 };
}

/** Whether the validation loss has stood still for as long as the configuration bears. */
export function hasStoppedEarly({ earlyStop }: RunConfig, { progress }: TrainingState): boolean {
  return earlyStop.patience > 0 && progress !== undefined && progress.waited >= earlyStop.patience;
}
