import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { parseHeader, type HeaderEntry } from '#main/formats/safetensors/header.ts';
import { isAppError } from '#shared/errors.ts';

const entriesOf = (text: string): readonly HeaderEntry[] =>
  parseHeader(new TextEncoder().encode(text), 8, 'f').entries;

const space = fc.stringMatching(/^[ \t\n\r]{0,2}$/);
const dimension = fc.oneof(
  fc.nat(9),
  fc.nat(),
  fc.constantFrom(999_999_999_999_999, Number.MAX_SAFE_INTEGER, 2n ** 53n, 2n ** 64n - 2n),
);
const name = fc.oneof(
  fc.stringMatching(/^[a-z0-9._]{0,30}$/),
  fc.constantFrom('naïve', '名前.weight', '\u{1f600}', '"\\', 'a\u0000', '__proto__', '__metadata__x'),
);
const entry = fc.record({
  dtype: fc.constantFrom('F32', 'BF16', 'F8_E4M3FNUZ', 'I128', '', 'é'),
  shape: fc.array(dimension, { maxLength: 5 }),
  begin: dimension,
  end: dimension,
});

/** A header as some writer may lay it out: fields in any order, space anywhere, characters escaped or not. */
const header = fc
  .uniqueArray(fc.tuple(name, entry), { maxLength: 8, selector: ([own]) => own })
  .chain((entries) =>
    fc
      .record({
        order: fc.shuffledSubarray([0, 1, 2], { minLength: 3 }),
        spaces: fc.infiniteStream(space),
        isEscaped: fc.infiniteStream(fc.boolean()),
      })
      .map(({ order, spaces, isEscaped }) => {
        const between = (...parts: readonly string[]): string =>
          parts.map((part) => `${spaces.next().value}${part}`).join('');
        const textOf = (value: string): string => {
          const text = JSON.stringify(value);
          const escaped = (unit: string) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`;
          return isEscaped.next().value ? text.replace(/[^ -~]|w/g, escaped) : text;
        };
        const members = entries.map(([own, { dtype, shape, begin, end }]) => {
          const fields = [
            between('"dtype"', ':', textOf(dtype)),
            between('"shape"', ':', '[', shape.map((size) => between(String(size))).join(','), ']'),
            between('"data_offsets"', ':', '[', String(begin), ',', String(end), ']'),
          ];
          return between(textOf(own), ':', '{', order.map((index) => fields[index]!).join(between(',')), '}');
        });
        const text = between('{', members.join(between(',')), '}');
        return { text, entries: entries.map(([own, fields]) => ({ name: own, ...fields })) };
      }),
  );

describe('a header', () => {
  it('gives its entries whatever the layout', () => {
    fc.assert(
      fc.property(header, ({ text, entries }) => {
        expect(entriesOf(text)).toEqual(entries);
      }),
      { numRuns: 300 },
    );
  });

  it('is read where, and only where, it is JSON', () => {
    const damaged = header.chain(({ text }) =>
      fc
        .record({
          at: fc.nat(text.length - 1),
          length: fc.nat(2),
          put: fc.constantFrom('', ',', '0', '"', '}', ']', '-', '.5', ' ', '\\', ':', '\u0001', '[]'),
        })
        .map(({ at, length, put }) => text.slice(0, at) + put + text.slice(at + length))
        // half a surrogate pair is none in UTF-8
        .map((broken) => Buffer.from(broken).toString()),
    );
    fc.assert(
      fc.property(damaged, (text) => {
        let isJson: boolean;
        try {
          // half a surrogate pair, which the standard parser lets through, stands for no character
          isJson = !/\\ud[89a-f]/.test(JSON.stringify(JSON.parse(text)));
        } catch {
          isJson = false;
        }
        try {
          entriesOf(text);
          expect(isJson, text).toBe(true);
        } catch (error) {
          if (!isAppError(error)) throw error;
          // what is JSON is refused by the rules of the format alone
          if (isJson) expect(error.message, text).not.toBe('the header is not JSON');
        }
      }),
      { numRuns: 1000 },
    );
  });

  it.each([
    [
      'a number that begins with a zero',
      '{"a":{"dtype":"U8","shape":[01],"data_offsets":[0,1]}}',
      'is not JSON',
    ],
    ['a control character', '{"a\u0001":{"dtype":"U8","shape":[],"data_offsets":[0,1]}}', 'is not JSON'],
    ['a list that ends in a comma', '{"a":{"dtype":"U8","shape":[1,],"data_offsets":[0,1]}}', 'is not JSON'],
    ['a field twice', '{"a":{"dtype":"U8","dtype":"U8","shape":[]}}', 'dtype twice'],
    ['a field that is missing', '{"a":{"dtype":"U8","shape":[]}}', 'no data_offsets'],
    ['a field too many', '{"a":{"dtype":"U8","shape":[],"data_offsets":[0,1],"shape":[]}}', 'shape twice'],
    ['three offsets', '{"a":{"dtype":"U8","shape":[],"data_offsets":[0,1,2]}}', 'are not two'],
  ])('has no entry with %s', (_, text, message) => {
    expect(() => entriesOf(text)).toThrow(message);
  });

  it('tells a name that comes twice however it is written', () => {
    const fields = '{"dtype":"U8","shape":[],"data_offsets":[0,1]}';
    for (const again of ['"ab"', '"\\u0061b"', ' "ab"']) {
      expect(() => entriesOf(`{"ab":${fields},${again}:${fields}}`)).toThrow(
        'the header names the tensor ab twice',
      );
    }
  });
});
