/** One large tensor cut into ranges of elements, so that every compute thread has a part of it. */
import type { Compute } from '#main/services/compute.ts';
import { boxEnds, sharedBoxes } from '#main/services/shared-boxes.ts';
import { planOfChunks, type TensorPlan } from '#main/services/tensor-plan.ts';
import { chunkGrid } from '#main/formats/chunk-map.ts';
import type { ChunkedStorage } from '#main/formats/contract.ts';
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

/** A range of elements, in the order in which passes that do not mind it number them, and what its thread has to know. */
export interface TensorPart extends ElementRange {
  readonly plan: TensorPlan;
}

/** Parts that make up the tensor, one a thread at most: whole windows, or whole boxes of chunks. */
export function tensorParts(plan: TensorPlan, { width }: Compute): TensorPart[] {
  if (width > 1 && plan.tensor.storage.kind === 'chunked')
    return chunkedParts(plan, plan.tensor.storage, width);
  const { tensor } = plan;
  const elementCount = elementCountOf(tensor.shape) ?? 0;
  const size = windowLength(elementByteLength(tensor.dtype));
  const windows = Math.ceil(elementCount / size);
  const parts = isReadAnywhere(plan) ? Math.min(width, Math.floor(windows / LEAST_WINDOWS)) : 1;
  if (parts < 2) return [{ plan }];
  const each = Math.ceil(windows / parts) * size;
  return Array.from({ length: parts }, (_, part) => ({
    plan,
    begin: part * each,
    end: Math.min(elementCount, (part + 1) * each),
  }));
}

/** Boxes in a row for each thread, with their chunks alone. */
function chunkedParts(plan: TensorPlan, storage: ChunkedStorage, width: number): TensorPart[] {
  const boxes = chunkGrid(storage.shape, storage.chunks) ? sharedBoxes(plan.tensor) : [];
  const count = Math.min(width, boxes.length);
  if (count < 2) return [{ plan }];
  const ends = boxEnds(boxes);
  const elementCount = ends.at(-1)!;
  const parts: TensorPart[] = [];
  let first = 0;
  for (let part = 1; part <= count; part++) {
    // the end that is nearest to an equal share, with a box for this one and for each to come
    const share = (part * elementCount) / count;
    let last = first;
    while (last < boxes.length - 1 - (count - part) && ends[last]! + ends[last + 1]! <= 2 * share) last++;
    const chunks = boxes
      .slice(first, last + 1)
      .flatMap(({ tensor }) => (tensor.storage as ChunkedStorage).chunks);
    // boxes follow from the shape of a chunk, where none is stored, too
    const known = chunks.length > 0 ? chunks : storage.chunks.slice(0, 1);
    parts.push({ plan: planOfChunks(plan, known), begin: ends[first - 1] ?? 0, end: ends[last]! });
    first = last + 1;
  }
  return parts;
}
