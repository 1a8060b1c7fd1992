import { describe, expect, it } from 'vitest';

import { memorySource } from '#main/bytes/memory-source.ts';
import type { ByteSource } from '#main/bytes/source.ts';
import type { Checkpoint } from '#main/formats/contract.ts';
import { fileInput } from '#main/formats/input.ts';
import { tensorReader } from '#main/formats/read.ts';
import { safetensors } from '#main/formats/safetensors/safetensors.ts';
import { decode } from '#main/kernels/decode.ts';
import type { WireError } from '#shared/errors.ts';
import { countingSource } from '#test/kit/counting-source.ts';
import { rejection } from '#test/kit/rejection.ts';

/** A file of this header and as many data bytes, the header's length as stated or as it is. */
function file(header: string | Uint8Array, dataBytes = 0, statedLength?: bigint): Uint8Array {
  const text = typeof header === 'string' ? new TextEncoder().encode(header) : header;
  const bytes = new Uint8Array(8 + text.byteLength + dataBytes);
  new DataView(bytes.buffer).setBigUint64(0, statedLength ?? BigInt(text.byteLength), true);
  bytes.set(text, 8);
  return bytes;
}

const tensor = (dtype: string, shape: string, begin: number | string, end: number | string): string =>
  `{"dtype":"${dtype}","shape":${shape},"data_offsets":[${begin},${end}]}`;

async function open(source: Uint8Array | ByteSource): Promise<Checkpoint> {
  const input = await fileInput(source instanceof Uint8Array ? memorySource(source, 'f') : source);
  expect(await safetensors.claims(input)).toBe(true);
  return safetensors.open(input);
}

async function checkBroken(bytes: Uint8Array, expected: Partial<WireError>): Promise<void> {
  const error = await rejection(open(bytes));
  expect(error).toEqual({ code: 'corrupt', file: 'f', ...expected });
}

