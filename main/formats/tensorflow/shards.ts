/** The data files of a checkpoint, opened as far as its entries refer to them. */
import type { Folder } from '#main/bytes/folder.ts';
import { openWithin } from '#main/bytes/folder-path.ts';
import type { ByteSource } from '#main/bytes/source.ts';
import type { FormatInput } from '#main/formats/input.ts';
import { shardName } from '#main/formats/tensorflow/members.ts';
import type { Problem } from '#shared/checkpoint.ts';
import { isAppError } from '#shared/errors.ts';

export interface Shards {
  /** Index into the checkpoint's sources by shard; absent for those that could not be opened. */
  readonly sourceOf: ReadonlyMap<number, number>;
  readonly problems: readonly Problem[];
}

/**
 * Opens data files and appends them to `sources`, whose owner closes them.
 * A file that is missing or cannot be opened is a problem: the others are still good.
 * @param wanted shard numbers.
 */
export async function openShards(
  wanted: Iterable<number>,
  prefix: string,
  count: number,
  folder: Folder | undefined,
  input: FormatInput,
  sources: ByteSource[],
): Promise<Shards> {
  const sourceOf = new Map<number, number>();
  const problems: Problem[] = [];
  for (const shard of wanted) {
    const name = shardName(prefix, shard, count);
    if (shard >= count) {
      problems.push({ code: 'missing-file', message: `the index refers to data file ${shard} of ${count}` });
      continue;
    }
    try {
      const source = await openData(name, folder, input, problems);
      if (source) {
        sourceOf.set(shard, sources.length);
        sources.push(source);
      } else {
        problems.push({ code: 'missing-file', message: `the data file ${name} cannot be reached` });
      }
    } catch (error) {
      if (!isAppError(error)) throw error;
      problems.push({ code: 'missing-file', message: reason(error.code, error.message, name) });
    }
  }
  return { sourceOf, problems };
}

/** A save that was interrupted leaves its data under a name of their own, perhaps not all of them. */
async function openData(
  name: string,
  folder: Folder | undefined,
  input: FormatInput,
  problems: Problem[],
): Promise<ByteSource | undefined> {
  if (input.kind === 'file' && input.name === name) return input.source;
  if (!folder || (await folder.has(name))) return folder && openWithin(folder, name);
  const partial = (await folder.list()).find((entry) => entry.name.startsWith(`${name}.tempstate`))?.name;
  if (partial === undefined) return openWithin(folder, name);
  problems.push({
    code: 'interrupted',
    message: `the save was interrupted: of the data file ${name} there is only ${partial}, which is read as far as it goes`,
  });
  return input.kind === 'file' && input.name === partial ? input.source : openWithin(folder, partial);
}

function reason(code: string, message: string, name: string): string {
  if (code !== 'not-found') return `the data file ${name} cannot be opened: ${message}`;
  return `the data file ${name} is not beside the index`;
}
