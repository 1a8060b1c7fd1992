// The values of a TensorProto: tensorflow/core/framework/tensor.proto.
import {
  ASSEMBLED_TENSOR_BYTES,
  PROTOBUF_FIELDS,
  TEXT_ARRAY_BYTES,
  TEXT_ARRAY_ITEMS,
} from '#main/bytes/limits.ts';
import type { ByteSource } from '#main/bytes/source.ts';
import {
  bytesOf,
  visitFields,
  type MessageSpan,
  type SpanField,
} from '#main/encodings/protobuf/message-span.ts';
import { fillTyped } from '#main/encodings/protobuf/typed-run.ts';
import { elementByteLength } from '#shared/dtype.ts';
import { AppError } from '#shared/errors.ts';

/** Values of a slice: in place, or put together. */
export type ProtoValues =
  | {
      readonly kind: 'place';
      readonly source: ByteSource;
      readonly offset: number;
      readonly byteLength: number;
    }
  | { readonly kind: 'bytes'; readonly bytes: Uint8Array }
  | { readonly kind: 'texts'; readonly values: readonly (string | Uint8Array)[] };

const CONTENT = 4;
const TEXTS = 8;

/** Where the numbers of a dtype are, how wide they stand there, and how many of them an element has. */
interface TypedField {
  readonly number: number;
  /** Undefined for varints. */
  readonly fixed: 4 | 8 | undefined;
  readonly parts: 1 | 2;
}

const typed = (number: number, fixed?: 4 | 8, parts: 1 | 2 = 1): TypedField => ({ number, fixed, parts });

/** Their bytes, not packed varints. */
const FLOAT8_BYTES = 18;
const FLOAT8 = ['f8_e4m3', 'f8_e5m2', 'f8_e4m3fnuz', 'f8_e5m2fnuz'] as const;

const FIELDS: ReadonlyMap<string, TypedField> = new Map([
  ['f32', typed(5, 4)],
  ['f64', typed(6, 8)],
  ...['i32', 'i16', 'i8', 'u16', 'u8'].map((dtype) => [dtype, typed(7)] as const),
  ['c64', typed(9, 4, 2)],
  ['i64', typed(10)],
  ['bool', typed(11)],
  ['c128', typed(12, 8, 2)],
  ['f16', typed(13)],
  ['bf16', typed(13)],
  ['u32', typed(16)],
  ...FLOAT8.map((dtype) => [dtype, typed(FLOAT8_BYTES)] as const),
  ['u64', typed(17)],
]);

/**
 * The values of a message, which has to have as many as asked for.
 * @param budget bytes that may be put together in memory.
 * @throws AppError `corrupt` for another number of values, `limit`, `unsupported`.
 */
export async function valuesOf(
  span: MessageSpan,
  dtype: string,
  elementCount: number,
  budget: number,
): Promise<ProtoValues> {
  const fields: SpanField[] = [];
  const wanted = FIELDS.get(dtype)?.number ?? TEXTS;
  await visitFields(span, (field) => {
    if (field.number !== CONTENT && field.number !== wanted) return;
    if (fields.length >= PROTOBUF_FIELDS) throw tooMany(span, 'values that stand one by one');
    fields.push(field);
  });
  if (dtype === 'str') return { kind: 'texts', values: await textsOf(span, fields, elementCount) };
  const byteLength = elementCount * elementByteLength(dtype);
  const [only] = fields;
  if (fields.length === 1 && only!.wire === 2 && isInPlace(only!, dtype, byteLength)) {
    return { kind: 'place', source: span.source, offset: only!.begin, byteLength };
  }
  const place = FIELDS.get(dtype);
  if (!place) throw new AppError('unsupported', `${dtype} values of this checkpoint are not read`);
  return { kind: 'bytes', bytes: await assemble(span, place, dtype, elementCount, budget) };
}

/** Bytes as the framework has them, packed floats, and booleans, which take a byte each as varints, too. */
function isInPlace(field: SpanField, dtype: string, byteLength: number): boolean {
  const isBytes = field.number === CONTENT || field.number === FLOAT8_BYTES || dtype === 'bool';
  const isPlain = isBytes || FIELDS.get(dtype)?.fixed !== undefined;
  return isPlain && field.end - field.begin === byteLength;
}

async function assemble(
  span: MessageSpan,
  { number, fixed, parts }: TypedField,
  dtype: string,
  elementCount: number,
  budget: number,
): Promise<Uint8Array> {
  const width = elementByteLength(dtype);
  const stored = span.end - span.begin;
  if (Math.max(elementCount * width, stored) > Math.min(budget, ASSEMBLED_TENSOR_BYTES))
    throw tooMany(span, 'bytes to put together');
  const out = new Uint8Array(elementCount * width);
  const bytes = await span.source.read(span.begin, stored);
  const message = { bytes, base: span.begin, file: span.source.name, what: span.what, depth: span.depth };
  const count = fillTyped(out, { message, number, fixed }, width / parts);
  if (count !== elementCount * parts) throw wrongCount(span, elementCount * parts, count);
  return out;
}

async function textsOf(
  span: MessageSpan,
  fields: readonly SpanField[],
  elementCount: number,
): Promise<readonly (string | Uint8Array)[]> {
  const texts = fields.filter(({ number }) => number === TEXTS);
  if (texts.length !== elementCount) throw wrongCount(span, elementCount, texts.length);
  const total = texts.reduce((sum, { begin, end }) => sum + end - begin, 0);
  if (total > TEXT_ARRAY_BYTES || elementCount > TEXT_ARRAY_ITEMS) throw tooMany(span, 'texts');
  const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
  const values: (string | Uint8Array)[] = [];
  for (const field of texts) {
    const bytes = await bytesOf(field, span, TEXT_ARRAY_BYTES);
    try {
      values.push(decoder.decode(bytes));
    } catch {
      values.push(bytes);
    }
  }
  return values;
}

function wrongCount(span: MessageSpan, expected: number, found: number): AppError {
  return new AppError('corrupt', 'there are not as many values as the shape wants', {
    offset: span.begin,
    expected: `${expected} values`,
    found: String(found),
  });
}

function tooMany(span: MessageSpan, what: string): AppError {
  return new AppError('limit', `it has more ${what} than we read`, { offset: span.begin });
}
