import type { CheckpointConfig } from '#shared/run.ts';

/** What is known at a step boundary. */
export interface SaveMoment {
  readonly step: number;
  /** Epochs that are over; undefined where this step ended none. */
  readonly epochsEnded: number | undefined;
  readonly isLast: boolean;
  /** Somebody pressed save, or stop. */
  readonly isAsked: boolean;
  /** The validation loss was measured at this step and is the lowest so far. */
  readonly isBest: boolean;
  /** By a clock that never jumps, since the last save began or, before that, since training did. */
  readonly secondsSinceSave: number;
}

/** Whether a checkpoint is due. */
export function isSaveDue(moment: SaveMoment, config: CheckpointConfig): boolean {
  const { everySteps, everySeconds, everyEpochs } = config;
  if (moment.isAsked || moment.isLast) return true;
  if (everySteps > 0 && moment.step > 0 && moment.step % everySteps === 0) return true;
  if (everySeconds > 0 && moment.secondsSinceSave >= everySeconds) return true;
  if (config.best && moment.isBest) return true;
  return everyEpochs > 0 && moment.epochsEnded !== undefined && moment.epochsEnded % everyEpochs === 0;
}

/** Whatever the configuration says, this many good checkpoints stay. */
const LEAST_KEPT = 2;

/** The reason that a person gave. */
export const PINNED = 'pinned';

/** A checkpoint as retention sees it. */
export interface Retained {
  readonly step: number;
  /** Validation loss at this very step. */
  readonly score?: number;
  readonly isPinned?: boolean;
}

export interface Retention {
  /** Why each checkpoint stays, by step; those without a reason are absent. */
  readonly kept: ReadonlyMap<number, readonly string[]>;
  readonly dropped: readonly { readonly step: number; readonly reason: string }[];
}

/** Which of the verified checkpoints stay, by step and score alone. In any order, without the damaged ones. */
export function decideRetention(checkpoints: readonly Retained[], config: CheckpointConfig): Retention {
  const last = Math.max(LEAST_KEPT, config.keepLast);
  const newestFirst = [...checkpoints].sort((a, b) => b.step - a.step);
  const best = bestOf(newestFirst, config.keepTop);
  const kept = new Map<number, readonly string[]>();
  const dropped: { step: number; reason: string }[] = [];
  newestFirst.forEach((checkpoint, index) => {
    const { step, isPinned } = checkpoint;
    const reasons = [
      ...(index < last ? [`one of the last ${last}`] : []),
      ...(best.has(step) ? [config.keepTop === 1 ? 'the best' : `one of the best ${config.keepTop}`] : []),
      ...(config.keepEvery > 0 && step % config.keepEvery === 0 ? [`every ${config.keepEvery} steps`] : []),
      ...(isPinned ? [PINNED] : []),
    ];
    if (reasons.length > 0) kept.set(step, reasons);
    else dropped.push({ step, reason: reasonToDrop(checkpoint, last, config.keepTop) });
  });
  return { kept, dropped: dropped.reverse() };
}

/** Steps of those with the lowest scores; of equals the earlier one. A score that is no number is none. */
function bestOf(checkpoints: readonly Retained[], count: number): ReadonlySet<number> {
  const scored = checkpoints.filter(({ score }) => score !== undefined && !Number.isNaN(score));
  scored.sort((a, b) => a.score! - b.score! || a.step - b.step);
  return new Set(scored.slice(0, count).map(({ step }) => step));
}

function reasonToDrop({ score }: Retained, last: number, top: number): string {
  const isRanked = top > 0 && score !== undefined;
  return `no longer one of the last ${last}${isRanked ? `, nor one of the best ${top}` : ''}`;
}
