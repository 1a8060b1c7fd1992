import { TEXT_ARRAY_BYTES, TEXT_ARRAY_ITEMS } from '#main/bytes/limits.ts';
import type { SourceList } from '#main/bytes/source-list.ts';
import { onnxType, type OnnxType } from '#main/formats/onnx/dtypes.ts';
import type { ExternalFiles } from '#main/formats/onnx/external-data.ts';
import type { TensorMessage } from '#main/formats/onnx/tensor-message.ts';
import { typedValues, valuesInPlace } from '#main/formats/onnx/typed-values.ts';
import type { Storage, StoredTensor } from '#main/formats/contract.ts';
import { AppError, isAppError } from '#shared/errors.ts';
import { byteLengthOf, elementCountOf } from '#shared/tensor.ts';
import type { Problem } from '#shared/checkpoint.ts';

/** What describing tensors shares over a model. */
export interface DescribeContext {
  readonly sources: SourceList;
  readonly external: ExternalFiles;
  readonly problems: Problem[];
  /** Bytes that may still be put together in memory. */
  room: number;
}

const NONE: Storage = { kind: 'none' };

/** A tensor with its storage. What is wrong with it becomes a problem, and it has no values then. */
export async function describeTensor(
  message: TensorMessage,
  name: string,
  context: DescribeContext,
): Promise<StoredTensor> {
  const { dims, span } = message;
  const shape = dims.map(Number);
  const problem = (code: string, text: string): void => {
    context.problems.push({ code, message: text, tensor: name, offset: span.begin });
  };
  const type = onnxType(message.type);
  if (!type) {
    problem('unknown-type', `the tensor has the type ${message.type}, which this version does not know`);
    return { name, dtype: 'v1', shape, storage: NONE };
  }
  const { dtype } = type;
  if (dims.some((dimension) => dimension < 0n)) {
    problem('shape', `the shape [${dims.join(', ')}] is not one a tensor can have`);
    return { name, dtype, shape: [], storage: NONE };
  }
  const elementCount = elementCountOf(shape);
  // a shape beyond 2^53 is named when the checkpoint is validated
  if (elementCount === undefined) return { name, dtype, shape, storage: NONE };
  try {
    return { name, dtype, shape, storage: await storageOf(message, type, elementCount, context) };
  } catch (error) {
    if (!isAppError(error) || error.code === 'internal' || error.code === 'cancelled') throw error;
    problem(codeOf(error, message), error.message);
    return { name, dtype, shape, storage: NONE };
  }
}

function codeOf(error: AppError, message: TensorMessage): string {
  if (message.isExternal) return error.code === 'not-found' ? 'missing-part' : 'external-data';
  return error.code === 'limit' ? 'limit' : 'length';
}

async function storageOf(
  message: TensorMessage,
  type: OnnxType,
  elementCount: number,
  context: DescribeContext,
): Promise<Storage> {
  const { raw, isExternal, isSegment, span } = message;
  if (isSegment)
    throw new AppError('unsupported', 'the tensor is only a segment of one, which we do not put together');
  if (type.dtype === 'str') return textStorage(message, elementCount);
  const byteLength = byteLengthOf(type.dtype, elementCount);
  if (isExternal) {
    const { source, offset } = await context.external.place(message.external, byteLength);
    return { kind: 'dense', ...context.sources.place(source, offset), byteLength, byteOrder: 'little' };
  }
  const inPlace = raw ?? valuesInPlace(message, type);
  // an empty raw field beside typed ones says nothing
  const isUsable = inPlace && (inPlace.end > inPlace.begin || message.typed.size === 0);
  if (isUsable) {
    const found = inPlace.end - inPlace.begin;
    if (inPlace.wire !== 2 || found !== byteLength) {
      throw new AppError('corrupt', `the values take ${found} bytes, the shape wants ${byteLength}`);
    }
    return {
      kind: 'dense',
      ...context.sources.place(span.source, inPlace.begin),
      byteLength,
      byteOrder: 'little',
    };
  }
  const bytes = await typedValues(message, type, elementCount);
  context.room -= bytes.byteLength;
  if (context.room < 0)
    throw new AppError('limit', 'the values of the typed fields are more than we put together');
  return { kind: 'inline', bytes };
}

async function textStorage(message: TensorMessage, elementCount: number): Promise<Storage> {
  const { strings, span } = message;
  if (strings.length !== elementCount) {
    throw new AppError(
      'corrupt',
      `the tensor holds ${strings.length} texts, the shape wants ${elementCount}`,
    );
  }
  const byteLength = strings.reduce((sum, { begin, end }) => sum + end - begin, 0);
  if (byteLength > TEXT_ARRAY_BYTES || elementCount > TEXT_ARRAY_ITEMS) {
    throw new AppError('limit', 'the texts are more than we read');
  }
  const values: Uint8Array[] = [];
  for (const { begin, end } of strings) values.push(await span.source.read(begin, end - begin));
  return { kind: 'strings', values };
}
