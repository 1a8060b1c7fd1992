// Protocol Buffers wire format, walked where it lies in a file: https://protobuf.dev/programming-guides/encoding/
import { PROTOBUF_DEPTH } from '#main/bytes/limits.ts';
import type { ByteSource } from '#main/bytes/source.ts';
import { AppError } from '#shared/errors.ts';

/** A message of any length in a source; it is never read whole. */
export interface MessageSpan {
  readonly source: ByteSource;
  /** Bytes of the source, end exclusive. */
  readonly begin: number;
  readonly end: number;
  /** What it is, for messages of the other kind: "the graph". */
  readonly what: string;
  /** Messages around it. */
  readonly depth: number;
}

/** One field and where its value is. */
export interface SpanField {
  readonly number: number;
  /** 0 varint, 1 eight bytes, 2 bytes with their length, 5 four bytes. */
  readonly wire: 0 | 1 | 2 | 5;
  /** Of varints, unsigned; 0 for the others. */
  readonly integer: bigint;
  /** Of the value in the source, without tag and length; end exclusive. */
  readonly begin: number;
  readonly end: number;
}

const FIRST_READ_BYTES = 4 * 1024;
const LONGEST_READ_BYTES = 256 * 1024;
/** Tag and length, or tag and value, at their longest. */
const LONGEST_HEADER_BYTES = 20;

/** A whole message's span. */
export function messageSpan(source: ByteSource, what: string): MessageSpan {
  return { source, begin: 0, end: source.byteLength, what, depth: 0 };
}

/** The message that a field holds. @throws AppError `corrupt` for a field of another wire type. */
export function spanOf(field: SpanField, around: MessageSpan, what: string): MessageSpan {
  if (field.wire !== 2) throw wrongWire(field, around, 'bytes');
  return { source: around.source, begin: field.begin, end: field.end, what, depth: around.depth + 1 };
}

/** The bytes of a field. @throws AppError `corrupt` for a field of another wire type, `limit` for more than `most`. */
export async function bytesOf(field: SpanField, around: MessageSpan, most: number): Promise<Uint8Array> {
  if (field.wire !== 2) throw wrongWire(field, around, 'bytes');
  const length = field.end - field.begin;
  if (length <= most) return around.source.read(field.begin, length);
  throw new AppError('limit', `field ${field.number} of ${around.what} is longer than we read`, {
    file: around.source.name,
    offset: field.begin,
    expected: `at most ${most} bytes`,
    found: `${length} bytes`,
  });
}

/** Text in UTF-8, malformed parts replaced. @throws AppError as `bytesOf`. */
export async function textOf(field: SpanField, around: MessageSpan, most: number): Promise<string> {
  return new TextDecoder('utf-8', { ignoreBOM: true }).decode(await bytesOf(field, around, most));
}

/** @throws AppError `corrupt` for a field that is no varint. */
export function integerOf(field: SpanField, around: MessageSpan): bigint {
  if (field.wire !== 0) throw wrongWire(field, around, 'a number');
  return field.integer;
}

/**
 * Visits the fields of a message in order. Reads grow while the fields are short, and jump over long ones.
 * @throws AppError `corrupt` where the bytes are no message, `limit` for messages nested too deeply, and whatever `visit` throws.
 */
export async function visitFields(span: MessageSpan, visit: (field: SpanField) => void): Promise<void> {
  const { source, end, depth } = span;
  if (depth > PROTOBUF_DEPTH) {
    throw new AppError('limit', `${span.what} is nested too deeply`, {
      file: source.name,
      offset: span.begin,
      expected: `at most ${PROTOBUF_DEPTH} levels`,
    });
  }
  let position = span.begin;
  let readBytes = FIRST_READ_BYTES;
  while (position < end) {
    const base = position;
    const window = await source.read(base, Math.min(readBytes, end - base));
    const windowEnd = base + window.byteLength;
    const isLast = windowEnd === end;
    // a header that may be cut off waits for the next window
    while (position < windowEnd && (isLast || windowEnd - position >= LONGEST_HEADER_BYTES)) {
      const field = fieldAt(window, position - base, base, span);
      visit(field);
      position = field.end;
    }
    readBytes = position > windowEnd ? FIRST_READ_BYTES : Math.min(2 * readBytes, LONGEST_READ_BYTES);
  }
}

function fieldAt(window: Uint8Array, at: number, base: number, span: MessageSpan): SpanField {
  const fault = (expected: string): AppError =>
    new AppError('corrupt', `${span.what} is no protobuf message`, {
      file: span.source.name,
      offset: base + at,
      expected,
    });
  const tag = varintAt(window, at);
  if (!tag) throw fault('a field number');
  const number = Number(tag.value >> 3n);
  if (number < 1 || number > 0x1fffffff) throw fault('a field number');
  const wire = Number(tag.value & 7n);
  if (wire === 0) {
    const value = varintAt(window, tag.end);
    if (!value) throw fault('a number of at most ten bytes');
    return { number, wire, integer: value.value, begin: base + tag.end, end: base + value.end };
  }
  const length = wire === 2 ? varintAt(window, tag.end) : undefined;
  if (wire !== 1 && wire !== 5 && !length)
    throw fault(wire === 2 ? 'a length' : 'a wire type of 0, 1, 2 or 5');
  const begin = base + (length?.end ?? tag.end);
  const byteLength = length?.value ?? (wire === 1 ? 8n : 4n);
  if (byteLength > BigInt(span.end - begin))
    throw fault(`${byteLength} bytes, of which ${span.end - begin} are there`);
  return { number, wire: wire as 1 | 2 | 5, integer: 0n, begin, end: begin + Number(byteLength) };
}

/** Seven bits a byte, the lowest first; undefined for a number that is cut short or longer than ten bytes. */
export function varintAt(bytes: Uint8Array, at: number): { value: bigint; end: number } | undefined {
  let value = 0;
  let end = at;
  for (let scale = 1; scale < 2 ** 49; scale *= 128) {
    const byte = bytes[end++];
    if (byte === undefined) return undefined;
    value += (byte & 0x7f) * scale;
    if (byte < 0x80) return { value: BigInt(value), end };
  }
  let long = BigInt(value);
  for (let shift = 49n; shift < 70n; shift += 7n) {
    const byte = bytes[end++];
    if (byte === undefined) return undefined;
    long |= BigInt(byte & 0x7f) << shift;
    if (byte < 0x80) return { value: BigInt.asUintN(64, long), end };
  }
  return undefined;
}

function wrongWire(field: SpanField, around: MessageSpan, expected: string): AppError {
  return new AppError('corrupt', `field ${field.number} of ${around.what} is of the wrong kind`, {
    file: around.source.name,
    offset: field.begin,
    expected,
    found: `wire type ${field.wire}`,
  });
}
