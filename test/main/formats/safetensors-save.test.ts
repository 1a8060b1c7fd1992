import { readFileSync } from 'node:fs';

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { memorySource } from '#main/bytes/memory-source.ts';
import type { TensorToSave } from '#main/formats/contract.ts';
import { fileInput } from '#main/formats/input.ts';
import { tensorReader } from '#main/formats/read.ts';
import { safetensors } from '#main/formats/safetensors/safetensors.ts';
import { planSafetensors, safetensorsChunks } from '#main/formats/safetensors/save.ts';
import { elementByteLength } from '#shared/dtype.ts';
import { AppError } from '#shared/errors.ts';
import { rejection } from '#test/kit/rejection.ts';
import { hasOracles, ORACLES, readOracles } from '#test/kit/shared-files.ts';

function toSave(name: string, dtype: string, shape: readonly number[], bytes: Uint8Array): TensorToSave {
  const read = async (offset: number, length: number): Promise<Uint8Array> =>
    bytes.slice(offset, offset + length);
  return { name, dtype, shape, byteLength: bytes.byteLength, read };
}

async function save(
  tensors: readonly TensorToSave[],
  metadata: Record<string, string> = {},
): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of safetensorsChunks(tensors, metadata)) chunks.push(chunk);
  return Buffer.concat(chunks);
}

const planned = (
  dtype: string,
  shape: readonly number[],
  name = 'a',
): Parameters<typeof planSafetensors>[0][number] => {
  const count = shape.reduce((product, dimension) => product * dimension, 1);
  return { name, dtype, shape, byteLength: count * elementByteLength(dtype) };
};

describe('layout', () => {
  it('a header by hand: length, JSON, spaces up to a multiple of eight, data', async () => {
    const file = await save([toSave('w', 'i16', [2], Uint8Array.of(1, 0, 2, 0))], { format: 'pt' });
    const json = '{"__metadata__":{"format":"pt"},"w":{"dtype":"I16","shape":[2],"data_offsets":[0,4]}}';
    expect(json).toHaveLength(85);
    expect(file.subarray(8, 96).toString()).toBe(`${json}   `);
    expect([...file.subarray(0, 8)]).toEqual([88, 0, 0, 0, 0, 0, 0, 0]);
    expect([...file.subarray(96)]).toEqual([1, 0, 2, 0]);
  });

  it('dtypes in the reference writer’s order, then names by code point', () => {
    const dtypes = [
      ...[
        'u64',
        'i64',
        'f64',
        'c64',
        'f32',
        'u32',
        'i32',
        'bf16',
        'f16',
        'u16',
        'i16',
        'f8_e5m2fnuz',
        'f8_e4m3fnuz',
      ],
      ...['f8_e8m0', 'f8_e4m3', 'f8_e5m2', 'i8', 'u8', 'bool'],
    ];
    const names = ['', 'B', 'a', 'aa', 'ab', 'b', '\uffee', '\u{10000}'];
    const tensors = [...dtypes]
      .reverse()
      .flatMap((dtype) => [...names].reverse().map((name) => planned(dtype, [], `${dtype}/${name}`)));
    const { order } = planSafetensors(tensors);
    // names have their dtype in front here, so only those of one dtype are compared
    expect(order.map(({ name }) => name)).toEqual(
      dtypes.flatMap((dtype) => names.map((name) => `${dtype}/${name}`)),
    );
  });

  it('equal tensors give equal bytes in whatever order they come', async () => {
    const tensors = [1, 2, 3].map((value) => toSave(`t${value}`, 'u8', [1], Uint8Array.of(value)));
    expect(await save([...tensors].reverse())).toEqual(await save(tensors));
  });

  it('the plan says how long the file will be', async () => {
    const tensors = [
      toSave('a', 'f64', [3], new Uint8Array(24)),
      toSave('b', 'f4_e2m1', [4], new Uint8Array(4)),
    ];
    expect((await save(tensors)).byteLength).toBe(planSafetensors(tensors).byteLength);
  });

  it('chunks have at most a mebibyte', async () => {
    const tensor = toSave('a', 'u8', [2_500_000], new Uint8Array(2_500_000));
    const lengths: number[] = [];
    for await (const chunk of safetensorsChunks([tensor])) lengths.push(chunk.byteLength);
    expect(lengths).toEqual([80, 1048576, 1048576, 402848]);
  });

  it('fours are packed, the first in the low bits', async () => {
    const file = await save([toSave('a', 'f4_e2m1', [4], Uint8Array.of(1, 2, 15, 8))]);
    expect([...file.subarray(-2)]).toEqual([0x21, 0x8f]);
  });
});