describe('each broken rule has its own message', () => {
  const rows: readonly (readonly [string, Uint8Array, Partial<WireError>])[] = [
    [
      'a header longer than 100,000,000 bytes',
      file('{}', 0, 100_000_001n),
      {
        message: 'the header is longer than the format allows',
        offset: 0,
        expected: 'at most 100000000 bytes',
        found: '100000001 bytes',
      },
    ],
    [
      'a header longer than the file',
      file('{}', 0, 3n),
      {
        message: 'the file ends inside its header',
        offset: 10,
        expected: 'a header of 3 bytes',
        found: 'a file of 10 bytes',
        hint: 'the file is cut short; fetch or save it again',
      },
    ],
    [
      'a header that is not UTF-8',
      file(Uint8Array.of(0x7b, 0x22, 0xc3, 0xbc, 0xff, 0x22, 0x7d)),
      { message: 'the header is not UTF-8', offset: 12, expected: 'a header in UTF-8' },
    ],
    [
      'a header that is not JSON',
      file('{"a" 1}'),
      { message: 'the header is not JSON', offset: 13, expected: 'a colon', found: 'the character 1' },
    ],
    [
      'a header that ends in the middle',
      file('{"a":{"dtype":'),
      { message: 'the header is not JSON', offset: 22, expected: 'a value', found: 'the end of the text' },
    ],
    [
      'text behind the object',
      file('{} {}'),
      {
        message: 'the header is not JSON',
        offset: 11,
        expected: 'the end of the text',
        found: 'the character {',
      },
    ],
    [
      'metadata that are no object',
      file('{"__metadata__":[]}'),
      {
        message: '__metadata__ is no object',
        offset: 24,
        expected: 'an object of texts',
        found: 'a JSON array',
      },
    ],
    [
      'metadata that are no texts',
      file('{"__metadata__":{"step":10}}'),
      {
        message: 'the value of step in __metadata__ is no text',
        offset: 32,
        expected: 'a string',
        found: 'a JSON number',
      },
    ],
    [
      'metadata twice',
      file('{"__metadata__":{},"__metadata__":{}}'),
      { message: 'the header has __metadata__ twice', offset: 42, expected: 'distinct names' },
    ],
    [
      'one name twice',
      file(`{"a":${tensor('U8', '[1]', 0, 1)},"a":${tensor('U8', '[1]', 1, 2)}}`, 2),
      { message: 'the header names the tensor a twice', tensor: 'a', offset: 65, expected: 'distinct names' },
    ],
    [
      'a tensor that is no object',
      file('{"a":1}'),
      {
        message: 'the entry of the tensor a is no object',
        tensor: 'a',
        offset: 13,
        expected: 'an object with dtype, shape and data_offsets',
        found: 'a JSON number',
      },
    ],
    [
      'no dtype',
      file('{"a":{"shape":[],"data_offsets":[0,1]}}', 1),
      {
        message: 'the tensor a has no dtype',
        tensor: 'a',
        offset: 46,
        expected: 'dtype, shape and data_offsets',
      },
    ],
    [
      'no shape',
      file('{"a":{"dtype":"U8","data_offsets":[0,1]}}', 1),
      {
        message: 'the tensor a has no shape',
        tensor: 'a',
        offset: 48,
        expected: 'dtype, shape and data_offsets',
      },
    ],
    [
      'no data_offsets',
      file('{"a":{"dtype":"U8","shape":[]}}', 1),
      {
        message: 'the tensor a has no data_offsets',
        tensor: 'a',
        offset: 38,
        expected: 'dtype, shape and data_offsets',
      },
    ],
    [
      'a field twice',
      file('{"a":{"dtype":"U8","dtype":"I8","shape":[],"data_offsets":[0,1]}}', 1),
      { message: 'the tensor a has dtype twice', tensor: 'a', offset: 35 },
    ],
    [
      'a dtype that is no text',
      file('{"a":{"dtype":8,"shape":[],"data_offsets":[0,1]}}', 1),
      {
        message: 'the dtype of the tensor a is not what the format demands',
        tensor: 'a',
        offset: 22,
        expected: 'the name of a dtype',
        found: 'a JSON number',
      },
    ],
    [
      'a shape that is no list',
      file(`{"a":${tensor('U8', '1', 0, 1)}}`, 1),
      {
        message: 'the shape of the tensor a is not what the format demands',
        tensor: 'a',
        offset: 35,
        expected: 'a list of whole numbers that are not negative',
        found: 'a JSON number',
      },
    ],
    [
      'a negative dimension',
      file(`{"a":${tensor('U8', '[-1]', 0, 1)}}`, 1),
      {
        message: 'the shape of the tensor a has a number that is negative or no whole one',
        tensor: 'a',
        offset: 38,
        expected: 'whole numbers that are not negative',
        found: '-1',
      },
    ],
    [
      'a dimension with a fraction',
      file(`{"a":${tensor('U8', '[1.0]', 0, 1)}}`, 1),
      {
        message: 'the shape of the tensor a has a number that is negative or no whole one',
        tensor: 'a',
        offset: 39,
        expected: 'whole numbers that are not negative',
      },
    ],
    [
      'three data_offsets',
      file('{"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1,2]}}', 1),
      {
        message: 'the data_offsets of the tensor a are not two',
        tensor: 'a',
        offset: 62,
        expected: 'a begin and an end',
        found: '3 numbers',
      },
    ],
    [
      'data that end before they begin',
      file(`{"a":${tensor('U8', '[1]', 1, 0)}}`, 1),
      {
        message: 'the data of the tensor a end before they begin',
        tensor: 'a',
        expected: 'an end of 1 or more',
        found: '0',
      },
    ],
    [
      'data that do not begin where the header ends',
      file(`{"a":${tensor('U8', '[1]', 1, 2)}}`, 2),
      {
        message: 'the data of the first tensor, a, do not begin where the header ends',
        tensor: 'a',
        offset: 61,
        expected: 'data_offsets that begin at 0',
        found: '1',
      },
    ],
    [
      'a hole',
      file(`{"a":${tensor('U8', '[1]', 0, 1)},"b":${tensor('U8', '[1]', 2, 3)}}`, 3),
      {
        message: 'there is a hole between the data of a and b',
        tensor: 'b',
        offset: 114,
        expected: 'data_offsets that begin at 1',
        found: '2',
      },
    ],
    [
      'an overlap',
      file(`{"a":${tensor('U8', '[2]', 0, 2)},"b":${tensor('U8', '[2]', 1, 3)}}`, 3),
      {
        message: 'the data of the tensor b overlap those of a',
        tensor: 'b',
        offset: 115,
        expected: 'data_offsets that begin at 2',
        found: '1',
      },
    ],
    [
      'a file that ends before the data',
      file(`{"a":${tensor('U8', '[4]', 0, 4)}}`, 3),
      {
        message: 'the file ends before the data of the tensor a',
        tensor: 'a',
        offset: 64,
        expected: 'data up to byte 65',
        found: 'a file of 64 bytes',
        hint: 'the file is cut short; fetch or save it again',
      },
    ],
    [
      'offsets beyond 64 bits',
      file(`{"a":${tensor('U8', '[0]', 0, '18146744073709551616')}}`, 1),
      {
        message: 'the file ends before the data of the tensor a',
        tensor: 'a',
        offset: 81,
        expected: 'data up to byte 18146744073709551696',
        found: 'a file of 81 bytes',
        hint: 'the file is cut short; fetch or save it again',
      },
    ],
    [
      'bytes behind the last tensor',
      file(`{"a":${tensor('U8', '[1]', 0, 1)}}`, 3),
      {
        message: 'bytes follow the last tensor',
        offset: 62,
        expected: 'a file of 62 bytes',
        found: '64 bytes',
      },
    ],
    [
      'bytes behind a header without tensors',
      file('{}', 2),
      {
        message: 'bytes follow the last tensor',
        offset: 10,
        expected: 'a file of 10 bytes',
        found: '12 bytes',
      },
    ],
    [
      'a shape that does not fit the data',
      file(`{"a":${tensor('F32', '[2, 2]', 0, 8)}}`, 8),
      {
        message: 'the data of the tensor a are not as long as its shape says',
        tensor: 'a',
        offset: 65,
        expected: '16 bytes for F32 [2, 2]',
        found: '8 bytes',
      },
    ],
    [
      'more data than the shape wants',
      file(`{"a":${tensor('I16', '[]', 0, 4)}}`, 4),
      {
        message: 'the data of the tensor a are not as long as its shape says',
        tensor: 'a',
        offset: 61,
        expected: '2 bytes for I16 []',
        found: '4 bytes',
      },
    ],
    [
      'a number of elements beyond 64 bits',
      file(`{"a":${tensor('U8', '[18446744073709551614,2]', 0, 1)}}`, 1),
      {
        message: 'the shape of the tensor a is beyond 64 bits',
        tensor: 'a',
        expected: 'a number of elements and of bits below 2^64',
        found: '[18446744073709551614, 2]',
      },
    ],
    [
      'a number of bits beyond 64 bits',
      file(`{"a":${tensor('F32', '[9223372036854775807]', 0, 1)}}`, 1),
      {
        message: 'the shape of the tensor a is beyond 64 bits',
        tensor: 'a',
        expected: 'a number of elements and of bits below 2^64',
        found: '[9223372036854775807]',
      },
    ],
    [
      'an overflow that a zero behind it does not undo',
      file(`{"a":${tensor('U8', '[18446744073709551615,2,0]', 0, 0)}}`),
      {
        message: 'the shape of the tensor a is beyond 64 bits',
        tensor: 'a',
        expected: 'a number of elements and of bits below 2^64',
        found: '[18446744073709551615, 2, 0]',
      },
    ],
    [
      'fours that do not fill a byte',
      file(`{"a":${tensor('F4', '[3]', 0, 1)}}`, 1),
      {
        message: 'the values of the tensor a do not fill whole bytes',
        tensor: 'a',
        offset: 61,
        expected: 'a multiple of 8 bits',
        found: '3 elements of 4 bits',
      },
    ],
  ];
  it.each(rows)('%s', (_, bytes, expected) => checkBroken(bytes, expected));

  it('nesting beyond the budget', async () => {
    const error = await rejection(open(file(`{"a":{"x":${'['.repeat(600)}`)));
    expect(error).toMatchObject({
      code: 'limit',
      message: 'the header is nested too deeply',
      expected: 'at most 512 levels',
    });
  });
});

