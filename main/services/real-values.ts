/** Tensors of blocks as the f32 numbers that they stand for, so that whatever reads numbers reads them. */
import { checkRange } from '#main/bytes/range.ts';
import type { ByteSource } from '#main/bytes/source.ts';
import type { StoredTensor } from '#main/formats/contract.ts';
import type { TensorReader } from '#main/formats/read.ts';
import { dequantise } from '#main/kernels/dequantise/dequantise.ts';
import { dtypeInfo } from '#shared/dtype.ts';
import { elementCountOf } from '#shared/tensor.ts';

const F32_BYTES = 4;

/** The tensor of f32 numbers in C order that the one source made by `realSource` holds. */
export function realTensor(tensor: StoredTensor): StoredTensor {
  const byteLength = F32_BYTES * (elementCountOf(tensor.shape) ?? 0);
  const storage = { kind: 'dense', source: 0, offset: 0, byteLength, byteOrder: 'little' } as const;
  return { ...tensor, dtype: 'f32', storage };
}

/**
 * The f32 numbers of all blocks as bytes, worked out when they are read: of the blocks that a read touches, and no others.
 * @param blocks reader of the blocks of `tensor`, which stays the caller's.
 */
export function realSource(blocks: TensorReader, tensor: StoredTensor): ByteSource {
  const { blockElements = 1 } = dtypeInfo(tensor.dtype);
  const perBlock = F32_BYTES * blockElements;
  const byteLength = blocks.elementCount * perBlock;
  return {
    name: tensor.name,
    byteLength,
    description: { kind: 'memory', bytes: new Uint8Array(0) },
    read: async (offset, length, signal) => {
      checkRange(tensor.name, byteLength, offset, length);
      const first = Math.floor(offset / perBlock);
      const end = Math.ceil((offset + length) / perBlock);
      const numbers = dequantise(tensor.dtype, await blocks.read(first, end - first, signal));
      const begin = offset - first * perBlock;
      return new Uint8Array(numbers.buffer, begin, length);
    },
    close: async () => {},
  };
}
