import type { StoredTensor } from '#main/formats/contract.ts';

/**
 * The same elements, each once, in the order in which they lie in their source: a transposed tensor turned back.
 * Read so, nothing is read twice, and what lies packed in one piece is unpacked once.
 */
export function inStoredOrder(tensor: StoredTensor): StoredTensor {
  const { shape, storage } = tensor;
  if (storage.kind !== 'dense' || !storage.strides) return tensor;
  const { strides } = storage;
  const order = [...shape.keys()].sort((a, b) => Math.abs(strides[b]!) - Math.abs(strides[a]!));
  return {
    ...tensor,
    shape: order.map((axis) => shape[axis]!),
    storage: { ...storage, strides: order.map((axis) => strides[axis]!) },
  };
}
