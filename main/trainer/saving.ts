import { createBackOff } from '#main/trainer/back-off.ts';
import type { Channel } from '#main/trainer/channel.ts';
import { checkpointName } from '#main/trainer/checkpoint-name.ts';
import type { FromSaver, KeptCheckpoint, ToSaver } from '#main/trainer/messages.ts';
import { createRetention } from '#main/trainer/retention.ts';
import type { Snapshot } from '#main/trainer/snapshot.ts';
import { formatBytes } from '#shared/display.ts';
import { AppError, isAppError } from '#shared/errors.ts';
import type { CheckpointConfig, RunEvent } from '#shared/run.ts';

/** Why a save happens at a boundary: `asked` does not wait until a failing disk is tried again. */
export type SaveWish = 'none' | 'due' | 'asked';

/** The trainer's side of saving: at most one save in flight, and retention only after it is acknowledged. */
export interface Saving {
  isBusy(): boolean;
  /** Since the last save began or, before that, since training did. */
  secondsSinceSave(): number;
  /** Saves if one is wished for, or was while the disk was busy or failing; resolves when training may go on. */
  atBoundary(step: number, wish: SaveWish): Promise<void>;
  /** Saves the last step, at a second attempt if need be, and waits until all files are as they shall be. */
  atEnd(step: number): Promise<void>;
  /** Resolves once nothing is in flight, or after so many milliseconds if that is sooner. */
  whenIdle(patience?: number): Promise<void>;
  pin(step: number, isPinned: boolean): void;
  log(events: readonly RunEvent[]): void;
  /** Resolves when all that was asked for is done. */
  finish(): Promise<void>;
  /** Things that went wrong and have not gone right since. */
  standingProblems(): number;
}

export interface SavingOptions {
  readonly channel: Channel<FromSaver, ToSaver>;
  readonly config: CheckpointConfig;
  readonly kept: readonly KeptCheckpoint[];
  /** Milliseconds by a clock that never jumps. */
  readonly now: () => number;
  readonly tell: (event: RunEvent) => void;
  readonly takeSnapshot: () => Snapshot;
  /** Tells what has gathered: a run that goes on from a checkpoint does not tell again what led to it. */
  readonly tellGathered: () => void;
  /** SHA-256 of the checkpoint that was acknowledged last, by whoever trained before. */
  readonly previous?: string | undefined;
  /** Milliseconds after its start that a save may hold up the next. */
  readonly patience: number;
}

type Failure = FromSaver & { readonly kind: 'failed' };

function isFull({ error }: Failure): boolean {
  return error.found === 'ENOSPC' || error.found === 'EDQUOT';
}

