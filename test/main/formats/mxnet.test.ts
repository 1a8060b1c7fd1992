import { readFileSync } from 'node:fs';

import { describe, expect, it } from 'vitest';

import { memorySource } from '#main/bytes/memory-source.ts';
import type { ByteSource } from '#main/bytes/source.ts';
import type { Checkpoint } from '#main/formats/contract.ts';
import { openCheckpoint } from '#main/formats/detect.ts';
import { fileInput } from '#main/formats/input.ts';
import { mxnet } from '#main/formats/mxnet/mxnet.ts';
import { tensorReader } from '#main/formats/read.ts';
import { countingSource } from '#test/kit/counting-source.ts';
import { rejection } from '#test/kit/rejection.ts';
import { hasSamples, SAMPLES } from '#test/kit/shared-files.ts';

const u32 = (...values: number[]): number[] =>
  values.flatMap((value) => [
    value & 0xff,
    (value >>> 8) & 0xff,
    (value >>> 16) & 0xff,
    (value >>> 24) & 0xff,
  ]);
const u64 = (...values: (number | bigint)[]): number[] =>
  values.flatMap((value) => {
    const bytes = Buffer.alloc(8);
    bytes.writeBigInt64LE(BigInt(value));
    return [...bytes];
  });
const f32 = (...values: number[]): number[] => [...new Uint8Array(Float32Array.from(values).buffer)];

const V1 = u32(0xf993fac8);
const V2 = u32(0xf993fac9);
const V3 = u32(0xf993faca);
const CPU = u32(1, 0);
/** Rank and dimensions as versions 1 to 3 write them. */
const wide = (...shape: (number | bigint)[]): number[] => [...u32(shape.length), ...u64(...shape)];
/** A dense version 2 record. */
const dense = (shape: readonly number[], values: readonly number[], type = 0): number[] => [
  ...[...V2, ...u32(0), ...wide(...shape), ...CPU, ...u32(type)],
  ...values,
];

/** A list with its names, or without any. */
function list(
  records: readonly (readonly number[])[],
  names: readonly (string | readonly number[])[] = [],
): Uint8Array {
  return Uint8Array.from([
    ...u64(0x112, 0, records.length),
    ...records.flat(),
    ...u64(names.length),
    ...names.flatMap((name) => {
      const bytes = typeof name === 'string' ? [...Buffer.from(name)] : name;
      return [...u64(bytes.length), ...bytes];
    }),
  ]);
}

const open = async (source: Uint8Array | ByteSource): Promise<Checkpoint> =>
  openCheckpoint(await fileInput(source instanceof Uint8Array ? memorySource(source, 'f') : source), [mxnet]);

async function floatsOf({ tensors, sources }: Checkpoint, name: string): Promise<number[]> {
  const reader = tensorReader(
    tensors.find((tensor) => tensor.name === name)!,
    sources,
  );
  const bytes = await reader.read(0, reader.elementCount);
  return [...new Float32Array(bytes.buffer, bytes.byteOffset, bytes.byteLength / 4)];
}

const rows = ({ tensors }: Checkpoint): unknown[] =>
  tensors.map(({ name, dtype, shape, storage }) => [name, dtype, shape, storage.kind]);

