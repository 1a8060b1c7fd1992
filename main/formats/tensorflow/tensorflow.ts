// TensorFlow checkpoints: V2 (tensor bundle), tensorflow/core/util/tensor_bundle/tensor_bundle.cc; V1, util/tensor_slice_writer.cc.
import { openWithin } from '#main/bytes/folder-path.ts';
import type { ByteSource } from '#main/bytes/source.ts';
import { placedEntries } from '#main/encodings/sorted-table/placed-entries.ts';
import { openTable, type SortedTable } from '#main/encodings/sorted-table/sorted-table.ts';
import type { Checkpoint, Format } from '#main/formats/contract.ts';
import type { FormatInput } from '#main/formats/input.ts';
import { foreignTable, openBundle } from '#main/formats/tensorflow/bundle-checkpoint.ts';
import { findIndexes, temporaryPart, type FoundIndex } from '#main/formats/tensorflow/members.ts';
import { openTemporaryParts } from '#main/formats/tensorflow/temporary-parts.ts';
import { openVersion1 } from '#main/formats/tensorflow/version1.ts';
import { partNames, stemOf } from '#main/formats/tensorflow/version1-names.ts';
import type { SlicePart } from '#main/formats/tensorflow/version1-parts.ts';
import type { Problem } from '#shared/checkpoint.ts';
import { AppError, isAppError } from '#shared/errors.ts';

export const tensorflow: Format = {
  name: 'tensorflow',
  title: 'TensorFlow',
  reads:
    'checkpoints of versions 1 and 2 by any of their files or their folder, SavedModel variables; shards, slices, texts',
  extensions: ['index', 'data-00000-of-00001'],
  claims: async (input) => (await findIndexes(input)).length > 0,
  open,
};

async function open(input: FormatInput): Promise<Checkpoint> {
  const all = await findIndexes(input);
  if (all.length > 0 && all.every(({ indexName }) => temporaryPart(indexName)))
    return openTemporaryParts(all, input);
  const found = onlyOne(all, input);
  const isIndex = input.kind === 'file' && input.name === found.indexName;
  const sources: ByteSource[] = [isIndex ? input.source : await openWithin(found.folder!, found.indexName)];
  try {
    const table = await openTable(sources[0]!);
    const checkpoint =
      (await versionOf(table, sources[0]!)) === 1
        ? await openParts(found, table, input, sources)
        : await openBundle(found, table, input, sources);
    // whatever was opened is closed with the checkpoint, the file that only led here included
    const isListed = input.kind !== 'file' || checkpoint.sources.includes(input.source);
    return isListed ? checkpoint : { ...checkpoint, sources: [...checkpoint.sources, input.source] };
  } catch (error) {
    const own = sources.filter((source) => input.kind !== 'file' || source !== input.source);
    await Promise.all(own.map((source) => source.close()));
    throw error;
  }
}

/** The value under the empty key, which comes first: V1 has a message there, V2 a number. */
async function versionOf(table: SortedTable, index: ByteSource): Promise<1 | 2> {
  for await (const { key, source, offset, byteLength } of placedEntries(table, index)) {
    if (key.byteLength > 0) break;
    const [tag] = byteLength === 0 ? [] : await source.read(offset, 1);
    return tag === MESSAGE_TAG ? 1 : 2;
  }
  throw foreignTable(index);
}

/** Field 1, bytes with their length. */
const MESSAGE_TAG = 0x0a;

/** The parts of a V1 checkpoint, of which one has been opened; those that are missing or broken are problems. */
async function openParts(
  { indexName, folder }: FoundIndex,
  table: SortedTable,
  input: FormatInput,
  sources: ByteSource[],
): Promise<Checkpoint> {
  const own = { source: sources[0]!, table };
  const parts: SlicePart[] = [];
  const problems: Problem[] = [];
  for (const name of partNames(indexName)) {
    if (name === indexName) {
      parts.push(own);
      continue;
    }
    try {
      const isInput = input.kind === 'file' && input.name === name;
      const source = isInput ? input.source : folder && (await openWithin(folder, name));
      if (!source) throw new AppError('not-found', 'it is not here');
      sources.push(source);
      parts.push({ source, table: await openTable(source) });
    } catch (error) {
      if (!isAppError(error) || error.code === 'cancelled' || error.code === 'internal') throw error;
      problems.push({ code: 'missing-part', message: `the part ${name} cannot be read: ${error.message}` });
    }
  }
  const checkpoint = await openVersion1(parts, stemOf(indexName), problems);
  const unread = sources.filter((source) => !parts.some((part) => part.source === source));
  return { ...checkpoint, sources: [...checkpoint.sources, ...unread] };
}

function onlyOne(found: readonly FoundIndex[], input: FormatInput): FoundIndex {
  const [first, ...others] = found;
  if (first && others.length === 0) return first;
  throw new AppError('invalid-params', 'the folder holds several checkpoints', {
    file: input.name,
    expected: 'a folder of one, or a "checkpoint" file that names the newest',
    found: found.map(({ indexName }) => indexName).join(', '),
    hint: 'open one of the .index files',
  });
}
