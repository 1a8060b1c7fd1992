// A sharded save that was interrupted: parts in `PREFIX_temp/`, each a checkpoint of its own, tensorflow/python/training/saver.py, `_AddShardedSaveOpsForV2`.
import { openWithin } from '#main/bytes/folder-path.ts';
import type { ByteSource } from '#main/bytes/source.ts';
import { openTable } from '#main/encodings/sorted-table/sorted-table.ts';
import type { Checkpoint } from '#main/formats/contract.ts';
import type { FormatInput } from '#main/formats/input.ts';
import { movedTensor } from '#main/formats/shard-move.ts';
import { openBundle } from '#main/formats/tensorflow/bundle-checkpoint.ts';
import { temporaryPart, type FoundIndex } from '#main/formats/tensorflow/members.ts';
import { metadataFrom, type Problem } from '#shared/checkpoint.ts';
import { isAppError } from '#shared/errors.ts';

/** Opens the parts that are there as one; those that are not, or cannot be read, are problems. */
export async function openTemporaryParts(
  found: readonly FoundIndex[],
  input: FormatInput,
): Promise<Checkpoint> {
  const problems: Problem[] = [
    {
      code: 'interrupted',
      message: 'these are the parts of a save that was interrupted before it joined them',
    },
  ];
  const opened: Checkpoint[] = [];
  for (const part of found) {
    try {
      opened.push(await openPart(part, input));
    } catch (error) {
      if (!isAppError(error) || error.code === 'cancelled' || error.code === 'internal') throw error;
      const message = `the part ${part.indexName} cannot be read: ${error.message}`;
      problems.push({ code: 'missing-part', message });
    }
  }
  const { count } = temporaryPart(found[0]!.indexName)!;
  if (found.length < count && found[0]!.folder)
    problems.push({ code: 'missing-part', message: `${found.length} of ${count} parts were begun` });
  const bases = opened.map((_, at) =>
    opened.slice(0, at).reduce((sum, { sources }) => sum + sources.length, 0),
  );
  const sources = opened.flatMap((part) => part.sources);
  return {
    format: 'tensorflow',
    dialect: `TensorFlow checkpoint V2, ${opened.length === 1 ? 'a part' : `${opened.length} parts`} of a save that was interrupted`,
    layout: 'dict',
    sources: input.kind === 'file' && !sources.includes(input.source) ? [...sources, input.source] : sources,
    tensors: opened.flatMap(({ tensors }, at) => tensors.map((tensor) => movedTensor(tensor, bases[at]!))),
    regions: opened.flatMap(({ regions }, at) =>
      regions.map((region) => ({ ...region, source: bases[at]! + region.source })),
    ),
    imports: [],
    problems: [...problems, ...opened.flatMap((part) => part.problems)],
    metadata: metadataFrom([['parts', found.map(({ indexName }) => indexName)]]),
  };
}

async function openPart(found: FoundIndex, input: FormatInput): Promise<Checkpoint> {
  const isIndex = input.kind === 'file' && input.name === found.indexName;
  const sources: ByteSource[] = [isIndex ? input.source : await openWithin(found.folder!, found.indexName)];
  try {
    return await openBundle(found, await openTable(sources[0]!), input, sources);
  } catch (error) {
    const own = sources.filter((source) => input.kind !== 'file' || source !== input.source);
    await Promise.all(own.map((source) => source.close()));
    throw error;
  }
}
