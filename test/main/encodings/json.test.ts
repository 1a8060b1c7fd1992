import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { readJson, type JsonReader } from '#main/encodings/json/json.ts';
import { AppError } from '#shared/errors.ts';

/** The whole value as plain data: objects as lists of pairs, so that order and duplicates stay visible. */
function take(reader: JsonReader): unknown {
  switch (reader.kind()) {
    case 'object': {
      const pairs: [string, unknown][] = [];
      reader.beginObject();
      for (let key = reader.nextKey(); key !== undefined; key = reader.nextKey())
        pairs.push([key, take(reader)]);
      return { object: pairs };
    }
    case 'array': {
      const items: unknown[] = [];
      reader.beginArray();
      while (reader.nextItem()) items.push(take(reader));
      return items;
    }
    case 'string':
      return reader.string();
    case 'number':
      return reader.integer() ?? 'no integer';
    case 'boolean':
    case 'null': {
      const kind = reader.kind();
      reader.skip();
      return kind;
    }
  }
}

function parse(text: string): unknown {
  const reader = readJson(text, { what: 'the text', file: 'f', base: 100 });
  const value = take(reader);
  reader.end();
  return value;
}

function fault(text: string): unknown {
  try {
    return { value: parse(text) };
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    const { offset, expected, found } = error.fields;
    return [error.code, offset, expected, found];
  }
}

/** What the standard parser says, in the same form. */
function asTaken(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(asTaken);
  if (value === null) return 'null';
  if (typeof value === 'boolean') return 'boolean';
  if (typeof value === 'object')
    return { object: Object.entries(value).map(([key, item]) => [key, asTaken(item)]) };
  return value;
}

describe('values', () => {
  it.each([
    ['{}', { object: [] }],
    [' [ ] ', []],
    [
      '{"b":1,"a":2,"b":3}',
      {
        object: [
          ['b', 1],
          ['a', 2],
          ['b', 3],
        ],
      },
    ],
    [
      '{"2":0,"1":0}',
      {
        object: [
          ['2', 0],
          ['1', 0],
        ],
      },
    ],
    ['[[[1],2],{"a":[]}]', [[[1], 2], { object: [['a', []]] }]],
    ['"\\"\\\\\\/\\b\\f\\n\\r\\t\\u00e9\\uD83D\\uDE00é"', '"\\/\b\f\n\r\té\u{1f600}é'],
    ['[true,false,null]', ['boolean', 'boolean', 'null']],
    ['\t\r\n 1 \t\r\n', 1],
  ])('%s', (text, expected) => expect(parse(text)).toEqual(expected));

  it.each([
    ['0', 0],
    ['-0', 0],
    ['999999999999999', 999999999999999],
    ['9007199254740991', 9007199254740991],
    ['9007199254740992', 9007199254740992n],
    ['9007199254740993', 9007199254740993n],
    ['-9007199254740993', -9007199254740993n],
    ['18446744073709551615', 18446744073709551615n],
    ['1.0', 'no integer'],
    ['1e3', 'no integer'],
    ['1E+3', 'no integer'],
    ['-1.5e-7', 'no integer'],
  ])('the number %s is exact or no integer', (text, expected) => expect(parse(text)).toBe(expected));

  it('equals the standard parser on what that can represent', () => {
    fc.assert(
      fc.property(
        fc.jsonValue({ depthSize: 'medium' }),
        fc.constantFrom(undefined, 1, '\t'),
        (value, space) => {
          const isPlain = (item: unknown): boolean =>
            typeof item === 'number'
              ? Number.isSafeInteger(item) && !Object.is(item, -0)
              : typeof item !== 'object' || item === null || Object.values(item).every(isPlain);
          fc.pre(isPlain(value));
          const text = JSON.stringify(value, undefined, space);
          expect(parse(text)).toEqual(asTaken(JSON.parse(text)));
        },
      ),
      { numRuns: 500 },
    );
  });
});