describe('records of every version', () => {
  it.each<[string, number[], unknown[]]>([
    [
      '0, whose first word is the rank',
      [...u32(2, 1, 3), ...CPU, ...u32(0), ...f32(1, 2, 3)],
      ['0', 'f32', [1, 3], 'dense'],
    ],
    ['1', [...V1, ...wide(3), ...CPU, ...u32(0), ...f32(1, 2, 3)], ['0', 'f32', [3], 'dense']],
    ['2', dense([3], f32(1, 2, 3)), ['0', 'f32', [3], 'dense']],
    ['3', [...V3, ...u32(0), ...wide(3), ...CPU, ...u32(0), ...f32(1, 2, 3)], ['0', 'f32', [3], 'dense']],
  ])('version %s', async (_, record, row) => {
    const checkpoint = await open(list([record]));
    expect(rows(checkpoint)).toEqual([row]);
    expect(await floatsOf(checkpoint, '0')).toEqual([1, 2, 3]);
    expect([checkpoint.layout, checkpoint.problems]).toEqual(['list', []]);
  });

  it.each<[string, number[], unknown[]]>([
    ['a rank of 0 before numpy mode', [...V2, ...u32(0), ...wide()], ['0', 'f32', [0], 'none']],
    ['a rank of 0 in version 0', u32(0), ['0', 'f32', [0], 'none']],
    ['a rank of 0 in version 1', [...V1, ...wide()], ['0', 'f32', [0], 'none']],
    ['an unknown rank in numpy mode', [...V3, ...u32(0), ...u32(-1)], ['0', 'f32', [0], 'none']],
    ['an unknown dimension in numpy mode', [...V3, ...u32(0), ...wide(3, -1)], ['0', 'f32', [0], 'none']],
  ])('none: %s', async (_, record, row) => {
    const checkpoint = await open(list([record, dense([1], f32(7))], ['0', 'after']));
    expect(rows(checkpoint)).toEqual([row, ['after', 'f32', [1], 'dense']]);
    expect(checkpoint.problems.map(({ code, tensor }) => [code, tensor])).toEqual([['no-data', '0']]);
  });

  it('a rank of 0 in numpy mode is a scalar', async () => {
    const checkpoint = await open(list([[...V3, ...u32(0), ...wide(), ...CPU, ...u32(0), ...f32(5)]]));
    expect(rows(checkpoint)).toEqual([['0', 'f32', [], 'dense']]);
    expect(await floatsOf(checkpoint, '0')).toEqual([5]);
  });

  it('every type code', async () => {
    const widths = [4, 8, 2, 1, 4, 1, 8, 1, 2, 2, 4, 8, 2];
    const { tensors } = await open(
      list(widths.map((width, type) => dense([2], new Array<number>(2 * width).fill(0), type))),
    );
    expect(tensors.map(({ dtype }) => dtype)).toEqual([
      'f32',
      'f64',
      'f16',
      'u8',
      'i32',
      'i8',
      'i64',
      'bool',
      'i16',
      'u16',
      'u32',
      'u64',
      'bf16',
    ]);
  });

  it('a list of nothing', async () => expect(rows(await open(list([])))).toEqual([]));

  it('devices are told', async () => {
    const record = [...V2, ...u32(0), ...wide(1), ...u32(2, 3), ...u32(0), ...f32(1)];
    expect((await open(list([record, dense([1], f32(1))]))).metadata).toEqual({
      contexts: ['gpu(3)', 'cpu(0)'],
    });
  });
});

describe('names', () => {
  it('are kept as they are, prefixes and all', async () => {
    const names = ['arg:w', 'aux:m', '', '__proto__', 'naïve 名前'];
    const checkpoint = await open(
      list(
        names.map(() => dense([1], f32(0))),
        names,
      ),
    );
    expect(checkpoint.tensors.map(({ name }) => name)).toEqual(names);
    expect(checkpoint.layout).toBe('dict');
  });

  it('that repeat or are no UTF-8 are problems', async () => {
    const { tensors, problems } = await open(
      list(
        [1, 2, 3].map(() => dense([1], f32(0))),
        ['a', 'a', [0xff]],
      ),
    );
    expect(tensors.map(({ name }) => name)).toEqual(['a', 'a#2', '\ufffd']);
    expect(problems.map(({ code }) => code)).toEqual(['name-encoding', 'duplicate-name']);
  });
});

