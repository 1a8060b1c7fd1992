import { breathe } from '#main/bytes/breathe.ts';
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

/** What is fetched before it is put in place: little enough for a processor's own cache. */
const STAGE_BYTES = 1024 * 1024;

/** Gaps up to so many bytes are read along, since another read takes longer; more of them where a read goes through the event loop. */
const GAP_BYTES = 16 * 1024;
const SLOW_GAP_BYTES = 128 * 1024;

/**
 * Elements [start, start + count) in C order of a tensor with any strides, as stored (not swapped).
 * Memory stays at the size of the answer plus a mebibyte.
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
  const gap = Math.floor((source.readInto ? GAP_BYTES : SLOW_GAP_BYTES) / width);
  const most = Math.floor(STAGE_BYTES / width);
  // one for all stages: memory that is new is slow
  let room = new Uint8Array(0);
  const fetch = async (part: Part, stage: Stage): Promise<void> => {
    await breathe();
    throwIfCancelled(signal);
    if (room.byteLength < stage.span * width) room = new Uint8Array(stage.span * width);
    await fetchPart(source, storage.offset, width, part, stage, room, out, signal);
  };
  let done = 0;
  while (done < count) {
    const box = largestBox(shape, start + done, count - done);
    await fetchInStages(partOf(storage, box, done), { gap, most }, fetch);
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

/** Elements to fetch and where they go. All numbers are elements. */
interface Part {
  /** Of the storage: the one with coordinates 0. */
  readonly first: number;
  /** Of the answer: its place. */
  readonly to: number;
  /** Those furthest apart in the storage first. */
  readonly axes: readonly Axis[];
}

interface Axis {
  readonly size: number;
  /** From one to the next, in the storage and in the answer. */
  readonly stride: number;
  readonly outStride: number;
}

function partOf(storage: DenseStorage, box: Box, to: number): Part {
  const strides = storage.strides!;
  const outStrides = contiguousStrides(box.extent);
  const first = box.from.reduce(
    (sum, coordinate, axis) => sum + coordinate * strides[axis]!,
    storage.elementOffset ?? 0,
  );
  const axes = box.extent
    .map((size, axis) => ({ size, stride: strides[axis]!, outStride: outStrides[axis]! }))
    .filter(({ size }) => size > 1)
    .sort((a, b) => Math.abs(b.stride) - Math.abs(a.stride));
  return { first, to, axes };
}

/** How a part lies once it is fetched: without the gaps that were not worth reading. */
interface Stage {
  /** Elements from one to the next along each axis. */
  readonly pitches: readonly number[];
  /** How many of the axes, from the first, have a read for each of their elements. */
  readonly apart: number;
  /** Elements of one read, and of all. */
  readonly run: number;
  readonly span: number;
}

function stageOf({ axes }: Part, gap: number): Stage {
  const pitches = new Array<number>(axes.length);
  let apart = 0;
  let run = 1;
  let span = 1;
  for (let at = axes.length - 1; at >= 0; at--) {
    const pitch = Math.abs(axes[at]!.stride);
    if (apart === 0 && pitch - span > gap) apart = at + 1;
    pitches[at] = apart > 0 ? span : pitch;
    span += (axes[at]!.size - 1) * pitches[at]!;
    if (apart === 0) run = span;
  }
  return { pitches, apart, run, span };
}

interface Bounds {
  /** Elements that may be read along, and that may be fetched at one go. */
  readonly gap: number;
  readonly most: number;
}

/** Cuts a part along its first axis until each piece can be fetched at one go, and has them fetched in the order of the file. */
async function fetchInStages(
  part: Part,
  bounds: Bounds,
  fetch: (part: Part, stage: Stage) => Promise<void>,
): Promise<void> {
  const [axis, ...inner] = part.axes;
  const stage = stageOf(part, bounds.gap);
  const { span, pitches } = stage;
  if (!axis || span <= bounds.most) return fetch(part, stage);
  const pitch = Math.max(1, pitches[0]!);
  const innerSpan = span - (axis.size - 1) * pitches[0]!;
  const steps = Math.max(1, Math.floor((bounds.most - innerSpan) / pitch) + 1);
  const isBackward = axis.stride < 0;
  for (let done = 0; done < axis.size; done += steps) {
    const size = Math.min(steps, axis.size - done);
    const at = isBackward ? axis.size - done - size : done;
    await fetchInStages(
      {
        first: part.first + at * axis.stride,
        to: part.to + at * axis.outStride,
        axes: size === 1 ? inner : [{ ...axis, size }, ...inner],
      },
      bounds,
      fetch,
    );
  }
}

async function fetchPart(
  source: ByteSource,
  offset: number,
  width: number,
  { axes, first, to }: Part,
  stage: Stage,
  room: Uint8Array,
  out: Uint8Array,
  signal?: AbortSignal,
): Promise<void> {
  const apart = axes.slice(0, stage.apart);
  // along an axis that goes backward, the first element is not where its run begins
  const before = axes
    .slice(stage.apart)
    .reduce((sum, { size, stride }) => sum + Math.max(0, -stride) * (size - 1), 0);
  await readRuns(source, offset + (first - before) * width, width, apart, stage, room, signal);
  const strides = axes.map(({ stride }, at) => (at < stage.apart ? stage.pitches[at]! : stride));
  const outStrides = axes.map(({ outStride }) => outStride);
  const extent = axes.map(({ size }) => size);
  copyStrided(room, before, strides, out, to, outStrides, extent, width);
}

/** Reads a run for each combination of coordinates along the axes that are apart, one behind the other. */
async function readRuns(
  source: ByteSource,
  offset: number,
  width: number,
  apart: readonly Axis[],
  { run, span }: Stage,
  room: Uint8Array,
  signal?: AbortSignal,
): Promise<void> {
  const coordinate = new Array<number>(apart.length).fill(0);
  let at = offset;
  for (let done = 0; done < span; done += run) {
    const target = room.subarray(done * width, (done + run) * width);
    if (source.readInto) source.readInto(at, target);
    else target.set(await source.read(at, target.byteLength, signal));
    for (let axis = apart.length - 1; axis >= 0; axis--) {
      const { size, stride } = apart[axis]!;
      at += stride * width;
      if (++coordinate[axis]! < size) break;
      at -= stride * size * width;
      coordinate[axis] = 0;
    }
  }
}
