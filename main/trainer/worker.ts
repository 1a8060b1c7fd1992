/** The trainer thread. */
import { performance } from 'node:perf_hooks';
import { parentPort, Worker, workerData } from 'node:worker_threads';

import { portChannel, workerChannel, type Channel } from '#main/trainer/channel.ts';
import type { FromSaver, FromTrainer, ToSaver, ToTrainer } from '#main/trainer/messages.ts';
import type { SaverThreadData, SavingPlace } from '#main/trainer/saver.ts';
import { train } from '#main/trainer/training.ts';
import { createWishes } from '#main/trainer/wishes.ts';
import { AppError, isAppError, toWire } from '#shared/errors.ts';

/** What a trainer thread is started with. */
export interface TrainerThreadData {
  readonly thread: 'trainer';
  readonly place: SavingPlace;
  /** Path of the saver's bundle. */
  readonly saverFile: string;
}

/** Serves one job, from `start` to `ended`. Needs no thread of its own, but gives way to others only every few milliseconds. */
export function runTrainer(
  channel: Channel<ToTrainer, FromTrainer>,
  startSaver: () => Channel<FromSaver, ToSaver>,
  now: () => number = () => performance.now(),
): void {
  const wishes = createWishes();
  channel.listen((message) => {
    if (message.kind !== 'start') return wishes.take(message);
    const saver = startSaver();
    train(message.job, { send: channel.send, saver, wishes, now })
      .then(
        () => channel.send({ kind: 'ended' }),
        (error: unknown) => channel.send({ kind: 'ended', error: toWire(asAppError(error)) }),
      )
      .finally(() => saver.close());
  });
}

function asAppError(error: unknown): AppError {
  return isAppError(error) ? error : new AppError('internal', 'the trainer failed', {}, error);
}

function startSaverThread({ saverFile, place }: TrainerThreadData): Channel<FromSaver, ToSaver> {
  const data: SaverThreadData = { thread: 'saver', place };
  const worker = new Worker(saverFile, { workerData: data });
  return workerChannel(worker);
}

const data = workerData as TrainerThreadData | null;
if (parentPort && data?.thread === 'trainer') {
  runTrainer(portChannel(parentPort), () => startSaverThread(data));
}
