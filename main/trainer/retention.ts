import type { Channel } from '#main/trainer/channel.ts';
import { decideRetention } from '#main/trainer/save-policy.ts';
import type { FromSaver, KeptCheckpoint, ToSaver } from '#main/trainer/messages.ts';
import type { CheckpointConfig, RunEvent } from '#shared/run.ts';

/** Which of a run's own checkpoints stay. It never looks into the folder: what it was not told of is not its business. */
export interface Retention {
  /** A save was acknowledged: tells why checkpoints stay, and has the others dropped. */
  onSaved(checkpoint: KeptCheckpoint): void;
  pin(step: number, isPinned: boolean): void;
  onDropped(): void;
  /** A file that could not be deleted is tried again after the next save. */
  onDropFailed(step: number): void;
  /** Whether some are still to be deleted. */
  isUnderWay(): boolean;
}

export interface RetentionOptions {
  readonly channel: Channel<FromSaver, ToSaver>;
  readonly config: CheckpointConfig;
  readonly kept: readonly KeptCheckpoint[];
  readonly tell: (event: RunEvent) => void;
}

export function createRetention({ channel, config, kept, tell }: RetentionOptions): Retention {
  const checkpoints = new Map(kept.map((checkpoint) => [checkpoint.step, checkpoint]));
  const leaving = new Map<number, KeptCheckpoint>();
  const told = new Map<number, string>();
  let underWay = 0;

  return {
    onSaved: (saved) => {
      checkpoints.set(saved.step, saved);
      const decision = decideRetention([...checkpoints.values()], config);
      for (const [step, reasons] of decision.kept) {
        const text = reasons.join();
        if (told.get(step) === text) continue;
        told.set(step, text);
        tell({ event: 'kept', step, file: checkpoints.get(step)!.file, reasons });
      }
      for (const { step, reason } of decision.dropped) {
        const checkpoint = checkpoints.get(step)!;
        channel.send({ kind: 'drop', step, file: checkpoint.file, reason });
        leaving.set(step, checkpoint);
        checkpoints.delete(step);
        underWay++;
      }
    },
    pin: (step, isPinned) => {
      const checkpoint = checkpoints.get(step);
      if (!checkpoint) return;
      checkpoints.set(step, { ...checkpoint, isPinned });
      tell({ event: 'pinned', step, file: checkpoint.file, isPinned });
    },
    onDropped: () => void underWay--,
    onDropFailed: (step) => {
      underWay--;
      const checkpoint = leaving.get(step);
      if (checkpoint) checkpoints.set(step, checkpoint);
    },
    isUnderWay: () => underWay > 0,
  };
}
