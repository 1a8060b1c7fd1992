// Values that stand in ONNX's typed fields: onnx/onnx onnx/onnx.proto3, TensorProto.
import { ASSEMBLED_TENSOR_BYTES } from '#main/bytes/limits.ts';
import { varintAt, type SpanField } from '#main/encodings/protobuf/message-span.ts';
import { fieldsOf, type Message } from '#main/encodings/protobuf/protobuf.ts';
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
  const count = fill(stored, inMemory, field, width / partsAnElement);
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

/** Fills `out` with the lower `width` bytes of every value. @returns how many values there are, those without room included. */
function fill(out: Uint8Array, message: Message, number: number, width: number): number {
  const fixed = number === FLOAT_DATA ? 4 : number === DOUBLE_DATA ? 8 : undefined;
  let count = 0;
  const put = (bytes: Uint8Array): void => {
    const at = count++ * width;
    if (at + width <= out.byteLength) out.set(bytes.subarray(0, width), at);
  };
  const word = new Uint8Array(8);
  const view = new DataView(word.buffer);
  for (const field of fieldsOf(message)) {
    if (field.number !== number) continue;
    if (field.wire !== 2) {
      view.setBigUint64(0, BigInt(field.integer), true);
      put(word);
    } else if (fixed !== undefined) {
      for (let at = 0; at + fixed <= field.bytes.byteLength; at += fixed)
        put(field.bytes.subarray(at, at + fixed));
    } else {
      for (let at = 0; at < field.bytes.byteLength;) {
        const next = varintAt(field.bytes, at);
        if (!next) break;
        view.setBigUint64(0, next.value, true);
        put(word);
        at = next.end;
      }
    }
  }
  return count;
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
