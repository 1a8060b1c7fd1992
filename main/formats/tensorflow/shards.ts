/** The data files of a checkpoint, opened as far as its entries refer to them. */
import type { Folder } from '#main/bytes/folder.ts';
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
      const source = input.kind === 'file' && input.name === name ? input.source : await folder?.open(name);
      if (source) {
        sourceOf.set(shard, sources.length);
        sources.push(source);
      } else {
        problems.push({ code: 'missing-file', message: `the data file ${name} cannot be reached` });
      }
    } catch (error) {
      if (!isAppError(error)) throw error;
      problems.push({ code: 'missing-file', message: await reason(error.code, error.message, name, folder) });
    }
  }
  return { sourceOf, problems };
}

async function reason(
  code: string,
  message: string,
  name: string,
  folder: Folder | undefined,
): Promise<string> {
  if (code !== 'not-found') return `the data file ${name} cannot be opened: ${message}`;
  const names = (await folder?.list()) ?? [];
  const partial = names.find((entry) => entry.name.startsWith(`${name}.tempstate`));
  return partial
    ? `the data file ${name} is not there, only ${partial.name}: the save was interrupted`
    : `the data file ${name} is not beside the index`;
}
