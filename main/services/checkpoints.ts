import { basename, dirname, join } from 'node:path';

import { fileSource } from '#main/bytes/file-source.ts';
import { folderAt, folderOf, foldersAround } from '#main/bytes/folder.ts';
import { kindOfPath } from '#main/bytes/small-file.ts';
import type { Checkpoint, StoredTensor } from '#main/formats/contract.ts';
import { openCheckpoint } from '#main/formats/detect.ts';
import { fileInput } from '#main/formats/input.ts';
import type { Files } from '#main/services/files.ts';
import { describeCheckpoint } from '#main/services/description.ts';
import type { SharedWork } from '#main/services/shared-work.ts';
import { planOf, type TensorPlan } from '#main/services/tensor-plan.ts';
import { unescapeName } from '#shared/display.ts';
import { AppError } from '#shared/errors.ts';
import type { FileId } from '#shared/bridge.ts';
import type { CheckpointSummary } from '#shared/checkpoint.ts';

/** A checkpoint that is open: its description, and where its values are. */
export interface OpenCheckpoint {
  readonly file: FileId;
  readonly checkpoint: Checkpoint;
  readonly summary: CheckpointSummary;
  /** Results that hold as long as the file does not change, by a key that names them. */
  readonly cache: Map<string, unknown>;
  /** Results that are being worked out, by name, for whoever asks meanwhile. */
  readonly underWay: Map<string, SharedWork<unknown>>;
  /** @throws AppError `not-found` with the names that come near. */
  tensor(name: string): StoredTensor;
  plan(name: string): TensorPlan;
}

export interface Checkpoints {
  /** Opens a file, or gives back what is open already if the file is still the same. */
  open(file: FileId): Promise<OpenCheckpoint>;
  /** Lets go of a file; closing what is not open does nothing. */
  closeFile(file: FileId): Promise<void>;
  close(): Promise<void>;
}

interface Entry {
  readonly opening: Promise<OpenCheckpoint>;
  /** Of the file that the id names; absent for folders. */
  readonly identity: string | undefined;
}

export function createCheckpoints(files: Pick<Files, 'pathOf' | 'nameOf'>): Checkpoints {
  const entries = new Map<FileId, Entry>();

  const closeEntry = async (entry: Entry | undefined) => {
    const open = await entry?.opening.catch(() => undefined);
    await Promise.all(open?.checkpoint.sources.map((source) => source.close()) ?? []);
  };

  const closeFile = async (file: FileId) => {
    const entry = entries.get(file);
    entries.delete(file);
    await closeEntry(entry);
  };

  return {
    open: async (file) => {
      const path = await resolvePath(files.pathOf(file));
      const identity = await identityOf(path);
      const known = entries.get(file);
      if (known && known.identity === identity) return known.opening;
      const entry: Entry = { opening: openPath(file, path, files.nameOf(file)), identity };
      // before anything is waited for: whoever else asks meanwhile gets this one
      entries.set(file, entry);
      entry.opening.catch(() => {
        if (entries.get(file) === entry) entries.delete(file);
      });
      await closeEntry(known);
      return entry.opening;
    },
    closeFile,
    close: async () => {
      await Promise.all([...entries.keys()].map(closeFile));
    },
  };
}

/** A TensorFlow checkpoint may be named by its prefix, which is no file: that of its index or, in version 1, of its parts. */
async function resolvePath(path: string): Promise<string> {
  if ((await kindOfPath(path)) !== 'missing') return path;
  const index = `${path}.index`;
  if ((await kindOfPath(index)) === 'file') return index;
  if ((await kindOfPath(dirname(path))) !== 'folder') return path;
  const part = `${basename(path)}-00000-of-`;
  const first = (await folderAt(dirname(path)).list()).find(({ name }) => name.startsWith(part));
  return first ? join(dirname(path), first.name) : path;
}

async function identityOf(path: string): Promise<string | undefined> {
  if ((await kindOfPath(path)) !== 'file') return undefined;
  const source = await fileSource(path);
  try {
    return JSON.stringify(await source.identify());
  } finally {
    await source.close();
  }
}

async function openPath(file: FileId, path: string, name: string): Promise<OpenCheckpoint> {
  const checkpoint = await describePath(path);
  let made: ReadonlyMap<string, StoredTensor> | undefined;
  const tensor = (wanted: string): StoredTensor => {
    // when the first one is asked for: listing a hundred thousand needs it not
    const byName = (made ??= new Map(checkpoint.tensors.map((each) => [each.name, each])));
    // a name copied from a listing has its odd characters escaped
    const found = byName.get(wanted) ?? byName.get(unescapeName(wanted));
    if (found) return found;
    const near = [...byName.keys()]
      .filter((other) => other.includes(wanted) || wanted.includes(other))
      .slice(0, 3);
    throw new AppError('not-found', `no tensor is called ${wanted}`, {
      file: name,
      tensor: wanted,
      ...(near.length > 0 ? { hint: `did you mean ${near.join(', ')}` } : {}),
    });
  };
  return {
    file,
    checkpoint,
    summary: describeCheckpoint(name, checkpoint),
    cache: new Map(),
    underWay: new Map(),
    tensor,
    plan: (wanted) => planOf(tensor(wanted), checkpoint.sources),
  };
}

async function describePath(path: string): Promise<Checkpoint> {
  if ((await kindOfPath(path)) === 'folder') {
    const folder = folderAt(path);
    return openCheckpoint({ kind: 'folder', name: folder.name, folder });
  }
  const source = await fileSource(path);
  try {
    return await openCheckpoint(await fileInput(source, folderOf(path), foldersAround(path)));
  } catch (error) {
    await source.close();
    throw error;
  }
}