describe('sparse arrays', () => {
  const rowSparse = (indices: number[], shape = [4, 2], count = indices.length): number[] => [
    ...[...V2, ...u32(1), ...wide(count, 2), ...wide(...shape), ...CPU, ...u32(0)],
    ...[
      ...u32(6),
      ...wide(indices.length),
      ...f32(...new Array<number>(count * 2).fill(0).map((_, i) => i + 1)),
    ],
    ...u64(...indices),
  ];
  const csr = (
    pointers: number[],
    columns: number[],
    values = f32(...columns.map((_, i) => i + 1)),
    type = 6,
  ): number[] => [
    ...[...V2, ...u32(2), ...wide(columns.length), ...wide(2, 3), ...CPU, ...u32(0)],
    ...[...u32(type), ...wide(pointers.length), ...u32(type), ...wide(columns.length)],
    ...[...values, ...(type === 6 ? u64(...pointers, ...columns) : u32(...pointers, ...columns))],
  ];

  it.each<[string, number[], string, number[]]>([
    ['row_sparse', rowSparse([1, 3]), 'row_sparse', [0, 0, 1, 2, 0, 0, 3, 4]],
    ['row_sparse without rows', rowSparse([]), 'row_sparse', [0, 0, 0, 0, 0, 0, 0, 0]],
    ['csr', csr([0, 1, 3], [2, 0, 1]), 'csr', [0, 0, 1, 2, 3, 0]],
    ['csr with 32-bit indices', csr([0, 1, 3], [2, 0, 1], undefined, 4), 'csr', [0, 0, 1, 2, 3, 0]],
    ['csr without values', csr([0, 0, 0], []), 'csr', [0, 0, 0, 0, 0, 0]],
  ])('%s in its dense form', async (_, record, layout, values) => {
    const checkpoint = await open(list([record, dense([1], f32(9))], ['s', 'after']));
    expect(checkpoint.problems).toEqual([]);
    expect(checkpoint.tensors[0]!.sparse?.layout).toBe(layout);
    expect(await floatsOf(checkpoint, 's')).toEqual(values);
    expect(await floatsOf(checkpoint, 'after')).toEqual([9]);
  });

  it.each<[string, number[]]>([
    ['a row beyond the shape', rowSparse([1, 4])],
    ['a negative row', rowSparse([1, -1])],
    ['more rows than the shape has', rowSparse([0, 1, 2, 3, 0])],
    ['fewer indices than rows', rowSparse([1], [4, 2], 2)],
    ['a column beyond the shape', csr([0, 1, 3], [3, 0, 1])],
    ['pointers that fall', csr([0, 2, 1], [2, 0, 1])],
    ['pointers that end elsewhere', csr([0, 1, 2], [2, 0, 1])],
    ['too few pointers', csr([0, 3], [2, 0, 1])],
    ['indices that are no integers', csr([0, 1, 3], [2, 0, 1], undefined, 0)],
  ])('%s is a problem, and the others are there', async (_, record) => {
    const checkpoint = await open(list([record, dense([1], f32(9))], ['s', 'after']));
    expect(checkpoint.problems.map(({ code, tensor }) => [code, tensor])).toEqual([['sparse', 's']]);
    expect(rows(checkpoint)).toMatchObject([
      ['s', 'f32', expect.anything(), 'none'],
      ['after', 'f32', [1], 'dense'],
    ]);
  });

  it('a dense form beyond the budget is a problem, and nothing is allocated', async () => {
    const { problems, tensors } = await open(list([rowSparse([1], [2 ** 40, 2])]));
    expect(problems.map(({ code }) => code)).toEqual(['sparse-too-large']);
    expect(tensors[0]).toMatchObject({ shape: [2 ** 40, 2], storage: { kind: 'none' } });
  });
});

