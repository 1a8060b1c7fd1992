// Values that stand in ONNX's typed fields: onnx/onnx onnx/onnx.proto3, TensorProto.
import { ASSEMBLED_TENSOR_BYTES } from '#main/bytes/limits.ts';
import type { SpanField } from '#main/encodings/protobuf/message-span.ts';
import { fillTyped } from '#main/encodings/protobuf/typed-run.ts';
import { DOUBLE_DATA, FLOAT_DATA, type OnnxType } from '#main/formats/onnx/dtypes.ts';
import type { TensorMessage } from '#main/formats/onnx/tensor-message.ts';
import { dtypeInfo, elementByteLength } from '#shared/dtype.ts';
import { AppError } from '#shared/errors.ts';

/** The one run of fixed-width values that lie as tensors do, so that they can be read in place; undefined where there is none. */
export function valuesInPlace(message: TensorMessage, { dtype, field }: OnnxType): SpanField | undefined {
  if (field !== FLOAT_DATA && field !== DOUBLE_DATA) return undefined;
  const run = message.typed.get(field);
  // a packed field of another width would have to be taken apart
  const isPlain = dtypeInfo(dtype).kind === 'float' || dtypeInfo(dtype).kind === 'complex';
  return isPlain && run?.single === 0 && run.packed.length === 1 ? run.packed[0] : undefined;
}

/**
 * The values of a typed field as canonical bytes: one byte at least an element, little-endian.
 * @param elementCount of the tensor; there have to be as many.
 * @throws AppError `corrupt` for another number of values, `limit` for more than are put together in memory.
 */
export async function typedValues(
  message: TensorMessage,
  { dtype, field }: OnnxType,
  elementCount: number,
): Promise<Uint8Array> {
  const width = elementByteLength(dtype);
  const { span } = message;
  requireSmall(Math.max(elementCount * width, span.end - span.begin));
  const { bits, kind } = dtypeInfo(dtype);
  const partsAnElement = kind === 'complex' ? 2 : 1;
  const elementsAValue = bits < 8 ? 8 / bits : 1;
  const wanted = Math.ceil(elementCount / elementsAValue) * partsAnElement;
  const stored = new Uint8Array((wanted * width) / partsAnElement);
  const bytes = await span.source.read(span.begin, span.end - span.begin);
  const inMemory = { bytes, base: span.begin, file: span.source.name, what: span.what, depth: span.depth };
  const fixed = field === FLOAT_DATA ? 4 : field === DOUBLE_DATA ? 8 : undefined;
  const count = fillTyped(stored, { message: inMemory, number: field, fixed }, width / partsAnElement);
  if (count !== wanted) throw wrongCount(message, count, wanted);
  return bits < 8 ? unpacked(stored, elementCount, bits, kind === 'signed') : stored;
}

function requireSmall(byteLength: number): void {
  if (byteLength <= ASSEMBLED_TENSOR_BYTES) return;
  throw new AppError('limit', 'the values stand one by one and are more than we put together', {
    expected: `at most ${ASSEMBLED_TENSOR_BYTES} bytes`,
    found: `${byteLength} bytes`,
  });
}

/** Codes below a byte, the first one in the low bits, as bytes of their own. */
function unpacked(stored: Uint8Array, count: number, bits: number, isSigned: boolean): Uint8Array {
  const mask = 2 ** bits - 1;
  const perByte = 8 / bits;
  return Uint8Array.from({ length: count }, (_, index) => {
    const code = (stored[Math.floor(index / perByte)]! >> ((index % perByte) * bits)) & mask;
    return isSigned && code > mask >> 1 ? code - mask - 1 : code;
  });
}

function wrongCount({ span }: TensorMessage, found: number, expected: number): AppError {
  return new AppError('corrupt', 'the tensor has another number of values than its shape says', {
    offset: span.begin,
    expected: `${expected} values`,
    found: `${found}`,
  });
}
