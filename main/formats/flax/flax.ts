// Flax state in MessagePack: google/flax flax/serialization.py and flax/training/checkpoints.py (0.1 to 0.12).
import type { Checkpoint, Format, StoredTensor } from '#main/formats/contract.ts';
import type { FileInput, FormatInput } from '#main/formats/input.ts';
import { openNewest } from '#main/formats/flax/numbered-states.ts';
import { beginsLikeState, holdsArrays } from '#main/formats/flax/signs.ts';
import { linkedTensors } from '#main/formats/flax/linked-arrays.ts';
import { stateTensor } from '#main/encodings/msgpack/state-values.ts';
import type { Folder } from '#main/bytes/folder.ts';
import type { ByteSource } from '#main/bytes/source.ts';
import { readState, type StateTree } from '#main/encodings/msgpack/state-tree.ts';
import { openShardSet } from '#main/formats/joined-shards.ts';
import { isShardIndex, shardSetOf } from '#main/formats/shard-sets.ts';
import { pagedSource } from '#main/bytes/paged-source.ts';
import { MSGPACK_PAGE_BYTES, MSGPACK_PAGES } from '#main/bytes/limits.ts';
import { metadataFrom, type Problem } from '#shared/checkpoint.ts';
import { AppError, isAppError } from '#shared/errors.ts';

export const flax: Format = {
  name: 'flax',
  title: 'Flax',
  reads:
    'MessagePack files of `flax.serialization` and `flax.training.checkpoints`: every dtype of NumPy and ml_dtypes, arrays cut into chunks, plain values beside them; sharded sets as one, of a folder of steps the last',
  extensions: ['msgpack', 'flax'],
  claims,
  open,
};

async function claims(input: FormatInput): Promise<boolean> {
  if (input.kind === 'folder')
    return (await shardSetOf(input, 'flax')) !== undefined || isNumbered(input.folder);
  return (await isState(input)) || isShardIndex(input, 'flax');
}

async function isNumbered(folder: Folder): Promise<boolean> {
  const newest = await openNewest(folder);
  if (!newest) return false;
  try {
    return await isState(newest.input);
  } finally {
    await newest.input.source.close();
  }
}

async function isState(input: FileInput): Promise<boolean> {
  try {
    const document = await input.msgpack();
    if (!document) return false;
    return (
      holdsArrays(document.root) && (document.end === input.source.byteLength || beginsLikeState(input.head))
    );
  } catch (error) {
    // one that is cut short is ours if it begins with an array of Flax's
    if (isAppError(error) && error.code !== 'io') return beginsLikeState(input.head);
    throw error;
  }
}

async function open(input: FormatInput): Promise<Checkpoint> {
  const set = await shardSetOf(input, 'flax');
  if (set) return openShardSet(set, input, openFile);
  return input.kind === 'file' ? openFile(input) : openNumbered(input.folder);
}

async function openNumbered(folder: Folder): Promise<Checkpoint> {
  const newest = await openNewest(folder);
  if (!newest) throw new AppError('internal', 'the folder has been recognised before');
  const { input, step, steps } = newest;
  try {
    const checkpoint = await openFile(input);
    return {
      ...checkpoint,
      dialect: `${checkpoint.dialect}, step ${step}${steps.length > 1 ? `, the last of ${steps.length}` : ''}`,
      metadata: metadataFrom([...Object.entries(checkpoint.metadata), ['steps', [...steps]]]),
    };
  } catch (error) {
    await input.source.close();
    throw error;
  }
}

async function openFile(input: FileInput): Promise<Checkpoint> {
  const document = await input.msgpack();
  if (!document) throw new AppError('internal', 'Flax states are MessagePack');
  const { root, end } = document;
  const paged = pagedSource(input.source, { pageBytes: MSGPACK_PAGE_BYTES, pages: MSGPACK_PAGES });
  const state = await readState(root, paged);
  const sources: ByteSource[] = [input.source];
  const problems: Problem[] = [...trailing(end, input), ...state.problems];
  const tensors: StoredTensor[] = [];
  for (const array of state.arrays) tensors.push(await stateTensor(array, sources, 0, problems));
  tensors.push(...(await linkedTensors(state.links, input.folder, sources, problems)));
  return {
    format: flax.name,
    dialect: dialectOf(state),
    layout: state.layout,
    sources,
    tensors,
    regions:
      end < input.source.byteLength
        ? [{ source: 0, begin: end, end: input.source.byteLength, label: 'trailing bytes' }]
        : [],
    imports: [],
    problems,
    metadata: metadataFrom(state.values),
  };
}

function dialectOf({ links }: StateTree): string {
  return links.length > 0
    ? 'Flax state (MessagePack) that links to zarr arrays, as T5X and early Orbax write it'
    : 'Flax state (MessagePack)';
}

function trailing(end: number, { source }: FileInput): Problem[] {
  const count = source.byteLength - end;
  if (count === 0) return [];
  return [{ code: 'trailing-bytes', message: `${count} bytes follow the end of the state`, offset: end }];
}
