/** Where the checkpoints of a run stand on the step axis. */
import { formatBytes, formatCount } from '#shared/display.ts';
import type { RunCheckpoint } from '#shared/run.ts';

/** A pinned one is kept, too, and marked as what it is. */
export type MarkStatus = RunCheckpoint['status'] | 'pinned';

/** One mark: usually one checkpoint, and where they stand too close for the eye, a few of one status. */
export interface CheckpointMark {
  readonly status: MarkStatus;
  /** Share of the axis, 0 to 1. */
  readonly place: number;
  /** In order of steps; the last one is what a press acts on. */
  readonly checkpoints: readonly RunCheckpoint[];
}

/** Marks nearer to each other than this share of the axis are drawn as one. */
export function marksOf(
  checkpoints: readonly RunCheckpoint[],
  lastStep: number,
  nearest: number,
): readonly CheckpointMark[] {
  const span = Math.max(1, lastStep);
  const marks: CheckpointMark[] = [];
  const newest = new Map<MarkStatus, number>();
  for (const checkpoint of checkpoints) {
    const place = Math.min(1, checkpoint.step / span);
    const status = statusOf(checkpoint);
    const index = newest.get(status);
    const before = index === undefined ? undefined : marks[index];
    if (before && place - before.place < nearest) {
      marks[index!] = { ...before, checkpoints: [...before.checkpoints, checkpoint] };
    } else {
      newest.set(status, marks.length);
      marks.push({ status, place, checkpoints: [checkpoint] });
    }
  }
  return marks;
}

function statusOf({ status, isPinned }: RunCheckpoint): MarkStatus {
  return status === 'kept' && isPinned ? 'pinned' : status;
}

/** What a mark says on hover and to a screen reader. */
export function describeMark({ checkpoints, status }: CheckpointMark): string {
  const last = checkpoints.at(-1)!;
  const [first] = checkpoints;
  if (checkpoints.length > 1) {
    const range = `steps ${formatCount(first!.step)} to ${formatCount(last.step)}`;
    return `${formatCount(checkpoints.length)} checkpoints ${status}, ${range}`;
  }
  return `Step ${formatCount(last.step)}, ${describeCheckpoint(last)}`;
}

/** Status, reasons and size of one checkpoint. */
export function describeCheckpoint(checkpoint: RunCheckpoint): string {
  const reasons = checkpoint.reasons.length > 0 ? `: ${checkpoint.reasons.join(', ')}` : '';
  const size = checkpoint.status === 'kept' ? ` · ${formatBytes(checkpoint.byteLength)}` : '';
  return `${checkpoint.status}${reasons}${size}`;
}
