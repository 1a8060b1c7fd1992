import { describe, expect, it } from 'vitest';

import { memorySource } from '#main/bytes/memory-source.ts';
import type { ByteSource } from '#main/bytes/source.ts';
import type { Checkpoint } from '#main/formats/contract.ts';
import { openCheckpoint } from '#main/formats/detect.ts';
import { fileInput } from '#main/formats/input.ts';
import type { Problem } from '#shared/checkpoint.ts';
import type { WireError } from '#shared/errors.ts';
import { countingSource } from '#test/kit/counting-source.ts';
import { ggufBytes, type GgufParts, type GgufTensor } from '#test/kit/gguf-bytes.ts';
import { rejection } from '#test/kit/rejection.ts';

async function open(source: Uint8Array | ByteSource): Promise<Checkpoint> {
  return openCheckpoint(await fileInput(source instanceof Uint8Array ? memorySource(source, 'f') : source));
}

const F32 = 0;
const Q4_0 = 2;
const U32 = 4;
const STRING = 8;
const tensor = (
  name: string,
  dims: readonly (number | bigint)[],
  offset: number | bigint,
  type = F32,
): GgufTensor => ({
  name,
  dims,
  type,
  offset,
});

/** Two tensors of 8 and 3 numbers: data of 32 and, padded, 32 bytes. */
const GOOD: GgufParts = { tensors: [tensor('a', [4, 2], 0), tensor('b', [3], 32)], data: new Uint8Array(64) };

describe('a sound file', () => {
  it.each([1, 2, 3].flatMap((version) => [false, true].map((bigEndian) => ({ version, bigEndian }))))(
    'opens without a problem: version $version, big-endian $bigEndian',
    async ({ version, bigEndian }) => {
      const pairs = [
        ['general.architecture', { type: STRING, value: 'llama' }],
        ['general.file_type', { type: U32, value: 15 }],
        ['list', { items: 3, values: [-1, 2] }],
        ['half', { type: 6, value: 0.5 }],
      ] as const;
      const checkpoint = await open(ggufBytes({ ...GOOD, version, bigEndian, pairs }));
      expect(checkpoint.problems).toEqual([]);
      expect({ ...checkpoint.metadata }).toEqual({
        'general.architecture': 'llama',
        'general.file_type': 15,
        list: [-1, 2],
        half: 0.5,
      });
      expect(checkpoint.dialect).toBe(
        `GGUF version ${version}, ${bigEndian ? 'big-endian, ' : ''}llama architecture, mostly q4_k (medium)`,
      );
      expect(checkpoint.tensors.map(({ name, dtype, shape }) => [name, dtype, shape])).toEqual([
        ['a', 'f32', [2, 4]],
        ['b', 'f32', [3]],
      ]);
    },
  );

  it('keeps the first items of a long array and tells how many there are', async () => {
    const values = Array.from({ length: 1000 }, (_, index) => `token ${index}`);
    const counts = Array.from({ length: 1000 }, (_, index) => index);
    const pairs = [
      ['tokens', { items: STRING, values }],
      ['counts', { items: U32, values: counts }],
    ] as const;
    const { metadata } = await open(ggufBytes({ ...GOOD, pairs }));
    expect(metadata['tokens']).toEqual({ type: 'string', count: 1000, first: values.slice(0, 32) });
    expect(metadata['counts']).toEqual({ type: 'u32', count: 1000, first: counts.slice(0, 32) });
  });

  it('keeps integers beyond 2^53 exact, and keys that objects know', async () => {
    const pairs = [
      ['big', { type: 10, value: 2n ** 64n - 1n }],
      ['small', { type: 11, value: -(2n ** 63n) }],
      ['__proto__', { type: 7, value: 1 }],
    ] as const;
    const { metadata } = await open(ggufBytes({ ...GOOD, pairs }));
    expect(Object.entries(metadata)).toEqual([
      ['big', 2n ** 64n - 1n],
      ['small', -(2n ** 63n)],
      ['__proto__', true],
    ]);
  });

  it('is opened by its header alone', async () => {
    const counting = countingSource(
      memorySource(ggufBytes({ ...GOOD, data: new Uint8Array(10_000_000) }), 'f'),
    );
    await open(counting);
    expect(counting.reads().length).toBeLessThanOrEqual(5);
    expect(counting.byteCount()).toBeLessThan(40_000);
  });

  it('with a vocabulary of 300,000 texts opens in well under a second', async () => {
    const values = Array.from({ length: 300_000 }, (_, index) => `t${index}`);
    const bytes = ggufBytes({ ...GOOD, pairs: [['tokenizer.ggml.tokens', { items: STRING, values }]] });
    const begin = performance.now();
    await open(bytes);
    expect(performance.now() - begin).toBeLessThan(900);
  });
});

