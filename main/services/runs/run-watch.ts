import { isTraining, snapshotOf, type RunRecord } from '#main/services/runs/run-record.ts';
import { cancelledError, throwIfCancelled } from '#shared/errors.ts';
import type { RunPoint, RunSnapshot } from '#shared/run.ts';

/** Milliseconds between snapshots: ten a second. */
const INTERVAL = 100;
/** Milliseconds between looks at a folder that another process writes in: its log is read whole each time. */
const LOOK = 1000;

/**
 * Streams snapshots until the run ends; gives back the last one, with the points that were not sent before.
 * A run that nobody trains gives one at once. @throws AppError `cancelled`.
 */
export async function watchRun(
  record: RunRecord,
  onSnapshot: (snapshot: RunSnapshot) => void,
  signal: AbortSignal,
): Promise<RunSnapshot> {
  if (!isTraining(record)) return snapshotOf(record, record.history.thinned());
  const { live, history } = record;
  let unsent: RunPoint[] = [];
  let timer: ReturnType<typeof setTimeout> | undefined;

  const send = () => {
    timer = undefined;
    const points = unsent;
    unsent = [];
    onSnapshot(snapshotOf(record, points));
  };
  const endListening = live.listen((events) => {
    for (const event of events) {
      if (event.event !== 'step') continue;
      const { step, loss, accuracy } = event;
      unsent.push({ step, loss, ...(accuracy === undefined ? {} : { accuracy }) });
    }
    timer ??= setTimeout(send, INTERVAL);
  });
  const aborted = new Promise<'aborted'>((resolve) => {
    signal.addEventListener('abort', () => resolve('aborted'), { once: true });
  });
  try {
    if (signal.aborted) throw cancelledError();
    onSnapshot(snapshotOf(record, history.thinned()));
    const outcome = await Promise.race([live.ended, aborted]);
    if (outcome === 'aborted') throw cancelledError();
    return snapshotOf(record, unsent);
  } finally {
    clearTimeout(timer);
    endListening();
  }
}

/**
 * As `watchRun`, of a run that another process trains: by what it writes. Ends when that process does.
 * @param look reads the run's folder anew. @throws AppError `cancelled`, and as reading does.
 */
export async function watchFromOutside(
  look: () => Promise<RunRecord>,
  onSnapshot: (snapshot: RunSnapshot) => void,
  signal: AbortSignal,
): Promise<RunSnapshot> {
  let seen: number | undefined;
  for (;;) {
    const record = await look();
    throwIfCancelled(signal);
    const { history } = record;
    const points = seen === undefined ? history.thinned() : history.pointsAfter(seen, Infinity);
    const snapshot = snapshotOf(record, points);
    if (!record.writer) return snapshot;
    seen = history.step();
    onSnapshot(snapshot);
    await pause(LOOK, signal);
  }
}

/** Ends early with the signal. */
function pause(milliseconds: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const stop = () => {
      clearTimeout(timer);
      signal.removeEventListener('abort', stop);
      resolve();
    };
    const timer = setTimeout(stop, milliseconds);
    signal.addEventListener('abort', stop);
  });
}
