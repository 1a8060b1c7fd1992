// Numbers and texts that stand in an ONNX attribute itself: onnx/onnx onnx/onnx.proto3, AttributeProto.
import { ASSEMBLED_TENSOR_BYTES } from '#main/bytes/limits.ts';
import { varintAt } from '#main/encodings/protobuf/message-span.ts';
import { fieldsOf, type Field } from '#main/encodings/protobuf/protobuf.ts';
import type { StoredTensor } from '#main/formats/contract.ts';
import type { TensorSite } from '#main/formats/onnx/graph.ts';
import { AppError } from '#shared/errors.ts';

type AttributeSite = Extract<TensorSite, { kind: 'attribute' }>;

/** One value is a tensor without dimensions, a list has one. @throws AppError `limit`, `corrupt`. */
export async function describePlainValues(site: AttributeSite, name: string): Promise<StoredTensor> {
  const { span, dtype, field: number, isList } = site;
  const length = span.end - span.begin;
  if (length > ASSEMBLED_TENSOR_BYTES) {
    throw new AppError('limit', `the attribute of ${name} is longer than we read`, {
      file: span.source.name,
    });
  }
  const bytes = await span.source.read(span.begin, length);
  const message = { bytes, base: span.begin, file: span.source.name, what: span.what, depth: span.depth };
  const fields = [...fieldsOf(message)].filter((field) => field.number === number);
  const values = isList ? fields : fields.slice(-1);
  if (dtype === 'str') {
    const texts = values.map((field) => field.bytes.slice());
    return { name, dtype, shape: isList ? [texts.length] : [], storage: { kind: 'strings', values: texts } };
  }
  const width = dtype === 'f32' ? 4 : 8;
  const items = values.flatMap((field) => (dtype === 'f32' ? floatsOf(field) : integersOf(field)));
  const out = new Uint8Array(items.length * width);
  items.forEach((item, index) => out.set(item.subarray(0, width), index * width));
  return { name, dtype, shape: isList ? [items.length] : [], storage: { kind: 'inline', bytes: out } };
}

function floatsOf({ wire, bytes, integer }: Field): Uint8Array[] {
  if (wire !== 2) return [littleEndian(BigInt(integer))];
  const items: Uint8Array[] = [];
  for (let at = 0; at + 4 <= bytes.byteLength; at += 4) items.push(bytes.subarray(at, at + 4));
  return items;
}

function integersOf({ wire, bytes, integer }: Field): Uint8Array[] {
  if (wire !== 2) return [littleEndian(BigInt(integer))];
  const items: Uint8Array[] = [];
  for (let at = 0; at < bytes.byteLength;) {
    const next = varintAt(bytes, at);
    if (!next) break;
    items.push(littleEndian(next.value));
    at = next.end;
  }
  return items;
}

function littleEndian(value: bigint): Uint8Array {
  const word = new Uint8Array(8);
  new DataView(word.buffer).setBigUint64(0, value, true);
  return word;
}