describe('what the reference takes is taken', () => {
  it('white space around the header', async () => {
    const checkpoint = await open(file(` \n\t{"a":${tensor('U8', '[1]', 0, 1)}}  \n`, 1));
    expect(checkpoint.tensors.map(({ name }) => name)).toEqual(['a']);
  });

  it('a header without tensors', async () => {
    expect((await open(file('{}'))).tensors).toEqual([]);
  });

  it('null for no metadata', async () => {
    expect((await open(file('{"__metadata__":null}'))).metadata).toEqual({});
  });

  it('scalars, empty tensors and any order of keys', async () => {
    const checkpoint = await open(
      file(
        `{"z":${tensor('F32', '[]', 4, 8)},"e":${tensor('F64', '[3,0]', 4, 4)},"a":${tensor('I16', '[2]', 0, 4)}}`,
        8,
      ),
    );
    const base = 8 + 161;
    expect(checkpoint.tensors).toEqual([
      { name: 'z', dtype: 'f32', shape: [], storage: dense(base + 4, 4) },
      { name: 'e', dtype: 'f64', shape: [3, 0], storage: dense(base + 4, 0) },
      { name: 'a', dtype: 'i16', shape: [2], storage: dense(base, 4) },
    ]);
  });

  it('numbers below a byte: the length in bits is what counts', async () => {
    const { tensors } = await open(
      file(`{"a":${tensor('F4', '[3,2]', 0, 3)},"b":${tensor('F6_E2M3', '[4]', 3, 6)}}`, 6),
    );
    expect(tensors.map(({ dtype, shape }) => [dtype, shape])).toEqual([
      ['f4_e2m1', [3, 2]],
      ['f6_e2m3', [4]],
    ]);
  });

  it('sixes are read as a run of bits, and that nobody defines it is told', async () => {
    // -7.5, 1, 0.125 and 0, as ml_dtypes 0.6.0 has their codes: 0x3f, 0x08, 0x01, 0x00
    const packed = [0x3f | ((0x08 & 3) << 6), (0x08 >> 2) | ((0x01 & 15) << 4), 0x00];
    const bytes = file(`{"a":${tensor('F6_E2M3', '[2,2]', 0, 3)}}`, 3);
    bytes.set(packed, bytes.byteLength - 3);
    const { tensors, sources, problems } = await open(bytes);
    const reader = tensorReader(tensors[0]!, sources);
    expect([...decode('f6_e2m3', await reader.read(0, 4))]).toEqual([-7.5, 1, 0.125, 0]);
    expect([...decode('f6_e2m3', await reader.read(1, 2))]).toEqual([1, 0.125]);
    expect(problems.map(({ code, tensor: of }) => [code, of])).toEqual([['packing', 'a']]);
  });

  it('names that are traps elsewhere, escapes included', async () => {
    const names = ['__proto__', 'constructor', '', 'naïve 名前', 'a\u0000b', '"\\/\b\f\n\r\t', '\u{1f600}'];
    const entries = names.map(
      (name, index) => `${JSON.stringify(name)}:${tensor('U8', '[1]', index, index + 1)}`,
    );
    const escaped = entries.join(',').replace('\u{1f600}', '\\uD83D\\uDE00');
    const checkpoint = await open(file(`{${escaped}}`, names.length));
    expect(checkpoint.tensors.map(({ name }) => name)).toEqual(names);
    expect(({} as Record<string, unknown>)['dtype']).toBeUndefined();
  });

  it('metadata whose keys are traps elsewhere', async () => {
    const { metadata } = await open(
      file('{"__metadata__":{"__proto__":"a","toString":"b","10":"c","2":"d"}}'),
    );
    expect(Object.getPrototypeOf(metadata)).toBeNull();
    expect(Object.entries(metadata).sort()).toEqual([
      ['10', 'c'],
      ['2', 'd'],
      ['__proto__', 'a'],
      ['toString', 'b'],
    ]);
  });
});

