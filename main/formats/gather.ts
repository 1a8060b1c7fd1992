import { copyStrided } from '#main/bytes/copy-strided.ts';
import type { ByteSource } from '#main/bytes/source.ts';
import type { DenseStorage } from '#main/formats/contract.ts';
import { throwIfCancelled } from '#shared/errors.ts';
import { contiguousStrides } from '#shared/tensor.ts';

/** A box of a tensor: some leading coordinates fixed, a range of one axis, all of the axes behind it. */
export interface Box {
  /** First coordinate and extent along every axis. */
  readonly from: number[];
  readonly extent: number[];
  readonly elementCount: number;
}

/** When the elements of a box lie within so many bytes, one read fetches them all. */
const ONE_READ_BYTES = 8 * 1024 * 1024;

/**
 * Elements [start, start + count) in C order of a tensor with any strides, as stored (not swapped).
 * Memory stays at the size of the answer plus one read of at most 8 MiB.
 * @param width bytes of one element.
 */
export async function readStrided(
  source: ByteSource,
  storage: DenseStorage,
  shape: readonly number[],
  width: number,
  start: number,
  count: number,
  signal?: AbortSignal,
): Promise<Uint8Array> {
  const out = new Uint8Array(count * width);
  let done = 0;
  while (done < count) {
    throwIfCancelled(signal);
    const box = largestBox(shape, start + done, count - done);
    await readBox(source, storage, width, box, out.subarray(done * width), signal);
    done += box.elementCount;
  }
  return out;
}

/** The largest box that begins at a flat index and has at most `most` elements. */
export function largestBox(shape: readonly number[], flat: number, most: number): Box {
  const rank = shape.length;
  const from = new Array<number>(rank).fill(0);
  let rest = flat;
  for (let axis = rank - 1; axis >= 0; axis--) {
    from[axis] = rest % shape[axis]!;
    rest = Math.floor(rest / shape[axis]!);
  }
  const extent = new Array<number>(rank).fill(1);
  let elementCount = 1;
  for (let axis = rank - 1; axis >= 0; axis--) {
    const fits = Math.min(shape[axis]! - from[axis]!, Math.floor(most / elementCount));
    extent[axis] = fits;
    elementCount *= fits;
    if (from[axis] !== 0 || fits < shape[axis]!) break;
  }
  return { from, extent, elementCount };
}

async function readBox(
  source: ByteSource,
  storage: DenseStorage,
  width: number,
  box: Box,
  out: Uint8Array,
  signal?: AbortSignal,
): Promise<void> {
  const strides = storage.strides!;
  let origin = storage.elementOffset ?? 0;
  let low = 0;
  let high = 0;
  box.from.forEach((coordinate, axis) => {
    origin += coordinate * strides[axis]!;
    const reach = (box.extent[axis]! - 1) * strides[axis]!;
    if (reach < 0) low += reach;
    else high += reach;
  });
  const span = (high - low + 1) * width;
  if (span <= ONE_READ_BYTES || box.elementCount === 1) {
    const bytes = await source.read(storage.offset + (origin + low) * width, span, signal);
    copyStrided(bytes, -low, strides, out, 0, contiguousStrides(box.extent), box.extent, width);
    return;
  }
  const axis = axisToSplit(box.extent, strides);
  await readSlices(source, storage, width, box, axis, out, signal);
}

/** The axis whose steps reach furthest: cut there, the pieces lie closest together. */
function axisToSplit(extent: readonly number[], strides: readonly number[]): number {
  let best = 0;
  let reach = -1;
  extent.forEach((size, axis) => {
    const own = Math.abs((size - 1) * strides[axis]!);
    if (own > reach) [best, reach] = [axis, own];
  });
  return best;
}

async function readSlices(
  source: ByteSource,
  storage: DenseStorage,
  width: number,
  box: Box,
  axis: number,
  out: Uint8Array,
  signal?: AbortSignal,
): Promise<void> {
  const inner = box.extent.slice(axis + 1).reduce((product, size) => product * size, 1);
  const outer = box.extent.slice(0, axis).reduce((product, size) => product * size, 1);
  const size = box.extent[axis]!;
  const slice: Box = {
    from: [...box.from],
    extent: box.extent.map((own, at) => (at === axis ? 1 : own)),
    elementCount: box.elementCount / size,
  };
  const piece = new Uint8Array(slice.elementCount * width);
  for (let step = 0; step < size; step++) {
    slice.from[axis] = box.from[axis]! + step;
    await readBox(source, storage, width, slice, piece, signal);
    const run = inner * width;
    for (let at = 0; at < outer; at++) {
      out.set(piece.subarray(at * run, (at + 1) * run), (at * size + step) * run);
    }
  }
}
