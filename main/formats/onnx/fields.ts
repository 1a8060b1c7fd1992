import { PROTOBUF_FIELDS } from '#main/bytes/limits.ts';
import { visitFields, type MessageSpan, type SpanField } from '#main/encodings/protobuf/message-span.ts';
import { AppError } from '#shared/errors.ts';

/** The fields of a message that are wanted, by number, in their order. */
export interface Fields {
  all(number: number): readonly SpanField[];
  /** The last one, which counts where a field is single. */
  last(number: number): SpanField | undefined;
}

/** @throws AppError as `visitFields`, and `limit` for more fields than are held at once. */
export async function fieldsOf(span: MessageSpan, wanted: readonly number[]): Promise<Fields> {
  const found = new Map<number, SpanField[]>(wanted.map((number) => [number, []]));
  let count = 0;
  await visitFields(span, (field) => {
    const list = found.get(field.number);
    if (!list) return;
    if (++count > PROTOBUF_FIELDS) throw tooMany(span);
    list.push(field);
  });
  const all = (number: number): readonly SpanField[] => found.get(number) ?? [];
  return { all, last: (number) => all(number).at(-1) };
}

export function tooMany(span: MessageSpan): AppError {
  return new AppError('limit', `${span.what} has more parts than we hold`, {
    file: span.source.name,
    offset: span.begin,
    expected: `at most ${PROTOBUF_FIELDS}`,
  });
}
