// TensorFlow checkpoint V1: tensorflow/core/util/tensor_slice_writer.cc and tensor_slice_reader.cc.
import { allocationBudget } from '#main/bytes/limits.ts';
import { memorySource } from '#main/bytes/memory-source.ts';
import { sourceList, type SourceList } from '#main/bytes/source-list.ts';
import type { Chunk } from '#main/encodings/filters/filters.ts';
import type { Checkpoint, Checksum, StoredTensor } from '#main/formats/contract.ts';
import type { Extent } from '#main/formats/tensorflow/bundle.ts';
import { dtypeOf, nameOfCode } from '#main/formats/tensorflow/dtypes.ts';
import { sliceName, type SavedTensor, type StoredSlice } from '#main/formats/tensorflow/saved-slices.ts';
import { valuesOf, type ProtoValues } from '#main/formats/tensorflow/tensor-proto.ts';
import { readParts, type SlicePart } from '#main/formats/tensorflow/version1-parts.ts';
import { metadataFrom, type Problem } from '#shared/checkpoint.ts';
import { AppError } from '#shared/errors.ts';
import { elementCountOf } from '#shared/tensor.ts';

interface Shelf {
  readonly sources: SourceList;
  /** By name and extents. */
  readonly slices: ReadonlyMap<string, StoredSlice>;
  readonly problems: Problem[];
  budget: number;
}

/**
 * Describes a checkpoint whose values are in its tables themselves, one table for each part.
 * @param parts opened, in order; their sources are the caller's until this returns.
 * @throws AppError `corrupt` for a table that cannot be read.
 */
export async function openVersion1(
  parts: readonly SlicePart[],
  prefix: string,
  problems: Problem[],
): Promise<Checkpoint> {
  const { tensors: saved, slices, regions } = await readParts(parts, problems);
  const sources = sourceList(parts[0]!.source);
  for (const { source } of parts) sources.place(source, 0);
  const budget = allocationBudget(parts.reduce((sum, { source }) => sum + source.byteLength, 0));
  const shelf: Shelf = { sources, slices, problems, budget };
  const tensors: StoredTensor[] = [];
  for (const tensor of saved.values()) tensors.push(await describeSaved(tensor, shelf));
  return {
    format: 'tensorflow',
    dialect: `TensorFlow checkpoint V1 (tf.train.Saver)${parts.length > 1 ? `, in ${parts.length} parts` : ''}`,
    layout: 'dict',
    sources: sources.sources,
    tensors,
    regions,
    imports: [],
    problems,
    metadata: metadataFrom([
      ['prefix', prefix],
      ['parts', parts.length],
    ]),
  };
}

async function describeSaved(saved: SavedTensor, shelf: Shelf): Promise<StoredTensor> {
  const { name, shape, dtypeCode } = saved;
  const dtype = dtypeOf(dtypeCode);
  const report = (code: string, message: string, offset?: number): void =>
    void shelf.problems.push({ code, message, tensor: name, ...(offset === undefined ? {} : { offset }) });
  if (dtype === undefined || shape === undefined) {
    const what = dtype === undefined ? `of the type ${nameOfCode(dtypeCode)}` : 'of unknown rank';
    report('unsupported', `${name} is ${what}, which we do not show`);
    return { name, dtype: dtype ?? 'v1', shape: shape ?? [], storage: { kind: 'none' } };
  }
  const none: StoredTensor = { name, dtype, shape, storage: { kind: 'none' } };
  const count = shape.every((dimension) => dimension >= 0) ? elementCountOf(shape) : undefined;
  // the shape's own problem is the validation's to tell
  if (count === undefined) return none;
  try {
    return { ...none, ...(await storeSlices(saved, dtype, shape, count, shelf)) };
  } catch (error) {
    if (!(error instanceof AppError) || error.code === 'io' || error.code === 'cancelled') throw error;
    report(error.code, `${name}: ${error.message}`, error.fields.offset);
    return none;
  }
}

async function storeSlices(
  { name, slices }: SavedTensor,
  dtype: string,
  shape: readonly number[],
  count: number,
  shelf: Shelf,
): Promise<Pick<StoredTensor, 'storage' | 'checksums'>> {
  const stored = slices.map((extents) => shelf.slices.get(sliceName(name, extents)));
  const found = stored.filter((slice) => slice !== undefined);
  if (found.length === 0 || found.length < slices.length) {
    const lost = slices.length - found.length;
    throw new AppError('corrupt', `${lost} of its ${slices.length} slices are not in the checkpoint`);
  }
  const checksums = found.map((slice) => checksumOf(slice, shelf.sources));
  const [first] = found;
  if (found.length === 1 && isWhole(first!.extents, shape)) {
    const values = await sliceValues(first!, dtype, count, shelf);
    return { storage: wholeStorage(values, shelf.sources), checksums };
  }
  const chunks: Chunk[] = [];
  let elements = 0;
  for (const slice of found) {
    const extent = slice.extents.map(({ length }, axis) => length ?? shape[axis] ?? 0);
    const size = elementCountOf(extent) ?? Infinity;
    elements += size;
    if (size === 0) continue;
    const values = await sliceValues(slice, dtype, size, shelf);
    chunks.push({
      origin: slice.extents.map(({ start }) => start),
      shape: extent,
      ...chunkPlace(values, shelf.sources),
      filters: [],
    });
  }
  if (elements !== count)
    throw new AppError('corrupt', `its slices have ${elements} of its ${count} elements`);
  return { storage: { kind: 'chunked', shape, chunks, byteOrder: 'little' }, checksums };
}

function isWhole(extents: readonly Extent[], shape: readonly number[]): boolean {
  return shape.every((dimension, axis) => {
    const { start, length } = extents[axis] ?? { start: 0, length: undefined };
    return start === 0 && (length ?? dimension) === dimension;
  });
}

async function sliceValues(
  { values, block }: StoredSlice,
  dtype: string,
  count: number,
  shelf: Shelf,
): Promise<ProtoValues> {
  if (!values) throw new AppError('corrupt', 'a slice has no values', { offset: block.begin });
  const found = await valuesOf(values, dtype, count, shelf.budget);
  if (found.kind === 'bytes') shelf.budget -= found.bytes.byteLength;
  return found;
}

function wholeStorage(values: ProtoValues, sources: SourceList): StoredTensor['storage'] {
  switch (values.kind) {
    case 'texts':
      return { kind: 'strings', values: values.values };
    case 'bytes':
      return { kind: 'inline', bytes: values.bytes };
    case 'place': {
      const { source, offset, byteLength } = values;
      return { kind: 'dense', ...sources.place(source, offset), byteLength, byteOrder: 'little' };
    }
  }
}

function chunkPlace(
  values: ProtoValues,
  sources: SourceList,
): { readonly source: number; readonly offset: number; readonly byteLength: number } {
  switch (values.kind) {
    case 'texts':
      throw new AppError('unsupported', 'slices of texts are not read');
    case 'bytes':
      return { ...sources.place(memorySource(values.bytes), 0), byteLength: values.bytes.byteLength };
    case 'place':
      return { ...sources.place(values.source, values.offset), byteLength: values.byteLength };
  }
}

function checksumOf({ file, block }: StoredSlice, sources: SourceList): Checksum {
  const { source, offset: begin } = sources.place(file, block.begin);
  return {
    algorithm: 'crc32c-masked',
    expected: block.expected,
    source,
    begin,
    end: begin + block.end - block.begin,
  };
}
