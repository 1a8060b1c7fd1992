import { ASSEMBLED_TENSOR_BYTES } from '#main/bytes/limits.ts';
import type { SourceList } from '#main/bytes/source-list.ts';
import type { ByteSource } from '#main/bytes/source.ts';
import type { StoredTensor } from '#main/formats/contract.ts';
import type { NdArray } from '#main/formats/mxnet/ndarray.ts';
import { denseByteLength, densify, partNames } from '#main/formats/mxnet/sparse.ts';
import type { Problem } from '#shared/checkpoint.ts';

/** Where the tensors of records go. */
export interface ArrayShelf {
  readonly sources: SourceList;
  readonly problems: Problem[];
  /** Bytes that may still be allocated for sparse arrays. */
  budget: number;
}

/**
 * A tensor from a record's header; sparse ones are put together. What keeps one from that is a problem.
 * @param source the one that the header was read from.
 */
export async function describeArray(
  name: string,
  { begin, content }: NdArray,
  source: ByteSource,
  shelf: ArrayShelf,
): Promise<StoredTensor> {
  const { sources, problems } = shelf;
  if (!content) {
    problems.push({
      code: 'no-data',
      message: `${name} was saved before it had a shape: the file holds neither dtype nor values`,
      tensor: name,
      offset: begin,
    });
    return { name, dtype: 'f32', shape: [0], storage: { kind: 'none' } };
  }
  const { dtype, shape, data, sparse } = content;
  if (!sparse) {
    const { offset, byteLength } = data;
    return {
      name,
      dtype,
      shape,
      storage: { kind: 'dense', ...sources.place(source, offset), byteLength, byteOrder: 'little' },
    };
  }
  const described = {
    name,
    dtype,
    shape,
    sparse: { layout: sparse.layout, parts: partNames(sparse.layout) },
  };
  const byteLength = denseByteLength(content);
  if (byteLength === undefined || byteLength > Math.min(shelf.budget, ASSEMBLED_TENSOR_BYTES)) {
    problems.push({
      code: 'sparse-too-large',
      message: `the dense form of ${name} is larger than we make: ${byteLength ?? 'over 2^53'} bytes`,
      tensor: name,
      offset: data.offset,
    });
    return { ...described, storage: { kind: 'none' } };
  }
  const bytes = await densify(source, content, byteLength);
  shelf.budget -= byteLength;
  if (bytes instanceof Uint8Array) return { ...described, storage: { kind: 'inline', bytes } };
  problems.push({ code: 'sparse', message: `${name}: ${bytes.message}`, tensor: name, offset: bytes.offset });
  return { ...described, storage: { kind: 'none' } };
}
