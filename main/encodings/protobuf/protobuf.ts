// Protocol Buffers wire format: https://protobuf.dev/programming-guides/encoding/
import { PROTOBUF_DEPTH } from '#main/bytes/limits.ts';
import { AppError } from '#shared/errors.ts';

/** A message in memory, and where it is. */
export interface Message {
  readonly bytes: Uint8Array;
  /** Offset of `bytes` in the file. */
  readonly base: number;
  readonly file: string;
  /** What it is, for messages of the other kind: "the object graph". */
  readonly what: string;
  /** Messages around it. */
  readonly depth?: number;
}

/** One field as it stands on the wire. Fields repeat and come in any order; the last one of a single kind counts. */
export interface Field {
  readonly number: number;
  /** 0 varint, 1 eight bytes, 2 bytes with their length, 5 four bytes. */
  readonly wire: 0 | 1 | 2 | 5;
  /** Of varints and fixed widths, unsigned: a bigint where a number would round it. 0 for bytes. */
  readonly integer: number | bigint;
  /** A view for wire type 2; empty for the others. */
  readonly bytes: Uint8Array;
  /** Of the field's value in the file. */
  readonly offset: number;
}

const EMPTY = new Uint8Array(0);

/**
 * Walks the fields of a message in order.
 * @throws AppError `corrupt` where the bytes are no message, `limit` for messages nested too deeply.
 */
export function* fieldsOf(message: Message): Generator<Field, void, undefined> {
  const { bytes, base, file, what, depth = 0 } = message;
  let position = 0;
  const fault = (expected: string, at: number): AppError =>
    new AppError('corrupt', `${what} is no protobuf message`, { file, offset: base + at, expected });
  if (depth > PROTOBUF_DEPTH) {
    throw new AppError('limit', `${what} is nested too deeply`, {
      file,
      offset: base,
      expected: `at most ${PROTOBUF_DEPTH} levels`,
    });
  }

  /** Seven bits a byte, the lowest first. */
  function varint(): number | bigint {
    let value = 0;
    const begin = position;
    for (let shift = 0; ; shift += 7) {
      if (position >= bytes.byteLength) throw fault('the rest of a number', begin);
      const byte = bytes[position++]!;
      if (shift < 49) {
        value += (byte & 0x7f) * 2 ** shift;
        if (byte < 0x80) return value;
      } else {
        position = begin;
        return longVarint(begin);
      }
    }
  }

  function longVarint(begin: number): number | bigint {
    let value = 0n;
    for (let shift = 0n; shift < 70n; shift += 7n) {
      if (position >= bytes.byteLength) throw fault('the rest of a number', begin);
      const byte = bytes[position++]!;
      value |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) {
        value = BigInt.asUintN(64, value);
        return value <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(value) : value;
      }
    }
    throw fault('a number of at most ten bytes', begin);
  }

  function take(count: number | bigint, at: number): Uint8Array {
    if (count > bytes.byteLength - position) throw fault(`${count} more bytes`, at);
    const begin = position;
    position += Number(count);
    return bytes.subarray(begin, position);
  }

  while (position < bytes.byteLength) {
    const at = position;
    const tag = Number(varint());
    const number = Math.floor(tag / 8);
    if (number < 1 || number > 0x1fffffff) throw fault('a field number', at);
    switch (tag % 8) {
      case 0: {
        const offset = base + position;
        yield { number, wire: 0, integer: varint(), bytes: EMPTY, offset };
        break;
      }
      case 1: {
        const offset = base + position;
        const value = viewOf(take(8, at)).getBigUint64(0, true);
        const integer = value <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(value) : value;
        yield { number, wire: 1, integer, bytes: EMPTY, offset };
        break;
      }
      case 2: {
        const length = varint();
        const offset = base + position;
        yield { number, wire: 2, integer: 0, bytes: take(length, at), offset };
        break;
      }
      case 5: {
        const offset = base + position;
        yield { number, wire: 5, integer: viewOf(take(4, at)).getUint32(0, true), bytes: EMPTY, offset };
        break;
      }
      default:
        throw fault('a wire type of 0, 1, 2 or 5', at);
    }
  }
}

/** The message in a field. @throws AppError `corrupt` for a field that is not made of bytes. */
export function messageIn(field: Field, around: Message, what = around.what): Message {
  return {
    bytes: bytesIn(field, around),
    base: field.offset,
    file: around.file,
    what,
    depth: (around.depth ?? 0) + 1,
  };
}

/** @throws AppError `corrupt` for a field of another wire type. */
export function bytesIn(field: Field, around: Message): Uint8Array {
  if (field.wire === 2) return field.bytes;
  throw wrongWire(field, around, 'bytes');
}

/** Text in UTF-8, malformed parts replaced. @throws AppError `corrupt` for a field of another wire type. */
export function textIn(field: Field, around: Message): string {
  return new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytesIn(field, around));
}

/** @throws AppError `corrupt` for a field of another wire type, `limit` beyond 2^53. */
export function countIn(field: Field, around: Message): number {
  if (field.wire === 2) throw wrongWire(field, around, 'a number');
  if (typeof field.integer === 'number') return field.integer;
  throw new AppError('corrupt', `field ${field.number} of ${around.what} is beyond any file`, {
    file: around.file,
    offset: field.offset,
    found: String(field.integer),
  });
}

/** An int64, whose negative values stand on the wire as if they were beyond 2^63. */
export function signedIn(field: Field, around: Message): bigint {
  if (field.wire === 2) throw wrongWire(field, around, 'a number');
  return BigInt.asIntN(64, BigInt(field.integer));
}

function wrongWire(field: Field, around: Message, expected: string): AppError {
  return new AppError('corrupt', `field ${field.number} of ${around.what} is of the wrong kind`, {
    file: around.file,
    offset: field.offset,
    expected,
    found: `wire type ${field.wire}`,
  });
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
