/** What must hold of a damaged file: a typed refusal, or a tree in which all that was not touched is as it was. */
import { basename } from 'node:path';

import type { Checkpoint, StoredTensor } from '#main/formats/contract.ts';
import { openCheckpoint } from '#main/formats/detect.ts';
import { fileInput } from '#main/formats/input.ts';
import { memorySource } from '#main/bytes/memory-source.ts';
import { scanCode } from '#main/formats/xray/xray.ts';
import { createCompute } from '#main/services/compute.ts';
import { verifyCheckpoint } from '#main/services/integrity.ts';
import { storedRange } from '#main/services/stored-range.ts';
import type { OpenCheckpoint } from '#main/services/checkpoints.ts';
import { isAppError } from '#shared/errors.ts';
import { elementCountOf } from '#shared/tensor.ts';
import { digestOf } from '#test/kit/digest.ts';
import { memoryFolder } from '#test/kit/memory-folder.ts';
import type { Mutation } from '#test/kit/mutation.ts';

/** An undamaged file, and those that belong to it. */
export interface Seed {
  /** Name of the file that is damaged. */
  readonly name: string;
  readonly files: ReadonlyMap<string, Uint8Array>;
  /** The folder is opened; the damaged file is somewhere in it, and its name is the path to it. */
  readonly isFolder?: true;
}

export interface Baseline {
  readonly seed: Seed;
  readonly checkpoint: Checkpoint;
  readonly digests: ReadonlyMap<string, string | undefined>;
}

/** A typed refusal; a tree; a tree of which a checksum told that values changed; or what must not be. */
export type Verdict = 'refused' | 'opened' | 'flagged' | { readonly fault: string };

/** Longer than this for one small file is a hang: milliseconds of computing, so that a busy machine changes nothing. */
const PATIENCE = 5000;

/** More elements than any undamaged seed has. */
const MOST_ELEMENTS = 1_000_000;

const compute = createCompute(undefined);

/** Opens a seed with the damaged file as it is given. */
export async function openSeed({ name, files, isFolder }: Seed, bytes: Uint8Array): Promise<Checkpoint> {
  const all = new Map([...files, [name, bytes]]);
  if (isFolder)
    return openCheckpoint({ kind: 'folder', name: 'folder', folder: memoryFolder('folder', all) });
  return openCheckpoint(await fileInput(memorySource(bytes, name), memoryFolder('folder', all)));
}

export async function baselineOf(seed: Seed): Promise<Baseline> {
  const checkpoint = await openSeed(seed, seed.files.get(seed.name)!);
  const digests = new Map<string, string | undefined>();
  for (const tensor of checkpoint.tensors)
    digests.set(tensor.name, await digestOf(tensor, checkpoint.sources));
  return { seed, checkpoint, digests };
}

export async function judge(baseline: Baseline, mutation: Mutation): Promise<Verdict> {
  return timed(() => look(baseline, mutation));
}

async function timed(act: () => Promise<Verdict>): Promise<Verdict> {
  const started = process.cpuUsage();
  try {
    const verdict = await act();
    const { user, system } = process.cpuUsage(started);
    const took = (user + system) / 1000;
    return took > PATIENCE ? { fault: `took ${took.toFixed(0)} ms` } : verdict;
  } catch (error) {
    if (isAppError(error) && error.code !== 'internal') return 'refused';
    return {
      fault: error instanceof Error ? `${error.name}: ${error.message}\n${error.stack ?? ''}` : String(error),
    };
  }
}

/** An X-ray of the damaged file, whatever opens it or does not: it ends in a list or in a typed refusal. */
export async function judgeXray({ seed }: Baseline, { bytes }: Mutation): Promise<Verdict> {
  return timed(async () => {
    await scanCode([memorySource(bytes, seed.name)], { checkpoint: undefined });
    return 'opened';
  });
}

