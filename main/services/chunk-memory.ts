/** Memory that tasks take for packed chunks: those that together would take too much wait for one another. */
import { unpackingByteLength } from '#main/formats/chunk-cache.ts';
import type { TensorPlan } from '#main/services/tensor-plan.ts';
import { elementByteLength } from '#shared/dtype.ts';

const MIB = 2 ** 20;
/** What a process takes in any pass over a file, in bytes: promised of every machine. */
const PROCESS_BYTES = 300 * MIB;
/** Of which the process and each of its compute threads have so much without large chunks. */
const HOST_BYTES = 64 * MIB;
const THREAD_BYTES = 16 * MIB;

/** Bytes that the chunks of all tasks under way may take, with so many compute threads. */
export function chunkMemoryBytes(threads: number): number {
  return PROCESS_BYTES - HOST_BYTES - threads * THREAD_BYTES;
}

/**
 * Bytes that a task takes for chunks: of each of its tensors the largest one, packed and unpacked.
 * @param task of any name; tensors are what it has by the names `plan`, `a` and `b`.
 */
export function taskChunkBytes(task: object): number {
  const { plan, a, b } = task as Partial<Record<'plan' | 'a' | 'b', TensorPlan>>;
  return [plan, a, b].reduce((sum, each) => sum + (each ? largestChunkBytes(each) : 0), 0);
}

function largestChunkBytes({ tensor: { storage, dtype } }: TensorPlan): number {
  if (storage.kind !== 'chunked') return 0;
  const width = elementByteLength(dtype);
  return storage.chunks.reduce((most, chunk) => Math.max(most, unpackingByteLength(chunk, width)), 0);
}
