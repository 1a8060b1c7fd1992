/** Readers for passes that do not mind in which order values come: each chunk is unpacked once, whatever its shape. */
import type { ByteSource } from '#main/bytes/source.ts';
import type { StoredTensor } from '#main/formats/contract.ts';
import { tensorReader, type TensorReader } from '#main/formats/read.ts';
import { boxEnds, sharedBoxes } from '#main/services/shared-boxes.ts';
import { elementByteLength } from '#shared/dtype.ts';
import { elementCountOf } from '#shared/tensor.ts';

/** All elements of a tensor, each once: numbered one of its `sharedBoxes` after the other. */
export function anyOrderReader(tensor: StoredTensor, sources: readonly ByteSource[]): TensorReader {
  const boxes = sharedBoxes(tensor);
  if (boxes.length < 2) return tensorReader(tensor, sources);
  const ends = boxEnds(boxes);
  const width = elementByteLength(tensor.dtype);
  // chunks of a box that is done with are not needed any more
  let current = -1;
  let reader: TensorReader | undefined;
  const readerOf = (index: number): TensorReader => {
    if (index !== current || !reader) {
      reader?.release?.();
      reader = tensorReader(boxes[index]!.tensor, sources);
    }
    current = index;
    return reader;
  };
  return {
    elementCount: elementCountOf(tensor.shape) ?? 0,
    elementByteLength: width,
    ends,
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
