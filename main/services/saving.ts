import { basename } from 'node:path';

import { writeAtomically } from '#main/bytes/atomic-write.ts';
import type { TensorToSave } from '#main/formats/contract.ts';
import { npyChunks, npzChunks } from '#main/formats/numpy/save.ts';
import { tensorReader } from '#main/formats/read.ts';
import { safetensorsChunks } from '#main/formats/safetensors/save.ts';
import type { OpenCheckpoint } from '#main/services/checkpoints.ts';
import { compareCheckpoints } from '#main/services/comparison.ts';
import { anyGlob } from '#main/services/globs.ts';
import type { Services } from '#main/services/services.ts';
import type { Params } from '#shared/commands/commands.ts';
import type { Progress } from '#shared/commands/command.ts';
import type { SAVE_FORMATS, SavedCheckpoint } from '#shared/commands/checkpoint.ts';
import type { MetadataValue } from '#shared/checkpoint.ts';
import { elementByteLength } from '#shared/dtype.ts';
import { AppError } from '#shared/errors.ts';
import type { TensorInfo } from '#shared/tensor.ts';

type SaveFormat = (typeof SAVE_FORMATS)[number];

/** Writes tensors to a new file in one step, reopens it by the ordinary way, and compares every bit. */
export async function saveCheckpoint(
  services: Services,
  params: Params<'checkpoint.save'>,
  context: { readonly signal: AbortSignal; readonly progress: (update: Progress) => void },
): Promise<SavedCheckpoint> {
  const { checkpoints, compute, files } = services;
  const open = await checkpoints.open(params.file);
  const isWanted = anyGlob(params.globs);
  const wanted = open.summary.tensors.filter(({ name, noData }) => isWanted(name) && !noData);
  requireSavable(wanted, params.format);

  const path = files.pathOf(params.to);
  const total = wanted.reduce((sum, { byteLength }) => sum + byteLength, 0);
  let done = 0;
  const tensors = wanted.map((info) =>
    tensorToSave(open, info, context.signal, (byteLength) => {
      done = Math.min(total, done + byteLength);
      context.progress({ done, total, unit: 'bytes' });
    }),
  );
  const written = await writeAtomically(path, chunksFor(params.format, tensors, open), { isReplacing: true });

  await checkpoints.closeFile(params.to);
  const saved = await checkpoints.open(params.to);
  const chosen: OpenCheckpoint = { ...open, summary: { ...open.summary, tensors: wanted } };
  const proof = await compareCheckpoints(chosen, saved, compute, {
    map: renamed(wanted, saved.summary.tensors),
    signal: context.signal,
    progress: () => {},
  });
  files.remember(params.to);
  return { written: basename(path), byteLength: written.byteLength, sha256: written.sha256, proof };
}

function requireSavable(tensors: readonly TensorInfo[], format: SaveFormat): void {
  if (tensors.length === 0) {
    throw new AppError('invalid-params', 'there is no tensor to save', {
      expected: 'at least one that has values',
    });
  }
  if (format === 'npy' && tensors.length > 1) {
    throw new AppError('invalid-params', 'an npy file holds one tensor', {
      expected: 'one tensor',
      found: `${tensors.length}`,
      hint: 'choose one, or save as npz',
    });
  }
}

/** Containers that name things otherwise (a lone tensor, a list): the order is kept, so it pairs them. */
function renamed(from: readonly TensorInfo[], to: readonly TensorInfo[]): Record<string, string> {
  const map = Object.create(null) as Record<string, string>;
  const names = new Set(to.map(({ name }) => name));
  from.forEach(({ name }, index) => {
    const other = to[index];
    if (!names.has(name) && other) map[name] = other.name;
  });
  return map;
}

function chunksFor(
  format: SaveFormat,
  tensors: readonly TensorToSave[],
  open: OpenCheckpoint,
): AsyncIterable<Uint8Array> {
  if (format === 'safetensors') return safetensorsChunks(tensors, textMetadata(open));
  if (format === 'npy') return npyChunks(tensors[0]!);
  return npzChunks(tensors, { isList: open.summary.layout === 'list' });
}

/** safetensors holds texts only: those that are texts at top level come along. */
function textMetadata({ summary }: OpenCheckpoint): Record<string, string> {
  const texts = Object.create(null) as Record<string, string>;
  for (const [key, value] of Object.entries(summary.metadata as Record<string, MetadataValue>)) {
    if (typeof value === 'string') texts[key] = value;
  }
  return texts;
}

function tensorToSave(
  open: OpenCheckpoint,
  info: TensorInfo,
  signal: AbortSignal,
  onRead: (byteLength: number) => void,
): TensorToSave {
  const stored = open.tensor(info.name);
  const reader = tensorReader(stored, open.checkpoint.sources);
  const width = elementByteLength(info.dtype);
  return {
    name: info.name,
    dtype: info.dtype,
    shape: info.shape,
    byteLength: info.elementCount * width,
    read: async (offset, length) => {
      const first = Math.floor(offset / width);
      const end = Math.ceil((offset + length) / width);
      const bytes = await reader.read(first, end - first, signal);
      onRead(length);
      return bytes.subarray(offset - first * width, offset - first * width + length);
    },
  };
}
