import { checkChunk, isChunkChecked } from '#main/formats/chunks.ts';
import { withSources, type TensorPlan } from '#main/services/tensor-plan.ts';
import { breathe } from '#main/bytes/breathe.ts';
import type { Pass } from '#main/services/windows.ts';
import { isTensorProblem } from '#main/services/tensor-problem.ts';
import { elementByteLength } from '#shared/dtype.ts';
import { throwIfCancelled, type ErrorCode } from '#shared/errors.ts';

export interface ChunkCheckTask {
  /** Of a tensor in chunks. */
  readonly plan: TensorPlan;
}

/** What is wrong with the first chunk that is not as its checksum says. */
export interface ChunkFault {
  /** Number of the chunk in the storage's own order. */
  readonly chunk: number;
  readonly code: ErrorCode;
  readonly message: string;
}

/** Unpacks every chunk that has a checksum stored with it. @returns undefined where all are as they should be. */
export async function chunkCheckTask({ plan }: ChunkCheckTask, pass: Pass): Promise<ChunkFault | undefined> {
  const { storage, dtype } = plan.tensor;
  if (storage.kind !== 'chunked') return undefined;
  const width = elementByteLength(dtype);
  return withSources(plan, async (sources) => {
    for (const [index, chunk] of storage.chunks.entries()) {
      await breathe();
      throwIfCancelled(pass.signal);
      if (!isChunkChecked(chunk)) continue;
      try {
        await checkChunk(chunk, sources[chunk.source]!, width, pass.signal);
      } catch (error) {
        if (!isTensorProblem(error)) throw error;
        return { chunk: index, code: error.code, message: error.message };
      }
      pass.onRead?.(chunk.byteLength);
    }
    return undefined;
  });
}
