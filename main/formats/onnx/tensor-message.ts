// ONNX TensorProto without its values: onnx/onnx onnx/onnx.proto3.
import { PROTOBUF_FIELDS, PROTOBUF_TEXT_BYTES, TENSOR_RANK } from '#main/bytes/limits.ts';
import {
  bytesOf,
  integerOf,
  textOf,
  varintAt,
  visitFields,
  type MessageSpan,
  type SpanField,
} from '#main/encodings/protobuf/message-span.ts';
import { tooMany } from '#main/formats/onnx/fields.ts';
import { propertiesOf } from '#main/formats/onnx/properties.ts';
import { AppError } from '#shared/errors.ts';

/** Values in typed fields, packed or one by one. */
export interface TypedRun {
  /** Fields that hold many values each. */
  readonly packed: readonly SpanField[];
  /** How many more stand alone. */
  readonly single: number;
}

export interface TensorMessage {
  readonly span: MessageSpan;
  readonly name: string;
  /** Negative where the file says so. */
  readonly dims: readonly bigint[];
  readonly type: bigint;
  readonly raw: SpanField | undefined;
  readonly strings: readonly SpanField[];
  /** By field number; those that do not occur are left out. */
  readonly typed: ReadonlyMap<number, TypedRun>;
  readonly isExternal: boolean;
  readonly external: ReadonlyMap<string, string>;
  /** A part of a tensor, which the standard describes and nobody writes. */
  readonly isSegment: boolean;
}

const DIMS = 1;
const DATA_TYPE = 2;
const SEGMENT = 3;
const STRING_DATA = 6;
const NAME = 8;
const RAW_DATA = 9;
const EXTERNAL_DATA = 13;
const DATA_LOCATION = 14;
const TYPED_FIELDS: ReadonlySet<number> = new Set([4, 5, 7, 10, 11]);
const EXTERNAL = 1n;

export async function readTensorMessage(span: MessageSpan): Promise<TensorMessage> {
  const single = new Map<number, SpanField>();
  const dimFields: SpanField[] = [];
  const strings: SpanField[] = [];
  const external: SpanField[] = [];
  const typed = new Map<number, { packed: SpanField[]; single: number }>();
  let held = 0;
  await visitFields(span, (field) => {
    const { number, wire } = field;
    const isAlone = TYPED_FIELDS.has(number) && wire !== 2;
    if (!isAlone && ++held > PROTOBUF_FIELDS) throw tooMany(span);
    if (TYPED_FIELDS.has(number)) {
      const run = typed.get(number) ?? { packed: [], single: 0 };
      typed.set(number, run);
      if (isAlone) run.single++;
      else run.packed.push(field);
    } else if (number === DIMS) dimFields.push(field);
    else if (number === STRING_DATA) strings.push(field);
    else if (number === EXTERNAL_DATA) external.push(field);
    else single.set(number, field);
  });
  const text = async (number: number): Promise<string> => {
    const field = single.get(number);
    return field ? textOf(field, span, PROTOBUF_TEXT_BYTES) : '';
  };
  const integer = (number: number): bigint => {
    const field = single.get(number);
    return field ? integerOf(field, span) : 0n;
  };
  return {
    span,
    name: await text(NAME),
    dims: await dimensionsOf(dimFields, span),
    type: integer(DATA_TYPE),
    raw: single.get(RAW_DATA),
    strings,
    typed,
    isExternal: integer(DATA_LOCATION) === EXTERNAL,
    external: new Map(await propertiesOf(external, span)),
    isSegment: single.has(SEGMENT),
  };
}

/** int64 numbers, packed or one by one. @throws AppError `corrupt` for more than a tensor can have. */
export async function dimensionsOf(fields: readonly SpanField[], span: MessageSpan): Promise<bigint[]> {
  const dims: bigint[] = [];
  for (const field of fields) {
    if (field.wire !== 2) dims.push(BigInt.asIntN(64, integerOf(field, span)));
    else {
      const bytes = await bytesOf(field, span, 10 * TENSOR_RANK);
      for (let at = 0; at < bytes.byteLength;) {
        const next = varintAt(bytes, at);
        if (!next) throw tooManyDimensions(span, field, 'a number that ends');
        dims.push(BigInt.asIntN(64, next.value));
        at = next.end;
      }
    }
    if (dims.length > TENSOR_RANK) throw tooManyDimensions(span, field, `at most ${TENSOR_RANK}`);
  }
  return dims;
}

function tooManyDimensions(span: MessageSpan, field: SpanField, expected: string): AppError {
  return new AppError('corrupt', 'the dimensions of a tensor are none that a tensor can have', {
    file: span.source.name,
    offset: field.begin,
    expected,
  });
}