describe('skip passes over exactly one value', () => {
  it.each([
    '{}',
    '[]',
    '{"a":[1,{"b":"]}"},null],"c":true}',
    '"a\\"b"',
    '-1.5e9',
    'null',
    'true',
    '[[],[[]]]',
  ])('%s', (text) => {
    const reader = readJson(`[${text},7]`, { what: 'the text' });
    reader.beginArray();
    reader.nextItem();
    reader.skip();
    expect([reader.nextItem(), reader.integer(), reader.nextItem()]).toEqual([true, 7, false]);
    reader.end();
  });
});

describe('faults', () => {
  it.each([
    ['', ['corrupt', 100, 'a value', 'the end of the text']],
    ['{', ['corrupt', 101, 'a key', 'the end of the text']],
    ['{"a"}', ['corrupt', 104, 'a colon', 'the character }']],
    ['{"a":}', ['corrupt', 105, 'a value', 'the character }']],
    ['{"a":1,}', ['corrupt', 107, 'a key', 'the character }']],
    ['{"a":1 "b":2}', ['corrupt', 107, 'a comma or }', 'the character "']],
    ['{a:1}', ['corrupt', 101, 'a key', 'the character a']],
    ['[1,]', ['corrupt', 103, 'a value', 'the character ]']],
    ['[,1]', ['corrupt', 101, 'a value', 'the character ,']],
    ['[1}', ['corrupt', 102, 'a comma or ]', 'the character }']],
    ['[1 2]', ['corrupt', 103, 'a comma or ]', 'the character 2']],
    ['01', ['corrupt', 101, 'the end of the text', 'the character 1']],
    ['-', ['corrupt', 101, 'a digit', 'the end of the text']],
    ['1.', ['corrupt', 102, 'a digit', 'the end of the text']],
    ['1e', ['corrupt', 102, 'a digit', 'the end of the text']],
    ['+1', ['corrupt', 100, 'a value', 'the character +']],
    ['nul', ['corrupt', 100, 'a value', 'the character n']],
    ['"a', ['corrupt', 102, 'a character of a string, control characters escaped', 'the end of the text']],
    [
      '"a\nb"',
      ['corrupt', 102, 'a character of a string, control characters escaped', 'the character U+000A'],
    ],
    [
      '"\\n\n"',
      ['corrupt', 103, 'a character of a string, control characters escaped', 'the character U+000A'],
    ],
    ['"\\x"', ['corrupt', 102, 'one of " \\ / b f n r t u', 'the character x']],
    ['"\\u12g4"', ['corrupt', 103, 'four hexadecimal digits', 'the character 1']],
    ['"\\ud800"', ['corrupt', 101, 'both halves of a surrogate pair', 'the character \\']],
    ['"\\ud800\\u0041"', ['corrupt', 101, 'both halves of a surrogate pair', 'the character \\']],
    [
      '"\\ude00"',
      ['corrupt', 101, 'the first half of a surrogate pair before its second', 'the character \\'],
    ],
    ['\ufeff{}', ['corrupt', 100, 'a value', 'the character U+FEFF']],
    ['["é",x]', ['corrupt', 106, 'a value', 'the character x']],
  ])('%j', (text, expected) => expect(fault(text)).toEqual(expected));

  it('nesting has a budget, for what is taken and for what is skipped', () => {
    const deep = (depth: number): string => `${'['.repeat(depth)}${']'.repeat(depth)}`;
    expect(parse(deep(512))).toBeDefined();
    expect(fault(deep(513))).toEqual(['limit', 612, 'at most 512 levels', undefined]);
    expect(() => readJson(deep(100_000), { what: 'the text' }).skip()).toThrow(
      'the text is nested too deeply',
    );
  });

  it('any text ends in a value or in one error', () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom(...'{}[]",:\\u0dE+-.1e tfn\n') }), (text) => {
        const result = fault(text);
        let isJson = true;
        try {
          JSON.parse(text);
        } catch {
          isJson = false;
        }
        expect(Array.isArray(result), text).toBe(!isJson);
      }),
      { numRuns: 5000 },
    );
  });
});