describe('damage', () => {
  it.each<[string, Uint8Array, object]>([
    ['nothing behind the magic', list([]).subarray(0, 8), { offset: 0 }],
    [
      'more arrays than the file has room for',
      Uint8Array.from(u64(0x112, 0, 1_000_000, 0)),
      {
        message: 'the list says it has more arrays than the file has room for',
        offset: 16,
        expected: 'at most 2',
        found: '1000000',
      },
    ],
    [
      'arrays beyond 2^53',
      Uint8Array.from(u64(0x112, 0, 2n ** 60n, 0)),
      { message: 'the number of arrays is beyond any file', offset: 16 },
    ],
    [
      'a rank that no array has',
      list([u32(65)]),
      { message: 'array 0 of the list begins with neither a version nor a rank', offset: 24, found: '0x41' },
    ],
    [
      'a negative rank',
      list([[...V2, ...u32(0), ...u32(-2)]]),
      { message: 'array 0 of the list has a rank that no array has', offset: 32, found: '-2' },
    ],
    [
      'a negative dimension',
      list([[...V2, ...u32(0), ...wide(-7)]]),
      { message: 'array 0 of the list has a dimension that no array has', found: '-7' },
    ],
    [
      'an unknown type',
      list([dense([1], f32(1), 13)]),
      {
        message: 'array 0 of the list has an unknown type code',
        offset: 52,
        expected: '0 to 12',
        found: '13',
      },
    ],
    [
      'an unknown storage',
      list([dense([1], f32(1)), [...V2, ...u32(3)]]),
      { message: 'array 1 of the list has an unknown storage type', offset: 64 },
    ],
    [
      'sparse storage in numpy mode',
      list([[...V3, ...u32(1)]]),
      { message: 'array 0 of the list has an unknown storage type', expected: '0 (dense)' },
    ],
    [
      'values beyond the end',
      list([dense([1000], f32(1))]),
      {
        message: 'array 0 of the list has more values than the file has bytes',
        offset: 56,
        expected: '4000 bytes for f32 [1000]',
        found: '12 bytes',
      },
    ],
    [
      'values beyond 2^53',
      list([dense([2 ** 40, 2 ** 40], [])]),
      {
        message: 'array 0 of the list has more values than the file has bytes',
        expected: `bytes for f32 [${2 ** 40}, ${2 ** 40}]`,
      },
    ],
    [
      'not as many names as arrays',
      list([dense([1], f32(1))], ['a', 'b']),
      {
        message: 'the list has not as many names as arrays',
        offset: 60,
        expected: '0 or 1 names',
        found: '2',
      },
    ],
    [
      'a name beyond the end',
      list([dense([1], f32(1))], ['abc']).subarray(0, -1),
      { offset: 76, expected: '3 bytes at offset 76' },
    ],
  ])('%s', async (_, bytes, expected) => {
    expect(await rejection(open(bytes))).toMatchObject({
      code: 'corrupt',
      file: 'f',
      format: 'mxnet',
      ...expected,
    });
  });

  it('bytes behind the end are a problem', async () => {
    const { problems } = await open(Uint8Array.from([...list([dense([1], f32(1))]), 1, 2, 3]));
    expect(problems).toEqual([
      { code: 'trailing-bytes', message: '3 bytes follow the end of the list', offset: 68 },
    ]);
  });
});

describe('cost', () => {
  it('values are passed over, not read', async () => {
    const records = Array.from({ length: 20 }, () => dense([250_000], []));
    const parts = records.flatMap((record) => [Buffer.from(record), Buffer.alloc(1_000_000)]);
    const file = Buffer.concat([Buffer.from(u64(0x112, 0, 20)), ...parts, Buffer.from(u64(0))]);
    const source = countingSource(memorySource(new Uint8Array(file)));
    const { tensors, problems } = await open(source);
    expect([tensors.length, problems]).toEqual([20, []]);
    expect(source.reads().length).toBeLessThanOrEqual(2 + 22);
    expect(source.byteCount()).toBeLessThanOrEqual(1024 + 64 + 22 * 8192);
  });
});

describe.skipIf(!hasSamples)('genuine samples', () => {
  it('the file that MXNet keeps to test version 0', async () => {
    const checkpoint = await open(Uint8Array.from(readFileSync(`${SAMPLES}mxnet/legacy_ndarray.v0`)));
    expect(rows(checkpoint)).toEqual(
      ['0', '1', '2', '3', '4', '5'].map((name) => [name, 'f32', [128], 'dense']),
    );
    const range = Array.from({ length: 128 }, (_, index) => index);
    for (const { name } of checkpoint.tensors) expect(await floatsOf(checkpoint, name)).toEqual(range);
  });

  it('a Module’s checkpoint', async () => {
    const checkpoint = await open(Uint8Array.from(readFileSync(`${SAMPLES}mxnet/model-0000.params`)));
    expect(rows(checkpoint)).toEqual([
      ['arg:fc1_weight', 'f32', [1, 2], 'dense'],
      ['arg:fc1_bias', 'f32', [1], 'dense'],
    ]);
  });
});
