// Partitioned variables: tensorflow/core/util/tensor_bundle/tensor_bundle.cc, `BundleReader::GetSliceValue`.
import type { ByteSource } from '#main/bytes/source.ts';
import type { Checksum } from '#main/formats/contract.ts';
import type { BundleEntry, Extent } from '#main/formats/tensorflow/bundle.ts';
import { elementByteLength, swapUnit } from '#shared/dtype.ts';

/** A part of a tensor and where its values are. */
export interface Slice {
  readonly extents: readonly Extent[];
  readonly entry: BundleEntry;
  /** Index into the checkpoint's sources. */
  readonly source: number;
}

/** The slice's own shape. */
export function sliceShape(extents: readonly Extent[], shape: readonly number[]): readonly number[] {
  return extents.map(({ length }, axis) => length ?? shape[axis]!);
}

/** What keeps slices from being put together; undefined where each fits and all together have as many elements as the tensor. */
export function sliceFault(
  slices: readonly Slice[],
  dtype: string,
  shape: readonly number[],
): string | undefined {
  const width = elementByteLength(dtype);
  let covered = 0;
  for (const { extents, entry } of slices) {
    const own = sliceShape(extents, shape);
    const isInside =
      own.length === shape.length &&
      own.every((length, axis) => extents[axis]!.start + length <= shape[axis]!);
    if (!isInside) return `a slice reaches beyond [${shape.join(', ')}]`;
    const count = own.reduce((product, length) => product * length, 1);
    if (count * width !== entry.byteLength)
      return `a slice of [${own.join(', ')}] has ${entry.byteLength} bytes`;
    covered += count;
  }
  const wanted = shape.reduce((product, dimension) => product * dimension, 1);
  return covered === wanted ? undefined : `the slices have ${covered} of ${wanted} elements`;
}

/**
 * Reads slices into the tensor that they make up: canonical bytes.
 * @param slices without a `sliceFault`.
 */
export async function assemble(
  slices: readonly Slice[],
  dtype: string,
  shape: readonly number[],
  isBigEndian: boolean,
  sources: readonly ByteSource[],
): Promise<Uint8Array> {
  const width = elementByteLength(dtype);
  const whole = new Uint8Array(shape.reduce((product, dimension) => product * dimension, width));
  for (const { extents, entry, source } of slices) {
    const bytes = await sources[source]!.read(entry.offset, entry.byteLength);
    place(bytes, extents, shape, width, whole);
  }
  const unit = swapUnit(dtype);
  if (isBigEndian && unit > 1) {
    for (let begin = 0; begin < whole.byteLength; begin += unit)
      whole.subarray(begin, begin + unit).reverse();
  }
  return whole;
}

/** Copies a slice's rows, its last axis being contiguous in both. */
function place(
  bytes: Uint8Array,
  extents: readonly Extent[],
  shape: readonly number[],
  width: number,
  whole: Uint8Array,
): void {
  const own = sliceShape(extents, shape);
  const rank = shape.length;
  const row = (own[rank - 1] ?? 1) * width;
  if (row === 0) return;
  const coordinate = new Array<number>(rank).fill(0);
  for (let done = 0; done < bytes.byteLength; done += row) {
    let element = 0;
    for (let axis = 0; axis < rank; axis++) {
      element = element * shape[axis]! + extents[axis]!.start + coordinate[axis]!;
    }
    whole.set(bytes.subarray(done, done + row), element * width);
    for (let axis = rank - 2; axis >= 0; axis--) {
      if (++coordinate[axis]! < own[axis]!) break;
      coordinate[axis] = 0;
    }
  }
}

export function checksumsOf(slices: readonly Slice[]): readonly Checksum[] {
  return slices.flatMap(({ entry, source }) => checksumOf(entry, source));
}

/** The checksum of an entry's bytes, as a list of one or none. */
export function checksumOf(
  { checksum, offset, byteLength }: BundleEntry,
  source: number,
): readonly Checksum[] {
  if (checksum === undefined) return [];
  return [
    { algorithm: 'crc32c-masked', expected: checksum, source, begin: offset, end: offset + byteLength },
  ];
}
