import { describe, expect, it } from 'vitest';

import {
  bytesIn,
  countIn,
  fieldsOf,
  messageIn,
  signedIn,
  textIn,
  type Message,
} from '#main/encodings/protobuf/protobuf.ts';
import { AppError } from '#shared/errors.ts';

const message = (...bytes: number[]): Message => ({
  bytes: Uint8Array.from(bytes),
  base: 50,
  file: 'f',
  what: 'the thing',
});

function thrown(run: () => unknown): unknown {
  try {
    run();
  } catch (error) {
    if (error instanceof AppError) return { code: error.code, message: error.message, ...error.fields };
    throw error;
  }
  return undefined;
}

describe('fields, by hand from the encoding guide', () => {
  it.each<[string, number[], unknown[]]>([
    ['no fields', [], []],
    ['150 in field 1', [0x08, 0x96, 0x01], [[1, 0, 150, 51]]],
    ['a text in field 2', [0x12, 0x02, 0x68, 0x69], [[2, 2, 0, 52]]],
    ['four bytes in field 6', [0x35, 0x01, 0x02, 0x03, 0x84], [[6, 5, 0x84030201, 51]]],
    ['eight bytes in field 3', [0x19, 1, 0, 0, 0, 0, 0, 0, 0], [[3, 1, 1, 51]]],
    ['eight bytes beyond 2^53', [0x19, 1, 0, 0, 0, 0, 0, 0x20, 0], [[3, 1, 9007199254740993n, 51]]],
    ['a field number above 15', [0xa2, 0x06, 0x00], [[100, 2, 0, 53]]],
    ['2^53 - 1', [0x08, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x0f], [[1, 0, 9007199254740991, 51]]],
    ['2^53 + 1', [0x08, 0x81, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x10], [[1, 0, 9007199254740993n, 51]]],
    ['-1 as an int64', [0x08, ...new Array<number>(9).fill(0xff), 0x01], [[1, 0, 18446744073709551615n, 51]]],
    ['zero with needless bytes', [0x08, 0x80, 0x80, 0x00], [[1, 0, 0, 51]]],
    [
      'one field twice',
      [0x08, 0x01, 0x08, 0x02],
      [
        [1, 0, 1, 51],
        [1, 0, 2, 53],
      ],
    ],
  ])('%s', (_, bytes, expected) => {
    const found = [...fieldsOf(message(...bytes))].map(({ number, wire, integer, offset }) => [
      number,
      wire,
      integer,
      offset,
    ]);
    expect(found).toEqual(expected);
  });
});

describe('values', () => {
  const [text] = fieldsOf(message(0x12, 0x02, 0xc3, 0xa9));
  const [minus] = fieldsOf(message(0x08, ...new Array<number>(9).fill(0xff), 0x01));

  it('texts, bytes, signed numbers', () => {
    expect(textIn(text!, message())).toBe('é');
    expect([...bytesIn(text!, message())]).toEqual([0xc3, 0xa9]);
    expect(signedIn(minus!, message())).toBe(-1n);
  });

  it('a message inside knows where it is in the file', () => {
    const outer = message(0x08, 0x00, 0x12, 0x02, 0x08, 0x07);
    const inner = messageIn([...fieldsOf(outer)][1]!, outer, 'the inner thing');
    expect(inner).toMatchObject({ base: 54, file: 'f', what: 'the inner thing', depth: 1 });
    expect([...fieldsOf(inner)].map(({ integer, offset }) => [integer, offset])).toEqual([[7, 55]]);
  });

  it.each<[string, () => unknown, unknown]>([
    [
      'a number where bytes should be',
      () => bytesIn(minus!, message()),
      { expected: 'bytes', found: 'wire type 0' },
    ],
    [
      'bytes where a number should be',
      () => countIn(text!, message()),
      { expected: 'a number', found: 'wire type 2' },
    ],
    ['a count beyond 2^53', () => countIn(minus!, message()), { found: '18446744073709551615' }],
  ])('%s', (_, run, expected) =>
    expect(thrown(run)).toMatchObject({ code: 'corrupt', file: 'f', ...(expected as object) }),
  );
});

describe('damage', () => {
  it.each<[string, number[], number, string]>([
    ['a tag without a value', [0x08], 51, 'the rest of a number'],
    ['a number that ends early', [0x08, 0x80], 51, 'the rest of a number'],
    [
      'a number of eleven bytes',
      [0x08, ...new Array<number>(10).fill(0x80), 0x00],
      51,
      'a number of at most ten bytes',
    ],
    ['bytes that end early', [0x12, 0x05, 0x61], 50, '5 more bytes'],
    [
      'bytes beyond any file',
      [0x12, ...new Array<number>(9).fill(0xff), 0x01],
      50,
      '18446744073709551615 more bytes',
    ],
    ['four bytes that end early', [0x35, 0x01], 50, '4 more bytes'],
    ['field number 0', [0x00, 0x00], 50, 'a field number'],
    ['a group', [0x0b], 50, 'a wire type of 0, 1, 2 or 5'],
  ])('%s', (_, bytes, offset, expected) => {
    expect(thrown(() => [...fieldsOf(message(...bytes))])).toEqual({
      code: 'corrupt',
      message: 'the thing is no protobuf message',
      file: 'f',
      offset,
      expected,
    });
  });

  it('nesting has a budget', () => {
    expect(thrown(() => [...fieldsOf({ ...message(), depth: 101 })])).toMatchObject({
      code: 'limit',
      message: 'the thing is nested too deeply',
    });
  });
});
