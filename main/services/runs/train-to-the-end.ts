import { holdsRun } from '#main/services/runs/run-folder.ts';
import type { RunPlace } from '#main/services/runs/run-place.ts';
import { snapshotOf, type RunRecord } from '#main/services/runs/run-record.ts';
import { beginRun, resumeRun, type RunStarting, type StartedRun } from '#main/services/runs/run-start.ts';
import type { FileId } from '#shared/bridge.ts';
import { DEFAULT_RUN_CONFIG } from '#shared/commands/run-config.ts';
import { AppError, cancelledError } from '#shared/errors.ts';
import type { RunConfig, RunEvent, RunSnapshot } from '#shared/run.ts';

export interface TrainRequest {
  readonly config?: RunConfig | undefined;
  readonly folder: FileId;
  readonly steps?: number | undefined;
  readonly isResumed?: boolean | undefined;
}

export interface TrainPlace {
  readonly place: RunPlace;
  readonly look: (place: RunPlace) => Promise<RunRecord>;
}

/**
 * Trains in the foreground and tells every event.
 * @throws AppError `cancelled` after the run has been stopped and saved, or what the run failed of; `io` where the
 * last checkpoint could not be written.
 */
export async function trainToTheEnd(
  starting: RunStarting,
  { place, look }: TrainPlace,
  { config, steps, isResumed }: TrainRequest,
  onEvent: (event: RunEvent) => void,
  signal: AbortSignal,
): Promise<RunSnapshot> {
  const isThere = isResumed === true && (await holdsRun(place));
  let started: StartedRun | undefined;
  if (isThere) {
    const record = await look(place);
    started = await resumeRun(starting, record, { config, steps });
    if (!started) return alreadyFinished(record, onEvent);
  } else {
    const own = config ?? DEFAULT_RUN_CONFIG;
    const name = `${own.layers.join('-')} ${own.data.source}`;
    started = await beginRun(starting, place, { config: own, name, steps, isResumed: isResumed === true });
  }

  const { live } = started;
  const endListening = live.listen((events) => events.forEach(onEvent));
  const stop = () => live.ask('stop');
  signal.addEventListener('abort', stop, { once: true });
  if (signal.aborted) stop();
  await live.ended;
  endListening();
  signal.removeEventListener('abort', stop);

  const failure = live.failure();
  if (failure) throw failure;
  const snapshot = snapshotOf(started, []);
  if (signal.aborted && snapshot.state === 'stopped') throw cancelledError();
  requireSaved(started, snapshot);
  return snapshot;
}

function alreadyFinished(record: RunRecord, onEvent: (event: RunEvent) => void): RunSnapshot {
  const snapshot = snapshotOf(record, []);
  onEvent({ event: 'done', step: snapshot.step, state: 'finished', problems: 0 });
  return { ...snapshot, state: 'finished' };
}

/** A run whose last step is not on disk has not done its work, however well it trained. */
function requireSaved({ history }: StartedRun, { step, problems }: RunSnapshot): void {
  if (history.checkpoint(step)?.status === 'kept') return;
  const reason = [...problems].reverse().find(({ code }) => code === 'save-failed');
  throw new AppError('io', `the last step could not be saved: ${reason?.message ?? 'nothing was written'}`, {
    ...(reason?.file === undefined ? {} : { file: reason.file }),
    ...(reason?.hint === undefined ? {} : { hint: reason.hint }),
  });
}
