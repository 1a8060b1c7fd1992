import type { CheckpointConfig } from '#shared/run.ts';

/** What is known at a step boundary. */
export interface SaveMoment {
  readonly step: number;
  /** Epochs that are over; undefined where this step ended none. */
  readonly epochsEnded: number | undefined;
  readonly isLast: boolean;
  /** Somebody pressed save, or stop. */
  readonly isAsked: boolean;
  /** By a clock that never jumps, since the last save began or, before that, since training did. */
  readonly secondsSinceSave: number;
}

/** Whether a checkpoint is due. */
export function isSaveDue(moment: SaveMoment, config: CheckpointConfig): boolean {
  const { everySteps, everySeconds, everyEpochs } = config;
  if (moment.isAsked || moment.isLast) return true;
  if (everySteps > 0 && moment.step > 0 && moment.step % everySteps === 0) return true;
  if (everySeconds > 0 && moment.secondsSinceSave >= everySeconds) return true;
  return everyEpochs > 0 && moment.epochsEnded !== undefined && moment.epochsEnded % everyEpochs === 0;
}

/** Whatever the configuration says, this many good checkpoints stay. */
const LEAST_KEPT = 2;

export interface Retention {
  /** Why each checkpoint stays, by step; those without a reason are absent. */
  readonly kept: ReadonlyMap<number, readonly string[]>;
  readonly dropped: readonly { readonly step: number; readonly reason: string }[];
}

/** Which of the verified checkpoints stay, by step alone. `steps` in any order, without the damaged ones. */
export function decideRetention(steps: readonly number[], config: CheckpointConfig): Retention {
  const last = Math.max(LEAST_KEPT, config.keepLast);
  const newestFirst = [...steps].sort((a, b) => b - a);
  const kept = new Map<number, readonly string[]>();
  const dropped: { step: number; reason: string }[] = [];
  newestFirst.forEach((step, index) => {
    const reasons = [
      ...(index < last ? [`one of the last ${last}`] : []),
      ...(config.keepEvery > 0 && step % config.keepEvery === 0 ? [`every ${config.keepEvery} steps`] : []),
    ];
    if (reasons.length > 0) kept.set(step, reasons);
    else dropped.push({ step, reason: `no longer one of the last ${last}` });
  });
  return { kept, dropped: dropped.reverse() };
}
