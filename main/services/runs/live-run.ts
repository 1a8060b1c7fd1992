import type { RunHistory } from '#main/services/runs/run-history.ts';
import type { Channel } from '#main/trainer/channel.ts';
import type { ContentTensor } from '#main/trainer/checkpoint-content.ts';
import type { FromTrainer, ToTrainer, TrainingJob } from '#main/trainer/messages.ts';
import { AppError, fromWire, isAppError, toWire, type WireError } from '#shared/errors.ts';
import { isLive, type RunEvent, type RunState } from '#shared/run.ts';

/** Training memory as it was at a step boundary. */
export interface TrainingMemory {
  readonly step: number;
  readonly tensors: readonly ContentTensor[];
}

/** A run that a trainer works on. */
export interface LiveRun {
  state(): RunState;
  stepsPerSecond(): number;
  isSaving(): boolean;
  /** Updates made. */
  step(): number;
  /** Epoch the next step belongs to. */
  epoch(): number;
  ask(kind: 'pause' | 'resume' | 'stop' | 'save'): void;
  pin(step: number, isPinned: boolean): void;
  copyMemory(): Promise<TrainingMemory>;
  /** @returns a function that ends the listening. */
  listen(onUpdate: (events: readonly RunEvent[]) => void): () => void;
  /** Resolves once the condition holds, or the run has ended. */
  until(condition: () => boolean): Promise<void>;
  /** Resolves with the end of the run, whatever its reason; never rejects. */
  readonly ended: Promise<void>;
  /** Why it failed. */
  failure(): AppError | undefined;
  /** Ends the threads without asking. */
  terminate(): void;
}

/** Starts a job and follows it; all it tells goes to `history` first. */
export function startLiveRun(
  channel: Channel<FromTrainer, ToTrainer>,
  job: TrainingJob,
  history: RunHistory,
): LiveRun {
  const listeners = new Set<(events: readonly RunEvent[]) => void>();
  const memories = new Map<number, (memory: TrainingMemory | AppError) => void>();
  let latest = { state: 'starting' as RunState, stepsPerSecond: 0, isSaving: false, step: 0, epoch: 0 };
  let failure: AppError | undefined;
  let nextId = 1;
  let hasEnded = false;
  let resolveEnd = () => {};
  const ended = new Promise<void>((resolve) => (resolveEnd = resolve));

  function announce(events: readonly RunEvent[]): void {
    for (const event of events) history.apply(event);
    for (const listener of listeners) listener(events);
  }

  function end(error?: WireError): void {
    // the thread's exit follows its last message
    if (hasEnded) return;
    hasEnded = true;
    if (error || isLive(latest.state)) {
      const wire = error ?? toWire(new AppError('internal', 'the trainer ended in the middle of its work'));
      failure = fromWire(wire);
      latest = { ...latest, state: 'failed', stepsPerSecond: 0, isSaving: false };
      const { step } = latest;
      announce([
        {
          event: 'problem',
          step,
          code: 'run-failed',
          message: wire.message,
          ...(wire.hint ? { hint: wire.hint } : {}),
        },
        { event: 'done', step, state: 'failed', problems: 1 },
      ]);
    } else announce([]);
    for (const answer of memories.values()) answer(new AppError('not-found', 'the run has ended'));
    channel.close();
    resolveEnd();
  }

  channel.listen(
    (message) => {
      if (message.kind === 'update') {
        const { kind: _, events, ...figures } = message;
        latest = figures;
        announce(events);
      } else if (message.kind === 'memory') {
        memories.get(message.id)?.({ step: message.step, tensors: message.tensors });
        memories.delete(message.id);
      } else end(message.error);
    },
    (error) => end(error === undefined ? undefined : toWire(crashed(error))),
  );
  channel.send({ kind: 'start', job });

  return {
    state: () => latest.state,
    stepsPerSecond: () => latest.stepsPerSecond,
    isSaving: () => latest.isSaving,
    step: () => latest.step,
    epoch: () => latest.epoch,
    ask: (kind) => channel.send({ kind }),
    pin: (step, isPinned) => channel.send({ kind: 'pin', step, isPinned }),
    copyMemory: () =>
      new Promise((resolve, reject) => {
        const id = nextId++;
        memories.set(id, (answer) => (isAppError(answer) ? reject(answer) : resolve(answer)));
        channel.send({ kind: 'copy', id });
      }),
    listen: (onUpdate) => {
      listeners.add(onUpdate);
      return () => void listeners.delete(onUpdate);
    },
    until: (condition) =>
      new Promise((resolve) => {
        const look = () => {
          if (!condition() && isLive(latest.state)) return;
          listeners.delete(look);
          resolve();
        };
        listeners.add(look);
        look();
      }),
    ended,
    failure: () => failure,
    terminate: () => channel.close(),
  };
}

function crashed(error: unknown): AppError {
  const isFull = (error as { code?: string }).code === 'ERR_WORKER_OUT_OF_MEMORY';
  return isFull
    ? new AppError('limit', 'the network and its batch do not fit into memory', {
        hint: 'use smaller layers or a smaller batch',
      })
    : new AppError('internal', 'the trainer crashed', {}, error);
}