describe('each broken rule that leaves the rest readable has its own problem', () => {
  const rows: readonly (readonly [string, GgufParts, Problem, readonly string[]])[] = [
    [
      'two tensors of one name',
      { tensors: [tensor('a', [8], 0), tensor('a', [8], 32)], data: new Uint8Array(64) },
      { code: 'duplicate-name', message: 'a second tensor is called a', tensor: 'a#2' },
      ['a', 'a#2'],
    ],
    [
      'a key twice',
      {
        ...GOOD,
        pairs: [
          ['k', { type: U32, value: 1 }],
          ['k', { type: U32, value: 2 }],
        ],
      },
      { code: 'duplicate-key', message: 'the metadata have the key k twice', offset: 41 },
      ['a', 'b'],
    ],
    [
      'a key without letters',
      { ...GOOD, pairs: [['', { type: U32, value: 1 }]] },
      { code: 'empty-key', message: 'pair 0 of the metadata has no key', offset: 24 },
      ['a', 'b'],
    ],
    [
      'a key beyond 65,535 bytes',
      { ...GOOD, pairs: [['k'.repeat(65_536), { type: U32, value: 1 }]] },
      { code: 'long-key', message: 'the key of pair 0 is longer than 65535 bytes', offset: 24 },
      ['a', 'b'],
    ],
    [
      'a key that is not UTF-8',
      { ...GOOD, pairs: [[Uint8Array.of(0x6b, 0xff), { type: U32, value: 1 }]] },
      { code: 'text-encoding', message: 'the key of pair 0 is not UTF-8', offset: 24 },
      ['a', 'b'],
    ],
    [
      'a truth of 2',
      { ...GOOD, pairs: [['k', { type: 7, value: 2 }]] },
      { code: 'bool-value', message: 'k is neither true nor false but 2', offset: 37 },
      ['a', 'b'],
    ],
    [
      'a name of 64 bytes',
      { tensors: [tensor('n'.repeat(64), [8], 0)], data: new Uint8Array(32) },
      {
        code: 'long-name',
        message: 'the name has 64 bytes, and ggml reads names of less than 64',
        tensor: 'n'.repeat(64),
        offset: 24,
      },
      ['n'.repeat(64)],
    ],
    [
      'five dimensions',
      { tensors: [tensor('a', [2, 1, 2, 1, 2], 0)], data: new Uint8Array(32) },
      {
        code: 'rank',
        message: 'the tensor has 5 dimensions, and ggml reads at most 4',
        tensor: 'a',
        offset: 33,
      },
      ['a'],
    ],
    [
      'an offset that is no multiple of the alignment',
      { tensors: [tensor('a', [8], 0), tensor('b', [8], 36)], data: new Uint8Array(68) },
      {
        code: 'alignment',
        message: 'the data begin at 36, which is no multiple of the alignment 32',
        tensor: 'b',
        offset: 57,
      },
      ['a', 'b'],
    ],
    [
      'data that overlap',
      { tensors: [tensor('a', [8], 0), tensor('b', [8], 0)], data: new Uint8Array(32) },
      {
        code: 'overlap',
        message: 'the data begin at 0 and overlap what is before them: the padded lengths so far come to 32',
        tensor: 'b',
        offset: 57,
      },
      ['a', 'b'],
    ],
    [
      'a hole between data',
      { tensors: [tensor('a', [8], 0), tensor('b', [8], 64)], data: new Uint8Array(96) },
      {
        code: 'hole',
        message: 'the data begin at 64 and leave a hole before them: the padded lengths so far come to 32',
        tensor: 'b',
        offset: 57,
      },
      ['a', 'b'],
    ],
    [
      'data beyond the file',
      { tensors: [tensor('a', [8], 0), tensor('b', [8], 32)], data: new Uint8Array(63) },
      {
        code: 'storage-range',
        message: 'the values should be at bytes 128 to 160 of a file of 159',
        tensor: 'b',
        offset: 57,
      },
      ['a'],
    ],
    [
      'an offset beyond 2^53',
      { tensors: [tensor('a', [8], 2n ** 63n)], data: new Uint8Array(32) },
      {
        code: 'storage-range',
        message: 'the values should be at bytes 9223372036854775872 to 9223372036854775904 of a file of 96',
        tensor: 'a',
        offset: 24,
      },
      [],
    ],
    [
      'a shape beyond 64 bits',
      { tensors: [tensor('a', [2n ** 62n, 4], 0)], data: new Uint8Array(32) },
      {
        code: 'shape',
        message: 'the shape [4, 4611686018427387904] is beyond 64 bits',
        tensor: 'a',
        offset: 24,
      },
      [],
    ],
    [
      'rows that are no whole number of blocks',
      { tensors: [tensor('a', [33, 2], 0, Q4_0)], data: new Uint8Array(64) },
      {
        code: 'block-row',
        message: 'a row has 33 elements, which is no whole number of q4_0 blocks of 32',
        tensor: 'a',
        offset: 24,
      },
      [],
    ],
    [
      'a type that ggml removed',
      { tensors: [tensor('a', [32], 0, 31), tensor('b', [8], 32)], data: new Uint8Array(64) },
      {
        code: 'unknown-type',
        message: 'the tensor has the type q4_0_4_4, which ggml has removed',
        tensor: 'a',
        offset: 24,
      },
      ['b'],
    ],
    [
      'a type of a later version',
      { tensors: [tensor('a', [32], 0, 99), tensor('b', [8], 32)], data: new Uint8Array(64) },
      {
        code: 'unknown-type',
        message: 'the tensor has the type 99, which this version does not know',
        tensor: 'a',
        offset: 24,
      },
      ['b'],
    ],
    [
      'no padding behind the last tensor',
      { tensors: [tensor('a', [3], 0)], data: new Uint8Array(12) },
      { code: 'padding', message: 'the data should be padded up to byte 96 of a file of 76' },
      ['a'],
    ],
    [
      'bytes behind the end',
      { tensors: [tensor('a', [8], 0)], data: new Uint8Array(40) },
      { code: 'trailing-bytes', message: '8 bytes follow the end of the data', offset: 96 },
      ['a'],
    ],
  ];

  it.each(rows)('%s', async (_title, parts, problem, readable) => {
    const checkpoint = await open(ggufBytes(parts));
    expect(checkpoint.problems).toContainEqual(problem);
    const found = checkpoint.tensors.filter(({ storage }) => storage.kind === 'dense');
    expect(found.map(({ name }) => name)).toEqual(readable);
  });
});

