/** Readers for passes that do not mind in which order values come: each chunk is unpacked once, whatever its shape. */
import { BOX_BYTES } from '#main/bytes/limits.ts';
import type { ByteSource } from '#main/bytes/source.ts';
import { cellsInView, chunkGrid, crossedElements } from '#main/formats/chunk-map.ts';
import { wholeView } from '#main/formats/chunks.ts';
import type { ChunkedStorage, StoredTensor } from '#main/formats/contract.ts';
import { tensorReader, type TensorReader } from '#main/formats/read.ts';
import { slicedTensor } from '#main/services/sliced-tensor.ts';
import { elementByteLength } from '#shared/dtype.ts';
import type { SliceAxis } from '#shared/slice.ts';
import { elementCountOf } from '#shared/tensor.ts';

/** All elements of a tensor, each once: numbered box by box where its chunks are too many side by side to be kept, else in C order. */
export function anyOrderReader(tensor: StoredTensor, sources: readonly ByteSource[]): TensorReader {
  const { storage } = tensor;
  const boxes = storage.kind === 'chunked' ? boxesOf(tensor, storage) : [];
  if (boxes.length < 2) return tensorReader(tensor, sources);
  const ends: number[] = [];
  for (const box of boxes) {
    ends.push((ends.at(-1) ?? 0) + box.reduce((product, { count }) => product * count, 1));
  }
  const width = elementByteLength(tensor.dtype);
  // chunks of a box that is done with are not needed any more
  let current = -1;
  let reader: TensorReader | undefined;
  const readerOf = (index: number): TensorReader => {
    if (index !== current || !reader) {
      reader?.release?.();
      reader = tensorReader(slicedTensor(tensor, boxes[index]!), sources);
    }
    current = index;
    return reader;
  };
  return {
    elementCount: elementCountOf(tensor.shape) ?? 0,
    elementByteLength: width,
    read: async (start, count, signal) => {
      let index = ends.findIndex((end) => start < end);
      const inOne = index >= 0 && start + count <= ends[index]!;
      if (inOne) return readerOf(index).read(start - (ends[index - 1] ?? 0), count, signal);
      const bytes = new Uint8Array(count * width);
      for (let done = 0; done < count; index++) {
        const begin = start + done - (ends[index - 1] ?? 0);
        const length = Math.min(count - done, ends[index]! - start - done);
        bytes.set(await readerOf(index).read(begin, length, signal), done * width);
        done += length;
      }
      return bytes;
    },
    release: () => reader?.release?.(),
  };
}

/** Slices that make up the tensor, of whose chunks those that C order crosses in turn are no more than `BOX_BYTES`, or one. */
function boxesOf(tensor: StoredTensor, storage: ChunkedStorage): readonly (readonly SliceAxis[])[] {
  const grid = chunkGrid(storage.shape, storage.chunks);
  if (!grid || tensor.shape.length < 2 || tensor.shape.includes(0)) return [];
  const cells = cellsInView(grid, storage.view ?? wholeView(storage.shape));
  const extents = [...tensor.shape];
  const most = BOX_BYTES / elementByteLength(tensor.dtype);
  for (let axis = 1; axis < extents.length; axis++) {
    const crossed = crossedElements(cells, extents);
    if (crossed <= most) break;
    const fitting = Math.floor((extents[axis]! * most) / crossed / cells[axis]!);
    extents[axis] = Math.min(extents[axis]!, Math.max(1, fitting) * cells[axis]!);
  }
  let boxes: readonly (readonly SliceAxis[])[] = [[]];
  tensor.shape.forEach((dimension, axis) => {
    const parts = partsOf(dimension, extents[axis]!);
    boxes = boxes.flatMap((box) => parts.map((part) => [...box, part]));
  });
  return boxes;
}

function partsOf(dimension: number, extent: number): SliceAxis[] {
  return Array.from({ length: Math.ceil(dimension / extent) }, (_, part) => {
    const start = part * extent;
    return { start, count: Math.min(extent, dimension - start), step: 1, isDropped: false };
  });
}
