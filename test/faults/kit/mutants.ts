import { basename, join } from 'node:path';

import type { FileSystem } from '#main/bytes/file-system.ts';
import { checkpointSteps, readManifest } from '#main/services/runs/run-folder.ts';
import type { Channel } from '#main/trainer/channel.ts';
import { checkpointName } from '#main/trainer/checkpoint-name.ts';
import type { FromSaver, ToSaver } from '#main/trainer/messages.ts';
import { recover, type Recover } from '#test/faults/kit/check-state.ts';
import type { Mutant } from '#test/faults/kit/run-scenario.ts';

/** A protocol that is broken on purpose. */
export interface PlantedMutant extends Mutant {
  readonly name: string;
  readonly recover?: Recover;
}

const isCheckpoint = (path: string) => /^step-\d+\.safetensors$/.test(basename(path));
const stepOf = (path: string) => Number(/\d+/.exec(basename(path))![0]);

/** Tells files and folders apart by how they were opened. */
function withoutSync(of: FileSystem, what: 'file' | 'folder'): FileSystem {
  const folders = new Set<number>();
  const skips = (descriptor: number) => folders.has(descriptor) === (what === 'folder');
  return {
    ...of,
    openFolder: (path) => {
      const descriptor = of.openFolder(path);
      folders.add(descriptor);
      return descriptor;
    },
    close: (descriptor) => {
      folders.delete(descriptor);
      of.close(descriptor);
    },
    fsync: (descriptor) => {
      if (!skips(descriptor)) of.fsync(descriptor);
    },
  };
}

/** The name that the bytes are for is the name that they are written under. */
function inPlace(of: FileSystem): FileSystem {
  let next = 1;
  const finals = new Map<string, string>();
  const finalOf = (path: string) => finals.get(path) ?? path;
  return {
    ...of,
    create: (path, mode) => {
      // run.json comes first; then a checkpoint a step
      const name = of.exists(join(path, '..', 'run.json')) ? checkpointName(next++) : 'run.json';
      finals.set(path, join(path, '..', name));
      return of.create(finalOf(path), mode);
    },
    exists: (path) => ![...finals.values()].includes(path) && of.exists(path),
    rename: (from, to) => {
      if (finalOf(from) !== to) of.rename(finalOf(from), to);
    },
    unlink: (path) => of.unlink(finalOf(path)),
  };
}

/** As some loaders do where a file is to be replaced. */
function removeThenRename(of: FileSystem): FileSystem {
  return {
    ...of,
    rename: (from, to) => {
      if (of.exists(to)) {
        of.unlink(to);
        const folder = of.openFolder(join(to, '..'));
        of.fsync(folder);
        of.close(folder);
      }
      of.rename(from, to);
    },
  };
}

/** The oldest goes when a new one has its name, before that name is safe. */
function retentionBeforeAcknowledging(of: FileSystem): FileSystem {
  const steps: number[] = [];
  return {
    ...of,
    rename: (from, to) => {
      of.rename(from, to);
      if (!isCheckpoint(to)) return;
      steps.push(stepOf(to));
      if (steps.length > 2) of.unlink(join(to, '..', checkpointName(steps.shift()!)));
    },
    unlink: (path) => {
      if (of.exists(path)) of.unlink(path);
    },
  };
}

/** Room is made first, and the new one is saved then. */
function deleteBeforeSave(
  channel: Channel<ToSaver, FromSaver>,
  system: FileSystem,
): Channel<ToSaver, FromSaver> {
  const steps: number[] = [];
  return {
    ...channel,
    listen: (onMessage, onClose) =>
      channel.listen((message) => {
        if (message.kind === 'save') {
          steps.push(message.step);
          if (steps.length > 2) system.unlink(join('/run', checkpointName(steps.shift()!)));
        }
        if (message.kind === 'drop') channel.send({ ...message, kind: 'dropped' });
        else onMessage(message);
      }, onClose),
  };
}

/** Whoever waits is told before anything is written; the digest is the one that the file will have. */
function earlyAcknowledgement(
  channel: Channel<ToSaver, FromSaver>,
  system: FileSystem,
): Channel<ToSaver, FromSaver> {
  const kept: ToSaver[] = [];
  return {
    ...channel,
    // the genuine answer comes too late to count
    send: (message, transfer) => {
      if (message.kind !== 'saved') channel.send(message, transfer);
    },
    listen: (onMessage, onClose) =>
      channel.listen((message) => {
        for (const late of kept.splice(0)) onMessage(late);
        if (message.kind !== 'save') return onMessage(message);
        kept.push(message);
        const { step, file } = message;
        channel.send({ kind: 'saved', step, file, sha256: '', byteLength: system.exists(file) ? 1 : 0 });
      }, onClose),
  };
}

/** The newest name wins, whatever is in the file. */
const unverified: Recover = async (place) => {
  const { id } = await readManifest(place);
  const [step] = await checkpointSteps(place);
  const recovery = await recover(place);
  if (step === undefined) return recovery;
  const file = checkpointName(step);
  return { runId: id, newest: { step, file, sha256: 'whatever it is' }, kept: recovery.kept };
};

export const MUTANTS: readonly PlantedMutant[] = [
  { name: 'no fsync', system: (of) => withoutSync(of, 'file') },
  { name: 'no fsync of the folder', system: (of) => withoutSync(of, 'folder') },
  { name: 'write in place', system: inPlace },
  { name: 'delete before save', saver: deleteBeforeSave },
  { name: 'remove then rename', system: removeThenRename },
  { name: 'early acknowledgement', saver: earlyAcknowledgement },
  { name: 'retention before acknowledgement', system: retentionBeforeAcknowledging },
  { name: 'unverified fall-back', recover: unverified },
];