describe('each broken rule that hides the rest has its own message', () => {
  const rows: readonly (readonly [string, Uint8Array, Partial<WireError> & Pick<WireError, 'code'>])[] = [
    [
      'a version of the future',
      ggufBytes({ version: 4 }),
      {
        code: 'unsupported',
        message: 'the GGUF version is not one that we know',
        offset: 4,
        expected: '1, 2 or 3',
        found: '4',
      },
    ],
    [
      'version 0',
      ggufBytes({ version: 0 }),
      {
        code: 'corrupt',
        message: 'the GGUF version is not one that we know',
        offset: 4,
        expected: '1, 2 or 3',
        found: '0',
      },
    ],
    [
      'more tensors than there is room for',
      ggufBytes({ tensorCount: 2n ** 40n }),
      {
        code: 'corrupt',
        message: 'the number of tensors is more than the file has room for',
        offset: 8,
        expected: 'at most 0',
        found: '1099511627776',
      },
    ],
    [
      'a count beyond 2^53',
      ggufBytes({ tensorCount: 2n ** 64n - 1n }),
      {
        code: 'corrupt',
        message: 'the number of tensors is beyond any file',
        offset: 8,
        found: '18446744073709551615',
      },
    ],
    [
      'more pairs than there is room for',
      ggufBytes({ pairCount: 5n, pairs: [['k', { type: U32, value: 1 }]] }),
      {
        code: 'corrupt',
        message: 'the number of metadata pairs is more than the file has room for',
        offset: 16,
        expected: 'at most 1',
        found: '5',
      },
    ],
    [
      'an array that claims 2^40 items',
      ggufBytes({ pairs: [['k', { items: U32, values: [], statedCount: 2n ** 40n }]] }),
      {
        code: 'corrupt',
        message: 'the length of the array k is more than the file has room for',
        offset: 41,
        expected: 'at most 0',
        found: '1099511627776',
      },
    ],
    [
      'a value of an unknown type',
      ggufBytes({ pairs: [['k', { type: 13, value: 0 }]] }),
      {
        code: 'corrupt',
        message: 'the metadata value k has an unknown type',
        offset: 33,
        expected: '0 to 12',
        found: '13',
      },
    ],
    [
      'an alignment that is no power of two',
      ggufBytes({ ...GOOD, pairs: [['general.alignment', { type: U32, value: 48 }]] }),
      {
        code: 'corrupt',
        message: 'general.alignment is not one that data can have',
        offset: 24,
        expected: 'a power of two as u32',
        found: '48 as u32',
      },
    ],
    [
      'an alignment of another type',
      ggufBytes({ ...GOOD, pairs: [['general.alignment', { type: 10, value: 64 }]] }),
      {
        code: 'corrupt',
        message: 'general.alignment is not one that data can have',
        offset: 24,
        expected: 'a power of two as u32',
        found: '64 as u64',
      },
    ],
    [
      'a tensor of 65 dimensions',
      ggufBytes({ tensors: [tensor('a', new Array<number>(65).fill(1), 0)], data: new Uint8Array(32) }),
      {
        code: 'corrupt',
        message: 'the tensor a has more dimensions than a tensor can have',
        tensor: 'a',
        offset: 33,
        expected: 'at most 4',
        found: '65',
      },
    ],
  ];

  it.each(rows)('%s', async (_title, bytes, expected) => {
    expect(await rejection(open(bytes))).toEqual({ format: 'gguf', file: 'f', ...expected });
  });

  it('a header that is cut short anywhere', async () => {
    const bytes = ggufBytes({ ...GOOD, pairs: [['key', { items: STRING, values: ['one', 'two'] }]] });
    for (let length = 4; length < bytes.byteLength - 80; length++) {
      const error = await rejection(open(bytes.subarray(0, length)));
      expect([length, error.code]).toEqual([length, 'corrupt']);
    }
  });
});