describe('what is not written', () => {
  const refusal = (run: () => unknown): unknown => {
    try {
      run();
    } catch (error) {
      if (error instanceof AppError) return { code: error.code, message: error.message };
      throw error;
    }
    return undefined;
  };
  const rows: readonly (readonly [string, () => unknown, string, string])[] = [
    [
      'a dtype of other files',
      () => planSafetensors([planned('c128', [1])]),
      'unsupported',
      'safetensors have no values of dtype c128',
    ],
    [
      'sixes, whose packing nobody has agreed on',
      () => planSafetensors([planned('f6_e2m3', [4])]),
      'unsupported',
      'safetensors have no values of dtype f6_e2m3',
    ],
    [
      'one name twice',
      () => planSafetensors([planned('u8', [1]), planned('u8', [1])]),
      'invalid-params',
      'the tensor a cannot be saved: two tensors have this name',
    ],
    [
      'the name of the metadata',
      () => planSafetensors([planned('u8', [1], '__metadata__')]),
      'invalid-params',
      'the tensor __metadata__ cannot be saved: the format keeps this name for itself',
    ],
    [
      'bytes that do not fit the shape',
      () => planSafetensors([{ ...planned('f32', [2]), byteLength: 7 }]),
      'invalid-params',
      'the tensor a cannot be saved: 7 bytes do not fit f32 [2]',
    ],
    [
      'fours that do not fill a byte',
      () => planSafetensors([planned('f4_e2m1', [3])]),
      'invalid-params',
      'the tensor a cannot be saved: its values do not fill whole bytes',
    ],
    [
      'half a surrogate pair',
      () => planSafetensors([planned('u8', [1], 'a\ud800')]),
      'invalid-params',
      'a text with half a surrogate pair cannot be saved',
    ],
  ];
  it.each(rows)('%s', (_, run, code, message) => expect(refusal(run)).toEqual({ code, message }));

  it('a header beyond the format’s own limit', () => {
    const long = 'x'.repeat(100_000_001);
    expect(refusal(() => planSafetensors([], { long }))).toEqual({
      code: 'limit',
      message: 'names and metadata are longer than a safetensors header may be',
    });
  });

  it('values that cannot be read: the failure comes out as it is', async () => {
    const failing = {
      ...toSave('a', 'u8', [1], new Uint8Array(1)),
      read: async () => Promise.reject(new AppError('io', 'gone')),
    };
    expect(await rejection(save([failing]))).toEqual({ code: 'io', message: 'gone' });
  });
});

describe('round trips', () => {
  it('any names, shapes and metadata come back', async () => {
    const tensor = fc.record({
      name: fc.string({ unit: 'grapheme' }).filter((name) => name !== '__metadata__'),
      dtype: fc.constantFrom('f32', 'bool', 'u64', 'bf16', 'f8_e8m0', 'c64'),
      shape: fc.array(fc.nat(3), { maxLength: 4 }),
      seed: fc.nat(255),
    });
    await fc.assert(
      fc.asyncProperty(
        fc.uniqueArray(tensor, { selector: ({ name }) => name, maxLength: 8 }),
        fc.array(fc.tuple(fc.string({ unit: 'grapheme' }), fc.string({ unit: 'grapheme' })), {
          maxLength: 4,
        }),
        async (specs, pairs) => {
          const tensors = specs.map(({ name, dtype, shape, seed }) => {
            const { byteLength } = planned(dtype, shape);
            return toSave(name, dtype, shape, new Uint8Array(byteLength).fill(seed));
          });
          const metadata = Object.assign(
            Object.create(null) as Record<string, string>,
            Object.fromEntries(pairs),
          );
          const checkpoint = await safetensors.open(
            await fileInput(memorySource(await save(tensors, metadata))),
          );
          expect({ ...checkpoint.metadata }).toEqual({ ...metadata });
          expect(checkpoint.problems).toEqual([]);
          for (const original of tensors) {
            const clone = checkpoint.tensors.find(({ name }) => name === original.name)!;
            expect([clone.dtype, clone.shape]).toEqual([original.dtype, original.shape]);
            const reader = tensorReader(clone, checkpoint.sources);
            const bytes = await reader.read(0, reader.elementCount);
            expect(Buffer.compare(bytes, await original.read(0, original.byteLength))).toBe(0);
          }
        },
      ),
      { numRuns: 200 },
    );
  });

  const genuine = hasOracles
    ? Object.entries(readOracles().files).filter(([, { format }]) => format === 'safetensors')
    : [];
  it.skipIf(!hasOracles).each(genuine)('%s is written again byte for byte', async (path) => {
    const original = readFileSync(`${ORACLES}${path}`);
    const checkpoint = await safetensors.open(await fileInput(memorySource(original)));
    const tensors = checkpoint.tensors.map((tensor) => {
      const reader = tensorReader(tensor, checkpoint.sources);
      const width = reader.elementByteLength;
      return {
        ...{ name: tensor.name, dtype: tensor.dtype, shape: tensor.shape },
        byteLength: reader.elementCount * width,
        read: (offset: number, length: number) => reader.read(offset / width, length / width),
      };
    });
    expect((await save(tensors, checkpoint.metadata as Record<string, string>)).equals(original)).toBe(true);
  });
});
