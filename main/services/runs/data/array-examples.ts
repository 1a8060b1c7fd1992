import type { Hash } from 'node:crypto';
import { basename, dirname } from 'node:path';

import { fileSource } from '#main/bytes/file-source.ts';
import { folderAt } from '#main/bytes/folder.ts';
import { DATA_SET_BYTES } from '#main/bytes/limits.ts';
import type { StoredTensor } from '#main/formats/contract.ts';
import { openCheckpoint } from '#main/formats/detect.ts';
import { fileInput } from '#main/formats/input.ts';
import { tensorReader } from '#main/formats/read.ts';
import { decode } from '#main/kernels/decode.ts';
import { tooLong } from '#main/services/runs/data/data-bytes.ts';
import { labelsBeside } from '#main/services/runs/data/idx-examples.ts';
import { splitTable } from '#main/services/runs/data/table-examples.ts';
import type { ReadExamples } from '#main/services/runs/data/run-data.ts';
import type { Examples } from '#main/trainer/dataset.ts';
import { isReal } from '#shared/dtype.ts';
import { AppError } from '#shared/errors.ts';
import type { RunConfig } from '#shared/run.ts';

/** Names that members of an archive have in practice, in lower case. */
const INPUTS = ['x_train', 'train_x', 'train_images', 'x', 'inputs', 'images', 'features', 'data'];
const TARGETS = ['y_train', 'train_y', 'train_labels', 'y', 'labels', 'targets', 'target'];
const UNSEEN_INPUTS = ['x_test', 'test_x', 'test_images', 'x_val', 'x_valid'];
const UNSEEN_TARGETS = ['y_test', 'test_y', 'test_labels', 'y_val', 'y_valid'];

interface NumberArray {
  readonly name: string;
  readonly shape: readonly number[];
  /** Bytes stay bytes: they are pictures. */
  readonly values: Uint8Array | Float32Array;
}

/**
 * NumPy arrays: an archive with inputs and targets by their usual names, one array with its labels in a file beside it,
 * or one matrix whose last columns are what is to come out.
 * @throws AppError as opening and reading do, and where arrays do not fit each other.
 */
export async function arrayExamples(path: string, config: RunConfig, hash: Hash): Promise<ReadExamples> {
  const name = basename(path);
  const arrays = await readArrays(path, hash);
  if (arrays.length !== 1) return fromArchive(arrays, name);
  const [lone] = arrays;
  const labelPath = labelsBeside(path);
  if (labelPath !== undefined && (await folderAt(dirname(path)).has(basename(labelPath)))) {
    const [labels] = await readArrays(labelPath, hash);
    return { train: paired(lone!, labels!, name) };
  }
  if (lone!.shape.length !== 2) {
    throw new AppError('invalid-params', 'these data cannot be trained on', {
      file: name,
      expected: 'a matrix with the class in its last column, or an archive with arrays x and y',
      found: `[${lone!.shape.join(', ')}]`,
    });
  }
  return { train: splitTable(Float32Array.from(lone!.values), lone!.shape[1]!, config, name) };
}

function fromArchive(arrays: readonly NumberArray[], file: string): ReadExamples {
  const find = (names: readonly string[]) =>
    names
      .map((name) => arrays.find((array) => array.name.toLowerCase() === name))
      .find((array) => array !== undefined);
  const inputs = find(INPUTS);
  const targets = find(TARGETS);
  if (!inputs || !targets) {
    throw new AppError('invalid-params', 'the archive does not say what to train on', {
      file,
      expected: 'arrays named x and y, or x_train and y_train',
      found:
        arrays
          .map(({ name }) => name)
          .join(', ')
          .slice(0, 200) || 'none',
    });
  }
  const unseenInputs = find(UNSEEN_INPUTS);
  const unseenTargets = find(UNSEEN_TARGETS);
  return {
    train: paired(inputs, targets, file),
    ...(unseenInputs && unseenTargets ? { unseen: paired(unseenInputs, unseenTargets, file) } : {}),
  };
}

function paired(inputs: NumberArray, targets: NumberArray, name: string): Examples {
  const count = inputs.shape[0] ?? 0;
  if ((targets.shape[0] ?? 0) !== count || count === 0) {
    throw new AppError('corrupt', 'there are not as many labels as examples', {
      file: name,
      expected: `${count} in ${targets.name}`,
      found: `[${targets.shape.join(', ')}]`,
    });
  }
  return {
    name,
    count,
    width: inputs.values.length / count,
    inputs: inputs.values,
    targetWidth: targets.values.length / count,
    targets: targets.values,
  };
}

async function readArrays(path: string, hash: Hash): Promise<readonly NumberArray[]> {
  const source = await fileSource(path);
  try {
    const { tensors, sources } = await openCheckpoint(await fileInput(source));
    const arrays: NumberArray[] = [];
    let byteLength = 0;
    for (const tensor of tensors) {
      requireNumbers(tensor, source.name);
      const reader = tensorReader(tensor, sources);
      byteLength += reader.elementCount * Math.max(4, reader.elementByteLength);
      if (byteLength > DATA_SET_BYTES) throw tooLong(source.name, `more than ${DATA_SET_BYTES} bytes`);
      const bytes = await reader.read(0, reader.elementCount);
      hash.update(bytes);
      const values = tensor.dtype === 'u8' ? bytes : Float32Array.from(decode(tensor.dtype, bytes));
      arrays.push({ name: tensor.name, shape: tensor.shape, values });
    }
    return arrays;
  } finally {
    await source.close();
  }
}

function requireNumbers({ dtype, name }: StoredTensor, file: string): void {
  if (isReal(dtype)) return;
  throw new AppError('unsupported', 'the array holds no real numbers', { file, tensor: name, found: dtype });
}
