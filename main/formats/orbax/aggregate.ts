// `checkpoint`: the tree of T5X, and of Orbax before 0.6, in MessagePack; google/orbax aggregate_handlers.py.
import type { Folder } from '#main/bytes/folder.ts';
import { openWithin } from '#main/bytes/folder-path.ts';
import { HEAD_BYTES } from '#main/bytes/limits.ts';
import type { ByteSource } from '#main/bytes/source.ts';
import { beginsContainer } from '#main/encodings/msgpack/header.ts';
import { readMsgpack } from '#main/encodings/msgpack/msgpack.ts';
import { readState, type StateTree } from '#main/encodings/msgpack/state-tree.ts';
import { isAppError } from '#shared/errors.ts';

const AGGREGATE = 'checkpoint';

export interface Aggregate {
  readonly state: StateTree;
  /** Number of its source, which arrays of the state point into. */
  readonly number: number;
}

/** Whether a folder has such a file: one that links to arrays. */
export async function isAggregate(folder: Folder): Promise<boolean> {
  const sources: ByteSource[] = [];
  try {
    const aggregate = await readAggregate(folder, sources);
    return aggregate !== undefined && aggregate.state.links.length > 0;
  } catch (error) {
    if (isAppError(error) && error.code !== 'io') return false;
    throw error;
  } finally {
    for (const source of sources) await source.close();
  }
}

/** @param sources the file is added here. @returns undefined for a folder without, and for a file of another kind by that name. */
export async function readAggregate(folder: Folder, sources: ByteSource[]): Promise<Aggregate | undefined> {
  const entry = (await folder.list()).find(({ name }) => name === AGGREGATE);
  if (!entry || entry.isFolder) return undefined;
  const source = await openWithin(folder, AGGREGATE);
  sources.push(source);
  if (!beginsContainer(await source.read(0, Math.min(HEAD_BYTES, source.byteLength)))) return undefined;
  const { root } = await readMsgpack(source);
  return { state: await readState(root, source), number: sources.length - 1 };
}
