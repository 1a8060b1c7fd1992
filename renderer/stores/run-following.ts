/** Snapshots of a run at the pace of a reader: what comes faster is put together, what changes the run's state goes through at once. */
import type { RunCheckpoint, RunPoint, RunSnapshot } from '#shared/run.ts';

/** Four a second: figures that change faster cannot be read, and every change draws the curves anew. */
const PACE_MS = 250;

export interface Following {
  take(update: RunSnapshot): void;
  /** Shows what waits, and no more after that. */
  end(): void;
}

/** @param show gets the newest snapshot, with the points of all those since the last one. */
export function followSnapshots(show: (snapshot: RunSnapshot, isFirst: boolean) => void): Following {
  let shown: RunSnapshot | undefined;
  let newest: RunSnapshot | undefined;
  let points: RunPoint[] = [];
  let timer: ReturnType<typeof setTimeout> | undefined;

  function flush(): void {
    clearTimeout(timer);
    timer = undefined;
    if (!newest) return;
    const isFirst = shown === undefined;
    const update = { ...keepingLists(shown, newest), points };
    shown = newest = update;
    points = [];
    show(update, isFirst);
    newest = undefined;
  }

  return {
    take: (update) => {
      points.push(...update.points);
      newest = update;
      if (update.state !== shown?.state) flush();
      else timer ??= setTimeout(flush, PACE_MS);
    },
    end: flush,
  };
}

/** The update with the very lists of before where they say the same: what hangs on them need not be drawn again. */
export function keepingLists(before: RunSnapshot | undefined, update: RunSnapshot): RunSnapshot {
  if (!before) return update;
  const { checkpoints, validation, problems } = before;
  return {
    ...update,
    checkpoints: isSame(checkpoints, update.checkpoints, isSameCheckpoint) ? checkpoints : update.checkpoints,
    validation: isSame(validation, update.validation, (a, b) => a.step === b.step)
      ? validation
      : update.validation,
    problems: isSame(problems, update.problems, (a, b) => a.step === b.step && a.message === b.message)
      ? problems
      : update.problems,
  };
}

function isSame<Item>(
  before: readonly Item[],
  now: readonly Item[],
  isEqual: (a: Item, b: Item) => boolean,
): boolean {
  return before.length === now.length && before.every((item, index) => isEqual(item, now[index]!));
}

function isSameCheckpoint(a: RunCheckpoint, b: RunCheckpoint): boolean {
  return (
    a.step === b.step &&
    a.status === b.status &&
    a.isPinned === b.isPinned &&
    a.sha256 === b.sha256 &&
    a.reasons.join() === b.reasons.join()
  );
}
