/** The trainer thread. */
import { cpus } from 'node:os';
import { performance } from 'node:perf_hooks';
import { parentPort, Worker, workerData } from 'node:worker_threads';

import { portChannel, workerChannel, type Channel } from '#main/trainer/channel.ts';
import type { FromSaver, FromTrainer, ToSaver, ToTrainer } from '#main/trainer/messages.ts';
import type { SaverThreadData, SavingPlace } from '#main/trainer/saver.ts';
import { helpTeam, type HelperMaterial } from '#main/trainer/team.ts';
import { train, type HelperThreads } from '#main/trainer/training.ts';
import { createWishes } from '#main/trainer/wishes.ts';
import { AppError, isAppError, toWire } from '#shared/errors.ts';

/** What a trainer thread is started with. */
export interface TrainerThreadData {
  readonly thread: 'trainer';
  readonly place: SavingPlace;
  /** Paths of the saver's bundle and of this one, for helpers. */
  readonly saverFile: string;
  readonly trainerFile: string;
}

/** What a thread that helps a trainer is started with. */
interface HelperThreadData {
  readonly thread: 'helper';
  readonly material: HelperMaterial;
}

/** Serves one job, from `start` to `ended`. Needs no thread of its own, but gives way to others only every few milliseconds. */
export function runTrainer(
  channel: Channel<ToTrainer, FromTrainer>,
  startSaver: () => Channel<FromSaver, ToSaver>,
  now: () => number = () => performance.now(),
  helpers?: HelperThreads,
): void {
  const wishes = createWishes();
  channel.listen((message) => {
    if (message.kind !== 'start') return wishes.take(message);
    const saver = startSaver();
    const hands = helpers ? { helpers } : {};
    train(message.job, { send: channel.send, saver, wishes, now, ...hands })
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
  const data: SaverThreadData = { thread: 'saver', place, saverFile };
  const worker = new Worker(saverFile, { workerData: data });
  return workerChannel(worker);
}

/** More threads than this wait for each other. */
const MOST_THREADS = 8;

function helperThreads({ trainerFile }: TrainerThreadData): HelperThreads {
  return {
    available: Math.min(MOST_THREADS, cpus().length),
    start: (material) => {
      const data: HelperThreadData = { thread: 'helper', material };
      // an error in it is one of this thread, and ends it
      new Worker(trainerFile, { workerData: data }).unref();
    },
  };
}

const data = workerData as TrainerThreadData | HelperThreadData | null;
if (data?.thread === 'helper') helpTeam(data.material);
if (parentPort && data?.thread === 'trainer') {
  runTrainer(portChannel(parentPort), () => startSaverThread(data), undefined, helperThreads(data));
}
