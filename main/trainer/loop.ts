import { batchIn, stepsPerEpoch, type Batch, type Dataset } from '#main/trainer/dataset.ts';
import { countRight, lossRows, lossSum } from '#main/trainer/losses.ts';
import { parametersOf } from '#main/trainer/mlp.ts';
import { clipNorm } from '#main/trainer/optimizer.ts';
import { forward } from '#main/trainer/passes.ts';
import { learningRateAt } from '#main/trainer/schedule.ts';
import { NO_METRICS, type TrainingState } from '#main/trainer/state.ts';
import { createTeam, threadsFor, type Team } from '#main/trainer/team.ts';
import type { StepMoment } from '#main/trainer/units.ts';
import { createWorkspace, type Workspace } from '#main/trainer/workspace.ts';
import { AppError } from '#shared/errors.ts';
import type { RunConfig, RunPoint } from '#shared/run.ts';

/** A state with what it takes to move it on. */
export interface Trainer {
  readonly config: RunConfig;
  readonly dataset: Dataset;
  readonly state: TrainingState;
  readonly batch: Batch;
  readonly workspace: Workspace;
  readonly team: Team;
  /** Steps that the configuration's epochs take. */
  readonly wholeLength: number;
  /** Whether the state is being changed: what a failure leaves then is no state of the run. */
  isUpdating: boolean;
}

/** @param available threads that there are; small networks take one all the same. The bits are those of one. */
export function createTrainer(
  config: RunConfig,
  dataset: Dataset,
  state: TrainingState,
  available = 1,
): Trainer {
  const { mlp, average, buffers } = state;
  const workspace = createWorkspace(mlp, config.batchSize, {
    for: 'training',
    hasDropout: config.dropout > 0,
  });
  const batch = batchIn(mlp, workspace);
  const averages = average ? parametersOf(average).map(({ values }) => values) : [];
  const material = { config, mlp, workspace, batch, buffers, averages };
  return {
    config,
    dataset,
    state,
    batch,
    workspace,
    team: createTeam(material, threadsFor(config, available)),
    wholeLength: config.epochs * stepsPerEpoch(config, dataset),
    isUpdating: false,
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
 * @throws AppError `invalid-params` where the loss is not finite and the configuration says stop; the state is as before.
 */
export function takeStep(trainer: Trainer): StepResult {
  const { config, dataset, state, batch, workspace, team } = trainer;
  const { epoch, step } = state;
  const total = Math.min(config.batchSize * config.accumulate, dataset.epochLength - state.position);
  const examples = dataset.epoch(epoch);
  const rate = config.optimizer.learningRate;
  const learningRate = learningRateAt(config.schedule, rate, step, trainer.wholeLength);
  let found: Found = { loss: 0, right: 0 };
  for (let before = 0; before < total; before += config.batchSize) {
    const rows = Math.min(config.batchSize, total - before);
    const moment: StepMoment = { step, learningRate, rows, total, before };
    examples.fill(batch, state.position + before, rows);
    team.run('pack', moment);
    team.run('rows', moment);
    team.run('gradients', moment);
    found = addFound(trainer, rows, found);
  }
  const { loss: lossTotal, right } = found;
  const loss = lossTotal / total;
  if (config.stopOnNonFinite && !Number.isFinite(loss)) throw notFinite(step + 1, loss);
  trainer.isUpdating = true;
  if (config.clipNorm > 0) clipNorm(state.mlp, workspace.gradients, config.clipNorm);
  team.run('update', { step, learningRate, rows: 0, total, before: 0 });

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
  trainer.isUpdating = false;
  return {
    step: state.step,
    epoch,
    loss,
    ...(config.loss === 'cross-entropy' ? { accuracy: right / total } : {}),
    isEpochEnd,
  };
}

function notFinite(step: number, loss: number): AppError {
  return new AppError('invalid-params', `training stopped before step ${step}: its loss is ${loss}`, {
    expected: 'a finite loss',
    found: String(loss),
    hint: 'a smaller learning rate or a limit on the norm of the gradient may help',
  });
}

interface Found {
  /** Summed over rows. */
  readonly loss: number;
  readonly right: number;
}

/** Adds losses and right answers of the batch's first rows, in order. */
function addFound({ config, workspace }: Trainer, rows: number, { loss, right }: Found): Found {
  return {
    loss: lossSum(workspace, rows, loss),
    right: right + (config.loss === 'cross-entropy' ? countRight(workspace, rows) : 0),
  };
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
  const loss = { name: config.loss, labelSmoothing: config.labelSmoothing };
  let position = 0;
  let found: Found = { loss: 0, right: 0 };
  return {
    advance: () => {
      const rows = Math.min(config.batchSize, unseen.count - position);
      unseen.fill(batch, position, rows);
      forward(mlp, workspace, rows);
      lossRows(mlp, workspace, batch, loss, 0, rows, rows);
      found = addFound(trainer, rows, found);
      position += rows;
      if (position < unseen.count) return false;
      const mean = found.loss / unseen.count;
      const accuracy = config.loss === 'cross-entropy' ? { accuracy: found.right / unseen.count } : {};
      const validation = { step: finished.step, epoch: finished.epoch, loss: mean, ...accuracy };
      const isBest = mean < (state.metrics.best?.loss ?? Infinity);
      state.metrics = {
        ...state.metrics,
        validation,
        ...(isBest ? { best: validation } : {}),
      };
      if (config.earlyStop.patience > 0) noteProgress(state, mean, config.earlyStop.minDelta);
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
