import { PROTOBUF_TEXT_BYTES } from '#main/bytes/limits.ts';
import { spanOf, textOf, type MessageSpan, type SpanField } from '#main/encodings/protobuf/message-span.ts';
import { fieldsOf } from '#main/formats/onnx/fields.ts';

/** StringStringEntryProto: key and value. */
export async function propertiesOf(
  fields: readonly SpanField[],
  around: MessageSpan,
): Promise<(readonly [string, string])[]> {
  const pairs: (readonly [string, string])[] = [];
  for (const field of fields) {
    const span = spanOf(field, around, 'a property');
    const inner = await fieldsOf(span, [1, 2]);
    const [key, value] = [inner.last(1), inner.last(2)];
    pairs.push([
      key ? await textOf(key, span, PROTOBUF_TEXT_BYTES) : '',
      value ? await textOf(value, span, PROTOBUF_TEXT_BYTES) : '',
    ]);
  }
  return pairs;
}
