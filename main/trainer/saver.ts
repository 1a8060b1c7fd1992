/** The saver thread: the only writer of a run folder, one thing after the other, synchronously. */
import { join } from 'node:path';
import { parentPort, workerData } from 'node:worker_threads';

import { writeAtomicallySync } from '#main/bytes/atomic-write.ts';
import { openLineLog, type LineLog } from '#main/bytes/line-log.ts';
import { removeFileSync } from '#main/bytes/own-files.ts';
import { planSafetensors } from '#main/formats/safetensors/save.ts';
import { portChannel, type Channel } from '#main/trainer/channel.ts';
import { spellNonFinite } from '#main/trainer/checkpoint-content.ts';
import type { FromSaver, MemoryRecord, ToSaver } from '#main/trainer/messages.ts';
import { AppError, isAppError, toWire } from '#shared/errors.ts';
import type { RunEvent } from '#shared/run.ts';

/** The log's name in every run folder. */
export const LOG_NAME = 'run.jsonl';

/** What a saver thread is started with. */
export interface SaverThreadData {
  readonly thread: 'saver';
  readonly place: SavingPlace;
}

/** Where a saver writes. */
export interface SavingPlace {
  /** Path of the run folder, which exists. */
  readonly folder: string;
  /** What temporary names carry: the run's own id. */
  readonly tag: string;
}

/** Lines that could not be written wait for the next attempt, up to this many. */
const MOST_PENDING = 100_000;

/** Answers a trainer until it says `finish`. */
export function runSaver(channel: Channel<ToSaver, FromSaver>, { folder, tag }: SavingPlace): void {
  let log: LineLog | undefined;
  let pending: string[] = [];

  channel.listen((message) => {
    if (message.kind === 'save') save(message);
    else if (message.kind === 'log') {
      write(message.events.map(toLine), false, message.events[0]?.step ?? 0);
    } else if (message.kind === 'drop') drop(message);
    else {
      write([], true, 0);
      attempt('log', 0, LOG_NAME, () => log?.close());
      channel.send({ kind: 'finished' });
    }
  });

  function save({ step, file, tensors, metadata, memory }: ToSaver & { kind: 'save' }): void {
    attempt('save', step, file, () => {
      const measured = tensors.map((tensor) => ({ ...tensor, byteLength: tensor.bytes.byteLength }));
      const { header, order } = planSafetensors(measured, metadata);
      const chunks = [header, ...order.map(({ bytes }) => bytes)];
      const { byteLength, sha256 } = writeAtomicallySync(join(folder, file), chunks, { tag });
      // the digests are on disk before anybody hears of the checkpoint
      write([toLine({ event: 'checkpoint', step, file, sha256, byteLength, memory })], true, step);
      channel.send({ kind: 'saved', step, file, sha256, byteLength });
    });
  }

  function drop({ step, file, reason }: ToSaver & { kind: 'drop' }): void {
    attempt('drop', step, file, () => {
      removeFileSync(join(folder, file));
      channel.send({ kind: 'dropped', step, file, reason });
    });
  }

  function write(lines: readonly string[], isDurable: boolean, step: number): void {
    pending.push(...lines);
    attempt('log', step, LOG_NAME, () => {
      log ??= openLineLog(join(folder, LOG_NAME));
      log.append(pending, isDurable);
      pending = [];
    });
    if (pending.length > MOST_PENDING) pending = pending.slice(-MOST_PENDING);
  }

  function attempt(doing: 'save' | 'drop' | 'log', step: number, file: string, work: () => void): void {
    try {
      work();
    } catch (error) {
      const known = isAppError(error)
        ? error
        : new AppError('internal', `writing ${file} failed`, { file }, error);
      channel.send({ kind: 'failed', doing, step, file, error: toWire(known) });
    }
  }
}

function toLine(event: RunEvent & { readonly memory?: MemoryRecord }): string {
  const line = event.event === 'step' ? event : { ...event, time: new Date().toISOString() };
  return JSON.stringify(line, spellNonFinite);
}

const data = workerData as SaverThreadData | null;
if (parentPort && data?.thread === 'saver') {
  runSaver(portChannel(parentPort), data.place);
}