function dense(offset: number, byteLength: number): unknown {
  return { kind: 'dense', source: 0, offset, byteLength, byteOrder: 'little' };
}

describe('what can be lived with is a problem', () => {
  it('a field that the format does not define', async () => {
    const { problems, tensors } = await open(
      file('{"a":{"dtype":"U8","extra":{"deep":[1,{"x":null}]},"shape":[1],"data_offsets":[0,1]}}', 1),
    );
    expect(problems).toEqual([
      { code: 'extra-field', message: 'a tensor has a field that the format does not define: extra' },
    ]);
    expect(tensors).toHaveLength(1);
  });

  it('a metadata key twice', async () => {
    const { problems, metadata } = await open(file('{"__metadata__":{"a":"1","a":"2"}}'));
    expect(problems).toEqual([
      { code: 'duplicate-key', message: '__metadata__ has a twice; the last one is shown', offset: 37 },
    ]);
    expect(metadata).toEqual({ a: '2' });
  });

  it('a dtype of a later version: the bytes are there, their meaning is not', async () => {
    const { problems, tensors } = await open(
      file(`{"a":${tensor('F128', '[2]', 0, 32)},"b":${tensor('I3', '[3]', 32, 34)}}`, 34),
    );
    expect(problems.map(({ code, tensor: name }) => [code, name])).toEqual([
      ['unknown-dtype', 'a'],
      ['unknown-dtype', 'b'],
    ]);
    expect(tensors.map(({ dtype, storage }) => [dtype, storage.kind])).toEqual([
      ['v16', 'dense'],
      ['v1', 'none'],
    ]);
  });
});

