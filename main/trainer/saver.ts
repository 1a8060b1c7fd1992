/** The saver thread: the only writer of a run folder, one thing after the other, synchronously; another takes digests beside it. */
import { join } from 'node:path';
import { parentPort, workerData } from 'node:worker_threads';

import { commitFileSync } from '#main/bytes/commit-file.ts';
import { nodeFileSystem, type FileSystem } from '#main/bytes/file-system.ts';
import { requireSpace } from '#main/bytes/free-space.ts';
import { openLineLog, type LineLog } from '#main/bytes/line-log.ts';
import { removeFileSync } from '#main/bytes/own-files.ts';
import { portChannel, type Channel } from '#main/trainer/channel.ts';
import { spellNonFinite } from '#main/trainer/checkpoint-content.ts';
import { checkpointFile } from '#main/trainer/checkpoint-file.ts';
import { OWN_DIGESTS, type Digests } from '#main/trainer/digests.ts';
import type { FromSaver, MemoryRecord, ToSaver } from '#main/trainer/messages.ts';
import { serveDigests, sharedDigests, type DigestThreadData } from '#main/trainer/shared-digests.ts';
import { AppError, isAppError, toWire } from '#shared/errors.ts';
import type { RunEvent } from '#shared/run.ts';

/** The log's name in every run folder. */
export const LOG_NAME = 'run.jsonl';

/** What a saver thread is started with. */
export interface SaverThreadData {
  readonly thread: 'saver';
  readonly place: SavingPlace;
  /** Path of this bundle, for the thread beside it. */
  readonly saverFile: string;
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
export function runSaver(
  channel: Channel<ToSaver, FromSaver>,
  { folder, tag }: SavingPlace,
  system: FileSystem = nodeFileSystem,
  digests: Digests = OWN_DIGESTS,
): void {
  let log: LineLog | undefined;
  let pending: string[] = [];
  let isLogFailing = false;

  channel.listen((message) => {
    if (message.kind === 'save') save(message);
    else if (message.kind === 'log') write(message.events.map(toLine), false, message.events[0]?.step ?? 0);
    else if (message.kind === 'drop') drop(message);
    else {
      write([], true, 0);
      attempt('log', 0, LOG_NAME, closeLog);
      digests.close();
      channel.send({ kind: 'finished' });
    }
  });

  function save(message: ToSaver & { kind: 'save' }): void {
    const { step, file, content: copied, parameters, probe, score, previous } = message;
    let needed = 0;
    attempt(
      'save',
      step,
      file,
      () => {
        const { byteLength, content, memory } = checkpointFile(copied, parameters, digests);
        needed = byteLength;
        requireSpace(join(folder, file), byteLength, system);
        const options = { tag, mode: PRIVATE, fileSystem: system };
        const { setAside, ...written } = commitFileSync(join(folder, file), content, options);
        if (setAside !== undefined) channel.send({ kind: 'set-aside', step, file, as: setAside });
        const saved = { step, file, ...written, ...(score === undefined ? {} : { score }) };
        const chain = previous === undefined ? {} : { previous };
        // the digests are on disk before anybody hears of the checkpoint
        write(
          [toLine({ event: 'checkpoint', ...saved, ...chain, memory: { ...memory(), probe } })],
          true,
          step,
        );
        channel.send({ kind: 'saved', ...saved });
      },
      () => needed,
    );
  }

  function drop({ step, file, reason }: ToSaver & { kind: 'drop' }): void {
    attempt('drop', step, file, () => {
      removeFileSync(join(folder, file), system);
      channel.send({ kind: 'dropped', step, file, reason });
    });
  }

  /** Lines that cannot be written wait for the next attempt. */
  function write(lines: readonly string[], isDurable: boolean, step: number): void {
    pending.push(...lines);
    if (pending.length > MOST_PENDING) pending = pending.slice(-MOST_PENDING);
    const isWritten = attempt('log', step, LOG_NAME, () => {
      if (log && isDurable && !log.isInPlace()) closeLog();
      log ??= openLineLog(join(folder, LOG_NAME), system);
      log.append(pending, isDurable);
      pending = [];
    });
    if (isWritten && isLogFailing) channel.send({ kind: 'log-recovered' });
    isLogFailing = !isWritten;
  }

  function closeLog(): void {
    const open = log;
    // whatever close reports, it is not written to any more
    log = undefined;
    open?.close();
  }

  function attempt(
    doing: 'save' | 'drop' | 'log',
    step: number,
    file: string,
    work: () => void,
    bytesNeeded = () => 0,
  ): boolean {
    try {
      work();
      return true;
    } catch (error) {
      const known = isAppError(error)
        ? error
        : new AppError('internal', `writing ${file} failed`, { file }, error);
      channel.send({
        kind: 'failed',
        doing,
        step,
        file,
        error: toWire(known),
        ...(isFull(known) && bytesNeeded() > 0 ? { bytesNeeded: bytesNeeded() } : {}),
      });
      return false;
    }
  }
}

/** Nobody else reads a run's checkpoints unless its owner lets them. */
const PRIVATE = 0o600;

function isFull({ fields }: AppError): boolean {
  return fields.found === 'ENOSPC' || fields.found === 'EDQUOT';
}

function toLine(event: RunEvent & { readonly previous?: string; readonly memory?: MemoryRecord }): string {
  const line = event.event === 'step' ? event : { ...event, time: new Date().toISOString() };
  return JSON.stringify(line, spellNonFinite);
}

const data = workerData as SaverThreadData | DigestThreadData | null;
if (parentPort && data?.thread === 'digests') serveDigests(parentPort);
if (parentPort && data?.thread === 'saver') {
  runSaver(portChannel(parentPort), data.place, nodeFileSystem, sharedDigests(data.saverFile));
}
