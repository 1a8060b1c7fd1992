import { join } from 'node:path';
import { Worker } from 'node:worker_threads';

import type { FileSystem } from '#main/bytes/file-system.ts';
import { channelPair, workerChannel, type Channel } from '#main/trainer/channel.ts';
import type { FromSaver, FromTrainer, ToSaver, ToTrainer } from '#main/trainer/messages.ts';
import { runSaver, type SavingPlace } from '#main/trainer/saver.ts';
import { runTrainer, type TrainerThreadData } from '#main/trainer/worker.ts';

/** Starts a trainer for a run folder that exists. */
export type StartTrainer = (place: SavingPlace) => Channel<FromTrainer, ToTrainer>;

/** @param threadFolder where `trainer.cjs` and `saver.cjs` lie; absent, both run in this thread, turn by turn. */
export function trainerStarter(threadFolder: string | undefined): StartTrainer {
  if (threadFolder === undefined) return (place) => startInline(place);
  return (place) => {
    const trainerFile = join(threadFolder, 'trainer.cjs');
    const saverFile = join(threadFolder, 'saver.cjs');
    const data: TrainerThreadData = { thread: 'trainer', place, saverFile, trainerFile };
    return workerChannel(new Worker(trainerFile, { workerData: data }));
  };
}

/** A trainer in this thread, turn by turn, with whatever file system and clock. */
export function startInline(
  place: SavingPlace,
  system?: FileSystem,
  now?: () => number,
): Channel<FromTrainer, ToTrainer> {
  const [outside, inside] = channelPair<FromTrainer, ToTrainer>();
  runTrainer(
    inside,
    () => {
      const [trainerEnd, saverEnd] = channelPair<FromSaver, ToSaver>();
      runSaver(saverEnd, place, system);
      return trainerEnd;
    },
    now,
  );
  return outside;
}
