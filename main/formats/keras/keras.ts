// Keras: keras/src/saving/saving_lib.py (.keras, .weights.h5) and keras/src/legacy/saving/legacy_h5_format.py (.h5) of Keras 3.
import { kerasArrangement } from '#main/encodings/hdf5/keras-marks.ts';
import type { Checkpoint, Format } from '#main/formats/contract.ts';
import type { FileInput, FormatInput } from '#main/formats/input.ts';
import { openShardSet } from '#main/formats/joined-shards.ts';
import { isKerasArchive, openArchive } from '#main/formats/keras/archive.ts';
import {
  indexesIn,
  isShardIndex as isKerasIndex,
  openByIndex,
  openByPart,
  openFolder,
} from '#main/formats/keras/shard-set.ts';
import { openWeightFile } from '#main/formats/keras/weight-file.ts';
import { isShardIndex, shardSetOf } from '#main/formats/shard-sets.ts';
import { AppError, isAppError } from '#shared/errors.ts';

/** Models and weights of Keras 1 to 3, with any backend. */
export const keras: Format = {
  name: 'keras',
  title: 'Keras',
  reads:
    'models and weights of Keras 1, 2 and 3: `.h5`, `.weights.h5`, `.keras` without unpacking, sharded `.weights.json` and sets by Hugging Face transformers, by their index, a part or the folder; optimizers, configurations, Lambda layers shown and never run',
  extensions: ['keras', 'h5', 'weights.json'],
  claims,
  open,
};

async function claims(input: FormatInput): Promise<boolean> {
  if (input.kind === 'folder') {
    return (await shardSetOf(input, 'keras')) !== undefined || (await indexesIn(input.folder)).length > 0;
  }
  if ((await isKerasIndex(input)) || (await isShardIndex(input, 'keras'))) return true;
  return (await isWeightFile(input)) || isKerasArchive(input);
}

/** A damaged HDF5 file is nobody's by what is in it. */
async function isWeightFile(input: FileInput): Promise<boolean> {
  try {
    const file = await input.hdf5();
    return file !== undefined && kerasArrangement(await file.tree()) !== undefined;
  } catch (error) {
    if (isAppError(error) && error.code !== 'io') return false;
    throw error;
  }
}

async function open(input: FormatInput): Promise<Checkpoint> {
  const set = await shardSetOf(input, 'keras');
  if (set) return openShardSet(set, input, openPart);
  if (input.kind === 'folder') return openFolder(input.folder);
  if (await isKerasIndex(input)) return openByIndex(input);
  const file = await input.hdf5();
  if (!file) return openArchive(input);
  return (await openByPart(input)) ?? openWeightFile(file);
}

async function openPart(input: FileInput): Promise<Checkpoint> {
  const file = await input.hdf5();
  if (!file) throw new AppError('corrupt', 'it is no HDF5 file', { file: input.name, offset: 0 });
  return openWeightFile(file);
}
