/** One large tensor cut into ranges of elements, so that every compute thread has a part of it. */
import type { Compute } from '#main/services/compute.ts';
import type { TensorPlan } from '#main/services/tensor-plan.ts';
import { windowLength, type ElementRange } from '#main/services/windows.ts';
import { elementByteLength } from '#shared/dtype.ts';
import { elementCountOf } from '#shared/tensor.ts';

/** Less than this, and a thread's share is not worth asking for. */
const LEAST_WINDOWS = 8;

/** Whether a part of a tensor costs no more than its share: what is packed has to be unpacked from its beginning. */
export function isReadAnywhere({ tensor, blocks, sources = [] }: TensorPlan): boolean {
  const { storage } = blocks ?? tensor;
  return storage.kind === 'dense' && sources.every(({ kind }) => kind === 'file' || kind === 'span');
}

/** Ranges of whole windows that make up the tensor, one a thread at most. */
export function tensorParts(plan: TensorPlan, { width }: Compute): ElementRange[] {
  const { tensor } = plan;
  const elementCount = elementCountOf(tensor.shape) ?? 0;
  const size = windowLength(elementByteLength(tensor.dtype));
  const windows = Math.ceil(elementCount / size);
  const parts = isReadAnywhere(plan) ? Math.min(width, Math.floor(windows / LEAST_WINDOWS)) : 1;
  if (parts < 2) return [{}];
  const each = Math.ceil(windows / parts) * size;
  return Array.from({ length: parts }, (_, part) => ({
    begin: part * each,
    end: Math.min(elementCount, (part + 1) * each),
  }));
}
