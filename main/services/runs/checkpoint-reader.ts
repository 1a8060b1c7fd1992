import { createHash } from 'node:crypto';

import type { Folder } from '#main/bytes/folder.ts';
import { WINDOW_BYTES } from '#main/bytes/limits.ts';
import type { ByteSource } from '#main/bytes/source.ts';
import { openCheckpoint } from '#main/formats/detect.ts';
import { fileInput } from '#main/formats/input.ts';
import { tensorReader } from '#main/formats/read.ts';
import type { ReadTensor } from '#main/trainer/restore.ts';
import { throwIfCancelled } from '#shared/errors.ts';

/** A checkpoint of a run in memory: read by the way every file is opened, nothing of the trainer's own. */
export interface ReadCheckpoint {
  /** Base name. */
  readonly file: string;
  readonly byteLength: number;
  /** Of the whole file. */
  readonly sha256: string;
  readonly tensors: ReadonlyMap<string, ReadTensor>;
  /** The texts of the metadata. */
  readonly metadata: ReadonlyMap<string, string>;
}

/** @throws AppError as opening and reading do. */
export async function readCheckpoint(
  folder: Folder,
  file: string,
  signal?: AbortSignal,
): Promise<ReadCheckpoint> {
  const source = await folder.open(file);
  try {
    const sha256 = await digestOf(source, signal);
    const checkpoint = await openCheckpoint(await fileInput(source));
    const tensors = new Map<string, ReadTensor>();
    for (const tensor of checkpoint.tensors) {
      const reader = tensorReader(tensor, checkpoint.sources);
      const bytes = await reader.read(0, reader.elementCount, signal);
      tensors.set(tensor.name, { dtype: tensor.dtype, shape: tensor.shape, bytes });
    }
    const metadata = new Map<string, string>();
    for (const [key, value] of Object.entries(checkpoint.metadata)) {
      if (typeof value === 'string') metadata.set(key, value);
    }
    return { file, byteLength: source.byteLength, sha256, tensors, metadata };
  } finally {
    await source.close();
  }
}

/** SHA-256 of a file as it is on disk now. */
export async function fileDigest(folder: Folder, file: string, signal?: AbortSignal): Promise<string> {
  const source = await folder.open(file);
  try {
    return await digestOf(source, signal);
  } finally {
    await source.close();
  }
}

async function digestOf(source: ByteSource, signal?: AbortSignal): Promise<string> {
  const hash = createHash('sha256');
  for (let offset = 0; offset < source.byteLength; offset += WINDOW_BYTES) {
    throwIfCancelled(signal);
    hash.update(await source.read(offset, Math.min(WINDOW_BYTES, source.byteLength - offset), signal));
  }
  return hash.digest('hex');
}
