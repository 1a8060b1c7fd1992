/** What a person does to a run beside training it: names it, pins its checkpoints, deletes it. */
import { basename, join } from 'node:path';

import { removeFileSync } from '#main/bytes/own-files.ts';
import { removeEmptyFolder } from '#main/bytes/remove-folder.ts';
import {
  appendToLog,
  readManifest,
  removeLeftovers,
  runFiles,
  writeManifest,
  type RunManifest,
} from '#main/services/runs/run-folder.ts';
import { isTraining, type RunRecord } from '#main/services/runs/run-record.ts';
import { checkpointName } from '#main/trainer/checkpoint-name.ts';
import { AppError } from '#shared/errors.ts';

/** @returns the description as it is now. @throws AppError `io` where another process trains the run. */
export async function renameRun(record: RunRecord, name: string): Promise<RunManifest> {
  return asWriter(record, async () => {
    const manifest = { ...(await readManifest(record.place)), name };
    writeManifest(record.place, manifest);
    return manifest;
  });
}

/**
 * Has a checkpoint kept whatever the rules say, or no longer. One that nothing else keeps goes with the next save.
 * @throws AppError `not-found` where there is none (any more), `io` where another process trains the run.
 */
export async function pinCheckpoint(record: RunRecord, step: number, isPinned: boolean): Promise<void> {
  const { history } = record;
  const kept = () => {
    const checkpoint = history.checkpoint(step);
    return checkpoint?.status === 'kept' ? checkpoint : undefined;
  };
  if (isTraining(record)) {
    record.live.pin(step, isPinned);
    await record.live.until(() => (kept()?.isPinned ?? false) === isPinned || !kept());
  } else if (kept()) {
    await asWriter(record, () => {
      const file = checkpointName(step);
      appendToLog(record.place, [{ event: 'pinned', step, file, isPinned }]);
    });
    return;
  }
  if ((kept()?.isPinned ?? !isPinned) === isPinned) return;
  throw new AppError('not-found', `the run has no checkpoint of step ${step} to pin`, {
    file: checkpointName(step),
  });
}

/**
 * Deletes the run's own files, its description last, so that one that was cut short can be deleted again; then its folder.
 * @returns whether the folder is gone: files that are none of the run's stay, and it with them.
 * @throws AppError `invalid-params` where it trains, `io` where another process trains it.
 */
export async function deleteRun(record: RunRecord): Promise<boolean> {
  const { place, manifest } = record;
  if (isTraining(record)) {
    throw new AppError('invalid-params', 'a run that trains cannot be deleted', {
      file: basename(place.path),
      hint: 'stop it first',
    });
  }
  await asWriter(record, async () => {
    removeLeftovers(place, manifest.id);
    for (const name of await runFiles(place)) removeFileSync(join(place.path, name), place.system);
  });
  return removeEmptyFolder(place.path);
}

/** Does what writes in the run's folder, by the right that its trainer has or by one for this alone. */
async function asWriter<Result>(record: RunRecord, work: () => Result | Promise<Result>): Promise<Result> {
  if (isTraining(record)) return work();
  const claim = await record.place.claim();
  try {
    return await work();
  } finally {
    claim.release();
  }
}
