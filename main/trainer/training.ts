import type { Channel } from '#main/trainer/channel.ts';
import { copyTensors } from '#main/trainer/checkpoint-content.ts';
import { createDataset, markOf } from '#main/trainer/dataset.ts';
import {
  beginValidation,
  createTrainer,
  hasStoppedEarly,
  takeStep,
  type StepResult,
  type Trainer,
} from '#main/trainer/loop.ts';
import type { FromSaver, FromTrainer, ToSaver, TrainingJob } from '#main/trainer/messages.ts';
import { createReporter, type Reporter } from '#main/trainer/reporter.ts';
import { restore } from '#main/trainer/restore.ts';
import { isSaveDue } from '#main/trainer/save-policy.ts';
import { createSaving, type Saving } from '#main/trainer/saving.ts';
import { snapshotsOf } from '#main/trainer/snapshot.ts';
import { initialState, stateFrom, type TrainingState } from '#main/trainer/state.ts';
import type { HelperMaterial } from '#main/trainer/team.ts';
import type { Wishes } from '#main/trainer/wishes.ts';
import { AppError } from '#shared/errors.ts';
import type { RunState, ValidationPoint } from '#shared/run.ts';

/** Milliseconds of work between looks at messages: with a step in hand still under 20. */
const SLICE = 12;
/**
 * Milliseconds after its start that a save may hold up the next one that is due. On a disk slower than that,
 * training goes on and makes up for it as soon as the disk is free.
 */
const PATIENCE = 1000;

/** What a job runs with; the clock gives milliseconds and never jumps. */
export interface TrainingContext {
  readonly send: (message: FromTrainer, transfer?: readonly ArrayBuffer[]) => void;
  readonly saver: Channel<FromSaver, ToSaver>;
  readonly wishes: Wishes;
  readonly now: () => number;
  /** Absent where there is one thread. */
  readonly helpers?: HelperThreads;
}

/** Threads that may share the work of a step. */
export interface HelperThreads {
  /** This one included. */
  readonly available: number;
  start(material: HelperMaterial): void;
}

/** Trains to the last step or until somebody says stop, saving on the way. @throws AppError where it cannot begin. */
export async function train(job: TrainingJob, context: TrainingContext): Promise<void> {
  const { helpers } = context;
  const dataset = createDataset(job.config, job.data);
  const trainer = createTrainer(job.config, dataset, startingState(job), helpers?.available);
  for (const material of trainer.team.helpers) helpers?.start(material);
  try {
    await trainWith(trainer, job, context);
  } finally {
    trainer.team.end();
  }
}

async function trainWith(trainer: Trainer, job: TrainingJob, context: TrainingContext): Promise<void> {
  const { config, totalSteps } = job;
  const { wishes, now, send } = context;
  const { state } = trainer;
  let runState: RunState = 'starting';
  const reporter: Reporter = createReporter(
    now,
    ({ stepsPerSecond, events }) => {
      saving.log(events);
      const rate = runState === 'running' ? stepsPerSecond : 0;
      const { step, epoch } = state;
      send({
        kind: 'update',
        state: runState,
        step,
        epoch,
        stepsPerSecond: rate,
        isSaving: saving.isBusy(),
        events,
      });
    },
    () => state.step,
  );
  const saving = createSaving({
    channel: context.saver,
    config: config.checkpoint,
    kept: job.kept,
    now,
    tell: reporter.tell,
    tellGathered: reporter.flush,
    takeSnapshot: snapshotsOf(config, state, markOf(job.data)),
    previous: job.previous,
    patience: PATIENCE,
  });
  const turn = createTurn(now);
  const enter = (next: RunState) => {
    runState = next;
    reporter.restartRate();
    reporter.flush();
  };

  for (const finding of job.findings) reporter.tell(finding);
  if (job.isResumed) {
    const file = job.checkpoint ? { file: job.checkpoint.file } : {};
    reporter.tell({ event: 'resumed', step: state.step, ...file });
  }
  enter('running');
  try {
    await takeSteps();
  } catch (error) {
    await saveAfterError();
    throw error;
  }
  await finish();

  async function takeSteps(): Promise<void> {
    let isFinite = true;
    while (state.step < totalSteps && !wishes.isStopping && !hasStoppedEarly(config, state)) {
      const result = takeStep(trainer);
      if (result.isEpochEnd) await validate(trainer, result, turn);
      reporter.step(stepEvent(result, state.metrics.validation));
      if (isFinite && !Number.isFinite(result.loss)) {
        isFinite = false;
        tellNotFinite(reporter, result);
      }
      const isDue = isSaveDue(
        {
          step: state.step,
          epochsEnded: result.isEpochEnd ? state.epoch : undefined,
          isLast: state.step === totalSteps || hasStoppedEarly(config, state),
          isAsked: wishes.isSaveAsked,
          isBest: state.metrics.best?.step === state.step,
          secondsSinceSave: saving.secondsSinceSave(),
        },
        config.checkpoint,
      );
      await saving.atBoundary(state.step, wishes.isSaveAsked ? 'asked' : isDue ? 'due' : 'none');
      wishes.isSaveAsked = false;
      if (!turn.isOver()) continue;
      reporter.tick();
      await turn.next();
      answerWishes(trainer, context, saving);
      if (!wishes.isPaused || wishes.isStopping) continue;
      await saveNow(saving, state.step);
      enter('paused');
      await standStill(trainer, context, saving, reporter);
      if (!wishes.isStopping) enter('running');
    }
  }

  async function finish(): Promise<void> {
    const isDone = state.step >= totalSteps || hasStoppedEarly(config, state);
    const end = isDone ? 'finished' : 'stopped';
    if (end === 'stopped') enter('stopping');
    if (state.step > 0) await saving.atEnd(state.step);
    answerWishes(trainer, context, saving);
    runState = end;
    const { validation } = state.metrics;
    const problems = saving.standingProblems();
    const last = validation ? { validation: withoutPlace(validation) } : {};
    reporter.tell({ event: 'done', step: state.step, state: end, ...last, problems });
    await saving.finish();
  }

  /** What is left of a run that fails is the last state that was one. */
  async function saveAfterError(): Promise<void> {
    const isWhole = state.step > 0 && !trainer.isUpdating;
    try {
      if (isWhole && config.checkpoint.onError !== false) await saving.atEnd(state.step);
      reporter.flush();
      await saving.finish();
    } catch {
      // the first error is the one to tell
    }
  }
}