async function look(baseline: Baseline, mutation: Mutation): Promise<Verdict> {
  const checkpoint = await openSeed(baseline.seed, mutation.bytes);
  const before = new Map(baseline.checkpoint.tensors.map((tensor) => [tensor.name, tensor]));
  let states: Map<string, string> | undefined;
  let isFlagged = false;
  for (const tensor of checkpoint.tensors) {
    const original = before.get(tensor.name);
    const isSmall = (elementCountOf(tensor.shape) ?? Infinity) <= MOST_ELEMENTS;
    // damage may have made a tensor of repeated or absent values as large as it likes: reading it all proves nothing
    const digest = isSmall ? await digestQuietly(tensor, checkpoint) : undefined;
    if (!isSmall || !original || !isSamePlace(original, tensor, baseline.checkpoint, checkpoint)) continue;
    const isTouched = reaches(tensor, checkpoint, basename(baseline.seed.name), mutation.touched);
    if (digest === baseline.digests.get(tensor.name)) continue;
    if (!isTouched) return { fault: `${tensor.name} changed although its bytes were not touched` };
    if (!tensor.checksums?.length) continue;
    states ??= await statesOf(checkpoint);
    if (states.get(tensor.name) !== 'failed')
      return { fault: `${tensor.name} changed and its checksum did not tell` };
    isFlagged = true;
  }
  return isFlagged ? 'flagged' : 'opened';
}

/** A tensor that cannot be read is as good as refused; anything but a typed error is a fault. */
async function digestQuietly(tensor: StoredTensor, checkpoint: Checkpoint): Promise<string | undefined> {
  try {
    return await digestOf(tensor, checkpoint.sources);
  } catch (error) {
    if (isAppError(error) && error.code !== 'internal') return `refused: ${error.code}`;
    throw error;
  }
}

async function statesOf(checkpoint: Checkpoint): Promise<Map<string, string>> {
  const opened = { checkpoint } as OpenCheckpoint;
  const { tensors } = await verifyCheckpoint(opened, compute, {
    signal: new AbortController().signal,
    progress: () => {},
  });
  return new Map(tensors.map(({ name, state }) => [name, state]));
}

/** Whether header damage left this tensor's description alone: dtype, shape, storage and source. */
function isSamePlace(a: StoredTensor, b: StoredTensor, of: Checkpoint, inside: Checkpoint): boolean {
  const place = (tensor: StoredTensor, checkpoint: Checkpoint) => {
    const { name, dtype, shape, storage, checksums } = tensor;
    if (storage.kind === 'inline' || storage.kind === 'strings') return undefined;
    const ranges =
      storage.kind === 'dense'
        ? storedRange(
            checkpoint.sources[storage.source]!.description,
            storage.offset,
            storage.offset + storage.byteLength,
          )
        : 'none';
    const rest = storage.kind === 'dense' ? { ...storage, source: 0 } : storage;
    return JSON.stringify([name, dtype, shape, rest, ranges, checksums]);
  };
  const left = place(a, of);
  return left !== undefined && left === place(b, inside);
}

function reaches(
  tensor: StoredTensor,
  checkpoint: Checkpoint,
  name: string,
  [begin, end]: Mutation['touched'],
): boolean {
  if (tensor.storage.kind !== 'dense') return true;
  const source = checkpoint.sources[tensor.storage.source]!;
  // the source's own description names memory, not the file; its name does
  if (source.name !== name && source.description.kind === 'memory') return false;
  // decoded from bytes that lie elsewhere in the file
  if (tensor.storage.source !== 0 && source.name === name && source.description.kind === 'memory')
    return true;
  // where the items go is told by other bytes than their own
  if (source.description.kind === 'scattered') return true;
  // the range is told of the first part alone
  if (source.description.kind === 'joined') return true;
  const { range } = storedRange(
    source.description,
    tensor.storage.offset,
    tensor.storage.offset + tensor.storage.byteLength,
  );
  return begin < range[1] && end > range[0];
}
