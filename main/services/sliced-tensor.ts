import { wholeView } from '#main/formats/chunks.ts';
import type { ChunkedStorage, ChunkedView, StoredTensor } from '#main/formats/contract.ts';
import { contiguousStrides } from '#shared/tensor.ts';
import { elementByteLength } from '#shared/dtype.ts';
import { sliceShape, type SliceAxis } from '#shared/slice.ts';

/** A slice of a tensor as a tensor of its own: the same bytes under other strides, nothing is read. */
export function slicedTensor(
  tensor: StoredTensor,
  axes: readonly SliceAxis[],
  isTransposed = false,
): StoredTensor {
  const order = isTransposed ? [...axes.keys()].reverse() : [...axes.keys()];
  const kept = order.filter((axis) => !axes[axis]!.isDropped);
  const shape = kept.map((axis) => axes[axis]!.count);
  const { storage } = tensor;
  if (storage.kind === 'dense') {
    const strides = storage.strides ?? contiguousStrides(tensor.shape);
    const origin = axes.reduce(
      (sum, { start }, axis) => sum + start * strides[axis]!,
      storage.elementOffset ?? 0,
    );
    const isEmpty = shape.includes(0);
    return {
      ...tensor,
      shape,
      storage: {
        ...storage,
        elementOffset: isEmpty ? 0 : origin,
        strides: kept.map((axis) => strides[axis]! * axes[axis]!.step),
      },
    };
  }
  if (storage.kind === 'chunked') {
    return { ...tensor, shape, storage: { ...storage, view: slicedView(storage, axes, kept) } };
  }
  if (storage.kind === 'inline') {
    const width = elementByteLength(tensor.dtype);
    const indices = flatIndices(tensor.shape, axes, kept);
    const bytes = new Uint8Array(indices.length * width);
    indices.forEach((index, at) =>
      bytes.set(storage.bytes.subarray(index * width, (index + 1) * width), at * width),
    );
    return { ...tensor, shape, storage: { kind: 'inline', bytes } };
  }
  if (storage.kind === 'strings') {
    const values = flatIndices(tensor.shape, axes, kept).map((index) => storage.values[index]!);
    return { ...tensor, shape, storage: { kind: 'strings', values } };
  }
  return { ...tensor, shape };
}

function slicedView(
  storage: ChunkedStorage,
  axes: readonly SliceAxis[],
  kept: readonly number[],
): ChunkedView {
  const view = storage.view ?? wholeView(storage.shape);
  const origin = [...view.origin];
  axes.forEach(({ start }, at) => {
    const { axis, step } = view.axes[at]!;
    origin[axis] = origin[axis]! + start * step;
  });
  return {
    origin,
    axes: kept.map((at) => ({ axis: view.axes[at]!.axis, step: view.axes[at]!.step * axes[at]!.step })),
  };
}

/** A matrix with its axes turned round. */
export function transposedTensor(tensor: StoredTensor): StoredTensor {
  const axes = tensor.shape.map((count) => ({ start: 0, count, step: 1, isDropped: false }));
  return slicedTensor(tensor, axes, true);
}

function flatIndices(
  shape: readonly number[],
  axes: readonly SliceAxis[],
  kept: readonly number[],
): number[] {
  const strides = contiguousStrides(shape);
  const origin = axes.reduce((sum, { start }, axis) => sum + start * strides[axis]!, 0);
  let indices = [origin];
  for (const axis of kept) {
    const { count, step } = axes[axis]!;
    const stride = strides[axis]! * step;
    indices = indices.flatMap((index) => Array.from({ length: count }, (_, i) => index + i * stride));
  }
  return sliceShape(axes).includes(0) ? [] : indices;
}
