import { describe, expect, it } from 'vitest';

import { unpackSnappy } from '#main/encodings/snappy/snappy.ts';
import { AppError } from '#shared/errors.ts';

const text = (value: string): number[] => [...Buffer.from(value, 'latin1')];
const unpack = (...packed: number[]): string =>
  Buffer.from(unpackSnappy(Uint8Array.from(packed), 1000, 'f')).toString('latin1');

/** A literal of so many bytes with its length in `count` bytes of its own. */
function longLiteral(length: number, count: number): number[] {
  const bytes = Array.from(
    { length: count },
    (_, index) => Math.floor((length - 1) / 2 ** (8 * index)) & 0xff,
  );
  return [(59 + count) << 2, ...bytes, ...new Array<number>(length).fill(0x61)];
}

describe('elements, by hand from the format description', () => {
  it.each<[string, number[], string]>([
    ['nothing', [0], ''],
    ['a literal', [5, 4 << 2, ...text('hello')], 'hello'],
    ['a literal with a one-byte length', [100, ...longLiteral(100, 1)], 'a'.repeat(100)],
    ['a literal with a two-byte length', [0xac, 2, ...longLiteral(300, 2)], 'a'.repeat(300)],
    ['a literal with a four-byte length', [0xac, 2, ...longLiteral(300, 4)], 'a'.repeat(300)],
    ['a copy with a one-byte offset', [8, 3 << 2, ...text('abcd'), 0b000_000_01, 4], 'abcdabcd'],
    ['a copy with a two-byte offset', [8, 3 << 2, ...text('abcd'), (3 << 2) | 2, 4, 0], 'abcdabcd'],
    ['a copy with a four-byte offset', [8, 3 << 2, ...text('abcd'), (3 << 2) | 3, 4, 0, 0, 0], 'abcdabcd'],
    ['a copy that reaches into itself', [11, 0, ...text('x'), (9 << 2) | 2, 1, 0], 'x'.repeat(11)],
  ])('%s', (_, packed, expected) => expect(unpack(...packed)).toBe(expected));

  it('an offset of eleven bits in a one-byte copy', () => {
    const first = 'q'.repeat(256) + 'r'.repeat(256);
    const literal = [(59 + 2) << 2, 0xff, 0x01, ...text(first)];
    expect(unpack(0x84, 0x04, ...literal, 0b010_000_01, 0)).toBe(`${first}qqqq`);
  });
});

describe('damage', () => {
  it.each<[string, number[], number, string]>([
    ['no length', [], 1000, 'more bytes'],
    [
      'a length that goes on and on',
      [0xff, 0xff, 0xff, 0xff, 0xff, 0xff],
      1005,
      'a length of at most 32 bits',
    ],
    [
      'a length that no copy reaches',
      [0x80, 0x80, 0x04, 0, 0x61],
      1003,
      'a length that so few bytes can have',
    ],
    ['a literal beyond the end', [5, 4 << 2, ...text('hell')], 1002, 'a literal that fits'],
    ['a literal beyond the length', [4, 4 << 2, ...text('hello')], 1002, 'a literal that fits'],
    [
      'a copy of what is not there yet',
      [8, 3 << 2, ...text('abcd'), 0b000_000_01, 5],
      1008,
      'a copy of bytes already there',
    ],
    [
      'a copy from nowhere',
      [8, 3 << 2, ...text('abcd'), 0b000_000_01, 0],
      1008,
      'a copy of bytes already there',
    ],
    [
      'a copy beyond the length',
      [7, 3 << 2, ...text('abcd'), 0b000_000_01, 4],
      1008,
      'a copy of bytes already there',
    ],
    ['a copy without its offset', [8, 3 << 2, ...text('abcd'), 0b000_000_01], 1007, 'more bytes'],
    ['an end too early', [9, 3 << 2, ...text('abcd')], 1006, '9 bytes in all'],
  ])('%s', (_, packed, offset, expected) => {
    let error: unknown;
    try {
      unpack(...packed);
    } catch (reason) {
      error = reason;
    }
    expect(error).toBeInstanceOf(AppError);
    const { code, fields } = error as AppError;
    expect({ code, ...fields }).toEqual({ code: 'corrupt', file: 'f', offset, expected });
  });
});
