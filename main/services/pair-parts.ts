/** A pair of large tensors of one shape, cut into ranges of elements for all compute threads. */
import type { Compute } from '#main/services/compute.ts';
import { isReadAnywhere } from '#main/services/tensor-parts.ts';
import type { TensorPlan } from '#main/services/tensor-plan.ts';
import { windowLength, type ElementRange } from '#main/services/windows.ts';
import { elementByteLength } from '#shared/dtype.ts';
import { elementCountOf } from '#shared/tensor.ts';

/** Long enough that a message between threads is nothing beside it, and short enough that none waits long for the last one. */
const PART_WINDOWS = 32;

/** Ranges of whole windows of A that make up a pair; one where it is small, or where a part would cost more than its share. */
export function pairParts(a: TensorPlan, b: TensorPlan, { width }: Compute): ElementRange[] {
  const elementCount = elementCountOf(a.tensor.shape) ?? 0;
  const size = PART_WINDOWS * windowLength(elementByteLength(a.tensor.dtype));
  if (width === 1 || elementCount <= size || !isReadAnywhere(a) || !isReadAnywhere(b)) return [{}];
  return rangesOf(0, elementCount, size);
}

/** [begin, end) in ranges of `size` elements, the last one as long as what is left. */
export function rangesOf(begin: number, end: number, size: number): Required<ElementRange>[] {
  return Array.from({ length: Math.ceil((end - begin) / size) }, (_, part) => ({
    begin: begin + part * size,
    end: Math.min(end, begin + (part + 1) * size),
  }));
}
