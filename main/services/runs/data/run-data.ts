import { createHash, type Hash } from 'node:crypto';
import { basename, extname, join } from 'node:path';

import { arrayExamples } from '#main/services/runs/data/array-examples.ts';
import { idxExamples, labelsBeside } from '#main/services/runs/data/idx-examples.ts';
import { tableExamples } from '#main/services/runs/data/table-examples.ts';
import type { DataFiles, Examples } from '#main/trainer/dataset.ts';
import { AppError } from '#shared/errors.ts';
import type { RunConfig } from '#shared/run.ts';

/** The folder of the built-in digits among the app's resources. */
const DIGITS = 'mnist';

/** What one file of data holds. */
export interface ReadExamples {
  readonly train: Examples;
  readonly unseen?: Examples;
}

/**
 * Reads the files that a configuration names; undefined where the data come from the seed.
 * @param resourceFolder where the built-in data lie.
 * @param allow says whether a path is one that the person has chosen; it throws if not.
 * @throws AppError `not-found`, `io`, `limit`, `corrupt`, and `unsupported` for files that are no data.
 */
export async function readRunData(
  config: RunConfig,
  resourceFolder: string,
  allow: (path: string) => string,
): Promise<DataFiles | undefined> {
  const { source } = config.data;
  if (source === 'random') return undefined;
  const hash = createHash('sha256');
  if (source === 'mnist') {
    const folder = join(resourceFolder, DIGITS);
    const train = await idxExamples(join(folder, 'train-images.idx'), join(folder, 'train-labels.idx'), hash);
    const unseen = await idxExamples(join(folder, 'test-images.idx'), join(folder, 'test-labels.idx'), hash);
    return { train, unseen, sha256: hash.digest('hex') };
  }
  const examples = await readFile(allow(source), config, hash);
  return { ...examples, sha256: hash.digest('hex') };
}

async function readFile(path: string, config: RunConfig, hash: Hash): Promise<ReadExamples> {
  const name = basename(path);
  const plain = name.replace(/\.gz$/i, '');
  switch (extname(plain).toLowerCase()) {
    case '.csv':
    case '.tsv':
    case '.txt':
      return { train: await tableExamples(path, config, hash) };
    case '.npy':
    case '.npz':
      return arrayExamples(path, config, hash);
  }
  const labels = labelsBeside(path);
  if (labels !== undefined) return { train: await idxExamples(path, labels, hash) };
  throw new AppError('unsupported', 'these data cannot be trained on', {
    file: name,
    expected: 'a .csv, .npy or .npz file, or an IDX file whose name says images, with its labels beside it',
    found: name,
  });
}