export function createSaving(options: SavingOptions): Saving {
  const { channel, now, tell } = options;
  const retention = createRetention(options);
  const backOff = createBackOff(now);
  /** The last failure of each kind that has not gone right since. */
  const standing = new Map<Failure['doing'], Failure>();
  let inFlight: { readonly step: number } | undefined;
  let beganAt = now();
  let isOverdue = false;
  let isLogTold = false;
  let lastSaved = options.kept.reduce((newest, { step }) => Math.max(newest, step), -1);
  let { previous } = options;
  const waiting: (() => void)[] = [];
  let onFinished = () => {};
  let death: unknown;

  channel.listen(
    (message) => {
      switch (message.kind) {
        case 'saved': {
          const { kind: _, ...checkpoint } = message;
          standing.delete('save');
          backOff.succeeded();
          lastSaved = message.step;
          previous = message.sha256;
          inFlight = undefined;
          tell({ event: 'checkpoint', ...checkpoint });
          tellOfLog();
          retention.onSaved(checkpoint);
          return release();
        }
        case 'dropped': {
          const { kind: _, ...dropped } = message;
          standing.delete('drop');
          retention.onDropped();
          tell({ event: 'dropped', ...dropped });
          return release();
        }
        case 'set-aside':
          return tellSetAside(message);
        case 'log-recovered':
          return void standing.delete('log');
        case 'failed':
          onFailure(message);
          return release();
        case 'finished':
          onFinished();
      }
    },
    (error) => {
      death = error ?? new AppError('internal', 'the thread that saves has ended');
      release();
      onFinished();
    },
  );

  function onFailure(failure: Failure): void {
    const { doing, step } = failure;
    if (doing === 'save') {
      inFlight = undefined;
      isOverdue = true;
      backOff.failed();
    }
    if (doing === 'drop') retention.onDropFailed(step);
    const before = standing.get(doing);
    standing.set(doing, failure);
    // one message for one trouble, however often it is tried again
    const isKnown = before !== undefined && before.error.found === failure.error.found;
    // of a full disk the next save can tell more: how many bytes are needed
    if (!isKnown && !(doing === 'log' && isFull(failure))) tellFailure(failure);
  }

  function tellFailure({ doing, step, file, error, bytesNeeded }: Failure): void {
    const needed = bytesNeeded === undefined ? '' : `: ${formatBytes(bytesNeeded)} are needed`;
    const goesOn = doing === 'save' ? 'training goes on, and saving is tried again by itself' : undefined;
    const hint = [error.hint, goesOn].filter((text) => text !== undefined).join('; ');
    tell({
      event: 'problem',
      step,
      code: `${doing}-failed`,
      message: `${error.message}${needed}`,
      file,
      ...(hint === '' ? {} : { hint }),
    });
  }

  function tellSetAside({ step, file, as }: FromSaver & { readonly kind: 'set-aside' }): void {
    tell({
      event: 'problem',
      step,
      code: 'file-in-the-way',
      message: `another file had the name ${file}`,
      file,
      hint: `it is kept as ${as}`,
    });
  }

  /** A log that has no room where a checkpoint has is a trouble of its own. */
  function tellOfLog(): void {
    const failure = standing.get('log');
    if (failure && isFull(failure) && !isLogTold) tellFailure(failure);
    isLogTold = failure !== undefined;
  }

  function requireLife(): void {
    if (death) throw isAppError(death) ? death : new AppError('internal', 'saving failed', {}, death);
  }

  function release(): void {
    for (const resolve of waiting.splice(0)) resolve();
  }

  const wait = async (isUnderWay: () => boolean, patience = Infinity) => {
    const end = now() + patience;
    while (isUnderWay() && !death && now() < end) {
      let timer: ReturnType<typeof setTimeout> | undefined;
      await new Promise<void>((resolve) => {
        waiting.push(resolve);
        if (patience < Infinity) timer = setTimeout(resolve, end - now());
      });
      clearTimeout(timer);
    }
    requireLife();
  };
  const whenIdle = (patience?: number) => wait(() => inFlight !== undefined, patience);

  function begin(step: number): void {
    isOverdue = false;
    if (step === lastSaved) return;
    beganAt = now();
    options.tellGathered();
    const { content, parameters, probe } = options.takeSnapshot();
    const { validation } = content.record.metrics;
    const score = validation?.step === step ? { score: validation.loss } : {};
    inFlight = { step };
    const chain = previous === undefined ? {} : { previous };
    const file = checkpointName(step);
    channel.send({ kind: 'save', step, file, content, parameters, probe, ...score, ...chain });
  }

  return {
    isBusy: () => inFlight !== undefined,
    secondsSinceSave: () => (now() - beganAt) / 1000,
    whenIdle,
    atBoundary: async (step, wish) => {
      requireLife();
      const isWished = wish !== 'none';
      if (isWished && inFlight) await whenIdle(Math.max(0, options.patience - (now() - beganAt)));
      if (!isWished && !isOverdue) return;
      const isTooEarly = backOff.isWaiting() && wish !== 'asked';
      if (inFlight || isTooEarly) isOverdue = true;
      else begin(step);
    },
    atEnd: async (step) => {
      for (let attempt = 0; attempt < 2 && lastSaved !== step; attempt++) {
        await whenIdle();
        begin(step);
        await whenIdle();
      }
      await wait(() => inFlight !== undefined || retention.isUnderWay());
      // what nobody noticed at the time is not to be missed at the end
      for (const failure of standing.values()) tellFailure(failure);
    },
    pin: retention.pin,
    log: (events) => {
      // the saver logs a checkpoint itself, with what memory held, as part of saving it
      const others = events.filter(({ event }) => event !== 'checkpoint');
      if (others.length > 0) channel.send({ kind: 'log', events: others });
    },
    finish: () =>
      new Promise((resolve) => {
        onFinished = resolve;
        if (death) resolve();
        else channel.send({ kind: 'finish' });
      }),
    standingProblems: () => standing.size,
  };
}
