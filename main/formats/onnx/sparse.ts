// ONNX SparseTensorProto: onnx/onnx onnx/onnx.proto3. Values with their places, told as the dense tensor that they stand for.
import { memorySource } from '#main/bytes/memory-source.ts';
import { spanOf, type MessageSpan } from '#main/encodings/protobuf/message-span.ts';
import { densify, type StridedPart } from '#main/encodings/sparse/sparse.ts';
import type { StoredTensor } from '#main/formats/contract.ts';
import { describeTensor, type DescribeContext } from '#main/formats/onnx/describe.ts';
import { fieldsOf } from '#main/formats/onnx/fields.ts';
import { dimensionsOf, readTensorMessage, type TensorMessage } from '#main/formats/onnx/tensor-message.ts';
import { isAppError } from '#shared/errors.ts';
import { byteLengthOf, elementCountOf } from '#shared/tensor.ts';

const VALUES = 1;
const INDICES = 2;
const DIMS = 3;
const SPARSE = { layout: 'coo', parts: ['indices', 'values'] } as const;

/** @param given the name that counts where the tensor is a node's; its own is that of its values, or else the fallback. */
export async function describeSparse(
  span: MessageSpan,
  given: string | undefined,
  fallback: string,
  context: DescribeContext,
): Promise<StoredTensor> {
  const fields = await fieldsOf(span, [VALUES, INDICES, DIMS]);
  const shape = (await dimensionsOf(fields.all(DIMS), span)).map(Number);
  const messageOf = async (number: number): Promise<TensorMessage | undefined> => {
    const field = fields.last(number);
    return field && readTensorMessage(spanOf(field, span, 'a part of a sparse tensor'));
  };
  const [valueMessage, indexMessage] = [await messageOf(VALUES), await messageOf(INDICES)];
  const name = given || valueMessage?.name || fallback;
  const values = valueMessage && (await describeTensor(valueMessage, name, context));
  const indices = indexMessage && (await describeTensor(indexMessage, name, context));
  const described = { name, dtype: values?.dtype ?? 'v1', shape, sparse: SPARSE };
  const [valuePart, indexPart] = [asPart(values, context), asPart(indices, context)];
  if (!valuePart || !indexPart || elementCountOf(shape) === undefined) {
    const message = `${name} is a sparse tensor without its values or its indices`;
    context.problems.push({ code: 'sparse', message, tensor: name, offset: span.begin });
    return { ...described, storage: { kind: 'none' } };
  }
  try {
    const dense = await densify({
      ...places(indexPart, shape),
      layout: 'coo',
      values: valuePart,
      isAdded: false,
    });
    const byteLength = byteLengthOf(described.dtype, elementCountOf(shape)!);
    const storage = {
      kind: 'dense',
      ...context.sources.place(dense, 0),
      byteLength,
      byteOrder: 'little',
    } as const;
    return { ...described, storage };
  } catch (error) {
    if (!isAppError(error) || error.code === 'internal' || error.code === 'cancelled') throw error;
    context.problems.push({ code: 'sparse', message: error.message, tensor: name, offset: span.begin });
    return { ...described, storage: { kind: 'none' } };
  }
}

/** Indices are positions in the flat tensor, or coordinates with one row for every value. */
function places(
  indices: StridedPart,
  shape: readonly number[],
): { shape: readonly number[]; indices: StridedPart[] } {
  const [count = 0, axes] = indices.shape;
  if (axes === undefined) return { shape: [elementCountOf(shape)!], indices: [indices] };
  return { shape, indices: [{ ...indices, shape: [axes, count], strides: [1, axes] }] };
}

function asPart(tensor: StoredTensor | undefined, { sources }: DescribeContext): StridedPart | undefined {
  if (!tensor) return undefined;
  const { dtype, shape, storage } = tensor;
  if (storage.kind === 'inline') {
    const { bytes } = storage;
    const source = memorySource(bytes);
    return { dtype, shape, source, offset: 0, byteLength: bytes.byteLength, byteOrder: 'little' };
  }
  if (storage.kind !== 'dense') return undefined;
  const { offset, byteLength } = storage;
  return { dtype, shape, source: sources.sources[storage.source]!, offset, byteLength, byteOrder: 'little' };
}
