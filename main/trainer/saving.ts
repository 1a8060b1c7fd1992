import type { Channel } from '#main/trainer/channel.ts';
import { checkpointName } from '#main/trainer/checkpoint-name.ts';
import type { FromSaver, KeptCheckpoint, ToSaver } from '#main/trainer/messages.ts';
import { decideRetention } from '#main/trainer/save-policy.ts';
import type { Snapshot } from '#main/trainer/snapshot.ts';
import { AppError, isAppError } from '#shared/errors.ts';
import type { CheckpointConfig, RunEvent } from '#shared/run.ts';

/** The trainer's side of saving: at most one save in flight, and retention only after it is acknowledged. */
export interface Saving {
  isBusy(): boolean;
  /** Since the last save began or, before that, since training did. */
  secondsSinceSave(): number;
  /** Saves if one is due, or was due while the disk was busy; resolves when training may go on. */
  atBoundary(step: number, isDue: boolean): Promise<void>;
  /** Saves the last step, at a second attempt if need be, and waits until all files are as they shall be. */
  atEnd(step: number): Promise<void>;
  /** Resolves once nothing is in flight, or after so many milliseconds if that is sooner. */
  whenIdle(patience?: number): Promise<void>;
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
  /** Milliseconds after its start that a save may hold up the next. */
  readonly patience: number;
}

export function createSaving(options: SavingOptions): Saving {
  const { channel, now, tell } = options;
  const retain = retention(options);
  const failing = new Set<string>();
  let inFlight: { readonly step: number } | undefined;
  let beganAt = now();
  let isOverdue = false;
  let dropsUnderWay = 0;
  let lastSaved = options.kept.reduce((newest, { step }) => Math.max(newest, step), -1);
  const waiting: (() => void)[] = [];
  let onFinished = () => {};
  let death: unknown;

  channel.listen(
    (message) => {
      if (message.kind === 'saved') {
        const { kind: _, ...checkpoint } = message;
        failing.delete('save');
        lastSaved = message.step;
        inFlight = undefined;
        tell({ event: 'checkpoint', ...checkpoint });
        dropsUnderWay += retain(checkpoint);
        release();
      } else if (message.kind === 'dropped') {
        const { step, file, reason } = message;
        tell({ event: 'dropped', step, file, reason });
        dropsUnderWay--;
        release();
      } else if (message.kind === 'failed') {
        const { doing, step, file, error } = message;
        const isNews = doing !== 'log' || !failing.has('log'); // telling is logged, too
        failing.add(doing);
        if (doing === 'save') inFlight = undefined;
        if (doing === 'drop') dropsUnderWay--;
        const hint = error.hint === undefined ? {} : { hint: error.hint };
        if (isNews)
          tell({ event: 'problem', step, code: `${doing}-failed`, message: error.message, file, ...hint });
        release();
      } else onFinished();
    },
    (error) => {
      death = error ?? new AppError('internal', 'the thread that saves has ended');
      release();
      onFinished();
    },
  );

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
    const { content, memory } = options.takeSnapshot();
    const { tensors, metadata } = content;
    const buffers = tensors.map(({ bytes }) => bytes.buffer as ArrayBuffer);
    inFlight = { step };
    channel.send({ kind: 'save', step, file: checkpointName(step), tensors, metadata, memory }, buffers);
  }

  return {
    isBusy: () => inFlight !== undefined,
    secondsSinceSave: () => (now() - beganAt) / 1000,
    whenIdle,
    atBoundary: async (step, isDue) => {
      requireLife();
      if (isDue && inFlight) await whenIdle(Math.max(0, options.patience - (now() - beganAt)));
      if (!isDue && !isOverdue) return;
      if (inFlight) isOverdue = true;
      else begin(step);
    },
    atEnd: async (step) => {
      for (let attempt = 0; attempt < 2 && lastSaved !== step; attempt++) {
        await whenIdle();
        begin(step);
        await whenIdle();
      }
      await wait(() => inFlight !== undefined || dropsUnderWay > 0);
    },
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
    standingProblems: () => failing.size,
  };
}

/** After each acknowledged save: tells why checkpoints stay, and has the others dropped. @returns how many. */
function retention({ channel, config, kept, tell }: SavingOptions): (saved: KeptCheckpoint) => number {
  const files = new Map(kept.map(({ step, file }) => [step, file]));
  const told = new Map<number, string>();
  return (saved) => {
    files.set(saved.step, saved.file);
    const decision = decideRetention([...files.keys()], config);
    for (const [step, reasons] of decision.kept) {
      const text = reasons.join();
      if (told.get(step) === text) continue;
      told.set(step, text);
      tell({ event: 'kept', step, file: files.get(step)!, reasons });
    }
    for (const { step, reason } of decision.dropped) {
      channel.send({ kind: 'drop', step, file: files.get(step)!, reason });
      files.delete(step);
    }
    return decision.dropped.length;
  };
}