function startingState({ config, checkpoint, data, start }: TrainingJob): TrainingState {
  if (!checkpoint) return start ? stateFrom(config, start.values) : initialState(config);
  const { file, metadata } = checkpoint;
  const tensors = new Map(checkpoint.tensors.map((tensor) => [tensor.name, tensor]));
  const restored = restore(tensors, new Map(Object.entries(metadata)), file);
  if (restored.dataSha256 !== data?.sha256) {
    throw new AppError('invalid-params', 'the data are not those that the run began with', {
      file,
      expected: `SHA-256 ${restored.dataSha256 ?? 'of none'}`,
      found: data?.sha256 ?? 'none',
    });
  }
  return restored.state;
}

/** Until somebody says go on or stop. What is asked for meanwhile is done. */
async function standStill(
  trainer: Trainer,
  context: TrainingContext,
  saving: Saving,
  reporter: Reporter,
): Promise<void> {
  const { wishes } = context;
  while (wishes.isPaused && !wishes.isStopping) {
    answerWishes(trainer, context, saving);
    if (wishes.isSaveAsked) {
      wishes.isSaveAsked = false;
      await saveNow(saving, trainer.state.step);
      reporter.flush();
    } else {
      await wishes.next();
    }
  }
}

/** Where training stands still, this very step goes to disk, whatever was under way. */
async function saveNow(saving: Saving, step: number): Promise<void> {
  await saving.whenIdle();
  await saving.atBoundary(step, 'asked');
}

function answerWishes(trainer: Trainer, { wishes, send }: TrainingContext, saving: Saving): void {
  for (const { step, isPinned } of wishes.pins.splice(0)) saving.pin(step, isPinned);
  for (const id of wishes.copies.splice(0)) {
    const tensors = copyTensors(trainer.config, trainer.state, (bytes) => bytes.slice());
    const buffers = tensors.map(({ bytes }) => bytes.buffer as ArrayBuffer);
    send({ kind: 'memory', id, step: trainer.state.step, tensors }, buffers);
  }
}

/** A share of the thread's time, after which messages are let in. */
interface Turn {
  isOver(): boolean;
  /** Lets messages in and starts another. */
  next(): Promise<void>;
}

function createTurn(now: () => number): Turn {
  let end = now() + SLICE;
  return {
    isOver: () => now() >= end,
    next: async () => {
      await new Promise((resolve) => setImmediate(resolve));
      end = now() + SLICE;
    },
  };
}

async function validate(trainer: Trainer, result: StepResult, turn: Turn): Promise<void> {
  const validation = beginValidation(trainer, result);
  if (!validation) return;
  trainer.isUpdating = true;
  while (!validation.advance()) if (turn.isOver()) await turn.next();
  trainer.isUpdating = false;
}

function stepEvent(result: StepResult, validation: ValidationPoint | undefined) {
  const { step, epoch, loss, accuracy } = result;
  return {
    event: 'step' as const,
    step,
    epoch,
    loss,
    ...(accuracy === undefined ? {} : { accuracy }),
    ...(validation?.step === step ? { validation: withoutPlace(validation) } : {}),
  };
}

function withoutPlace({ loss, accuracy }: ValidationPoint) {
  return { loss, ...(accuracy === undefined ? {} : { accuracy }) };
}

function tellNotFinite(reporter: Reporter, { step, loss }: StepResult): void {
  reporter.tell({
    event: 'problem',
    step,
    code: 'not-finite',
    message: `the loss is ${loss}`,
    hint: 'a smaller learning rate or a limit on the norm of the gradient may help',
  });
}
