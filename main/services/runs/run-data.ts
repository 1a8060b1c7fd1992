import { createHash } from 'node:crypto';
import { basename, dirname, join } from 'node:path';
import { gunzipSync } from 'node:zlib';

import { fileSource } from '#main/bytes/file-source.ts';
import { DATA_SET_BYTES } from '#main/bytes/limits.ts';
import type { DataFiles, LabelledFiles } from '#main/trainer/dataset.ts';
import { AppError } from '#shared/errors.ts';
import type { DataConfig } from '#shared/run.ts';

/** The folder of the built-in digits among the app's resources. */
const DIGITS = 'mnist';

/**
 * Reads the files that a configuration names; undefined where the data come from the seed.
 * @param resourceFolder where the built-in data lie.
 * @param allow says whether a path is one that the person has chosen; it throws if not.
 * @throws AppError `not-found`, `io`, `limit`, `corrupt`.
 */
export async function readRunData(
  { source }: DataConfig,
  resourceFolder: string,
  allow: (path: string) => string,
): Promise<DataFiles | undefined> {
  if (source === 'random') return undefined;
  if (source === 'mnist') {
    const folder = join(resourceFolder, DIGITS);
    const [train, unseen] = await Promise.all([
      readPair(join(folder, 'train-images.idx'), join(folder, 'train-labels.idx')),
      readPair(join(folder, 'test-images.idx'), join(folder, 'test-labels.idx')),
    ]);
    return { train, unseen, sha256: digestOf([train, unseen]) };
  }
  const images = allow(source);
  const train = await readPair(images, labelsBeside(images));
  return { train, sha256: digestOf([train]) };
}

/** `train-images-idx3-ubyte.gz` has its labels in `train-labels-idx1-ubyte.gz`. */
function labelsBeside(images: string): string {
  const name = basename(images);
  const labels = name.replace('images', 'labels').replace('idx3', 'idx1');
  if (labels !== name) return join(dirname(images), labels);
  throw new AppError('unsupported', 'these data cannot be trained on', {
    file: name,
    expected: '"random", "mnist", or an IDX file whose name says images, with its labels beside it',
    found: name,
  });
}

async function readPair(images: string, labels: string): Promise<LabelledFiles> {
  const [imageBytes, labelBytes] = await Promise.all([readWhole(images), readWhole(labels)]);
  return { name: basename(images), images: imageBytes, labels: labelBytes };
}

async function readWhole(path: string): Promise<Uint8Array> {
  const source = await fileSource(path);
  try {
    if (source.byteLength > DATA_SET_BYTES) throw tooLong(source.name, `${source.byteLength} bytes`);
    const bytes = await source.read(0, source.byteLength);
    return bytes[0] === 0x1f && bytes[1] === 0x8b ? inflate(bytes, source.name) : bytes;
  } finally {
    await source.close();
  }
}

function inflate(bytes: Uint8Array, file: string): Uint8Array {
  try {
    const inflated = gunzipSync(bytes, { maxOutputLength: DATA_SET_BYTES });
    // out of the buffer pool, so that it can be handed to another thread
    return new Uint8Array(inflated);
  } catch (error) {
    if ((error as { code?: string }).code === 'ERR_BUFFER_TOO_LARGE')
      throw tooLong(file, 'more when inflated');
    throw new AppError('corrupt', 'the gzip file is damaged', { file }, error);
  }
}

function tooLong(file: string, found: string): AppError {
  return new AppError('limit', 'the data are too many to hold in memory', {
    file,
    expected: `at most ${DATA_SET_BYTES} bytes`,
    found,
  });
}

function digestOf(pairs: readonly LabelledFiles[]): string {
  const hash = createHash('sha256');
  for (const { images, labels } of pairs) hash.update(images).update(labels);
  return hash.digest('hex');
}