describe('claims', () => {
  const claims = async (bytes: Uint8Array): Promise<boolean> =>
    safetensors.claims(await fileInput(memorySource(bytes)));
  const rows: readonly (readonly [string, Uint8Array, boolean])[] = [
    ['a header', file('{}'), true],
    ['a header behind white space', file('  {}'), true],
    ['a header that is too long, for its message', file('{}', 0, 2n ** 40n), true],
    ['eight bytes', file(''), false],
    ['nothing', new Uint8Array(0), false],
    ['a text whose ninth byte is a brace', new TextEncoder().encode('function{}'), false],
    ['a list', file('[]'), false],
  ];
  it.each(rows)('%s', async (_, bytes, expected) => expect(await claims(bytes)).toBe(expected));
});

describe('what opening costs and says', () => {
  it('reads the ends and the header, and nothing of the data', async () => {
    const header = `{"a":${tensor('U8', '[1000000]', 0, 1000000)}}`;
    const source = countingSource(memorySource(file(header, 1_000_000)));
    await open(source);
    expect(source.reads()).toEqual([
      [0, 1024],
      [8 + header.length + 1_000_000 - 64, 64],
      [8, header.length],
    ]);
  });

  it.each([
    ['{}', 'safetensors'],
    ['{"__metadata__":{"format":"pt"}}', 'safetensors, saved from PyTorch'],
    ['{"__metadata__":{"format":"unheard of"}}', 'safetensors'],
    ['{"__metadata__":{"paramscope":"{}","format":"pt"}}', 'safetensors, a Paramscope checkpoint'],
  ])('%s is %s', async (header, dialect) => {
    expect((await open(file(header))).dialect).toBe(dialect);
  });
});
