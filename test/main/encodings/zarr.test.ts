import { describe, expect, it } from 'vitest';

import { memorySource } from '#main/bytes/memory-source.ts';
import { findArrays } from '#main/encodings/zarr/arrays.ts';
import { openZarrArray, type ZarrArray } from '#main/encodings/zarr/zarr.ts';
import type { ZarrStore } from '#main/encodings/zarr/store.ts';
import { AppError, isAppError } from '#shared/errors.ts';

function storeOf(values: Readonly<Record<string, Uint8Array | object>>): ZarrStore {
  const keys = Object.keys(values);
  return {
    keys,
    locate: async (key) => {
      const value = values[key];
      if (!value) throw new AppError('not-found', `there is no ${key}`);
      const bytes = value instanceof Uint8Array ? value : Uint8Array.from(Buffer.from(JSON.stringify(value)));
      return {
        source: memorySource(bytes, key),
        number: keys.indexOf(key),
        offset: 0,
        byteLength: bytes.byteLength,
      };
    },
  };
}

async function openAt(
  values: Readonly<Record<string, Uint8Array | object>>,
  path = '',
): Promise<ZarrArray | undefined> {
  const store = storeOf(values);
  return openZarrArray(store, findArrays(store).get(path)!);
}

const faultOf = async (values: Readonly<Record<string, Uint8Array | object>>): Promise<string> => {
  try {
    const [fault] = (await openAt(values))?.faults ?? [];
    return fault ? `${fault.code}: ${fault.message}` : 'nothing';
  } catch (error) {
    if (isAppError(error)) return `${error.code}: ${error.message}`;
    throw error;
  }
};

const two = {
  zarr_format: 2,
  shape: [4],
  chunks: [2],
  dtype: '<i2',
  order: 'C',
  fill_value: 0,
  compressor: null,
  filters: null,
};
const three = {
  zarr_format: 3,
  node_type: 'array',
  shape: [4],
  data_type: 'int16',
  chunk_grid: { name: 'regular', configuration: { chunk_shape: [4] } },
  chunk_key_encoding: { name: 'default' },
  fill_value: 0,
  codecs: [{ name: 'bytes', configuration: { endian: 'little' } }],
};
const shards = (configuration: object): object => ({
  ...three,
  codecs: [
    {
      name: 'sharding_indexed',
      configuration: {
        chunk_shape: [2],
        codecs: ['bytes'],
        index_codecs: ['bytes', 'crc32c'],
        ...configuration,
      },
    },
  ],
});

describe('what is wrong with a description is said', () => {
  it.each<[string, object, string]>([
    [
      'another version',
      { ...two, zarr_format: 1 },
      'corrupt: the description of the array has no zarr_format of 2',
    ],
    ['a negative size', { ...two, shape: [-4] }, 'corrupt: the description of the array has no shape'],
    [
      'chunks of another rank',
      { ...two, chunks: [2, 2] },
      'corrupt: the description of the array has no chunks that go with its shape',
    ],
    ['empty chunks', { ...two, chunks: [0] }, 'corrupt: the chunks of the array are empty'],
    [
      'another order',
      { ...two, order: 'K' },
      'corrupt: the description of the array has no order that is known',
    ],
    [
      'another separator',
      { ...two, dimension_separator: '-' },
      'corrupt: the description of the array has no dimension_separator that is known',
    ],
    ['records', { ...two, dtype: [['a', '<i2']] }, 'unsupported: records in zarr arrays are not read'],
    ['texts', { ...two, dtype: '<U4' }, 'unsupported: zarr arrays of the type <U4 are not read'],
    [
      'blosc',
      { ...two, compressor: { id: 'blosc' } },
      'unsupported: the chunks are packed with blosc, which is not read',
    ],
    [
      'lz4',
      { ...two, compressor: { id: 'lz4' } },
      'unsupported: the chunks are packed with lz4, which is not read',
    ],
    [
      'a filter',
      { ...two, filters: [{ id: 'quantize' }] },
      'unsupported: the chunks are packed with quantize, which is not read',
    ],
  ])('version 2: %s', async (_what, description, message) => {
    expect(await faultOf({ '.zarray': description })).toBe(message);
  });

  it.each<[string, object, string]>([
    [
      'another version',
      { ...three, zarr_format: 4 },
      'corrupt: the description of the array has no zarr_format of 3',
    ],
    [
      'another grid',
      { ...three, chunk_grid: { name: 'rectangular' } },
      'unsupported: zarr arrays with the chunk grid rectangular are not read',
    ],
    [
      'another type',
      { ...three, data_type: 'int128' },
      'unsupported: zarr arrays with the data type int128 are not read',
    ],
    [
      'other keys',
      { ...three, chunk_key_encoding: 'hash' },
      'unsupported: zarr arrays with the chunk key encoding hash are not read',
    ],
    ['no codecs', { ...three, codecs: [] }, 'corrupt: the description of the array has no codecs'],
    [
      'blosc',
      { ...three, codecs: ['bytes', 'blosc'] },
      'unsupported: the chunks are packed with blosc, which is not read',
    ],
    [
      'no bytes',
      { ...three, codecs: ['gzip'] },
      'unsupported: the chunks are packed with gzip, which is not read',
    ],
    [
      'axes that are no order',
      { ...three, codecs: [{ name: 'transpose', configuration: { order: [1] } }, 'bytes'] },
      'corrupt: the axes of the array are turned round in a way that makes no sense',
    ],
    [
      'shards of broken chunks',
      shards({ chunk_shape: [3] }),
      'corrupt: the shards of the array do not consist of whole chunks',
    ],
    [
      'a packed index',
      shards({ index_codecs: ['bytes', 'zstd'] }),
      'unsupported: the chunks are packed with an index of shards that is packed, which is not read',
    ],
  ])('version 3: %s', async (_what, description, message) => {
    expect(await faultOf({ 'zarr.json': description })).toBe(message);
  });

  it('no JSON at all', async () => {
    expect(await faultOf({ '.zarray': Uint8Array.of(0x7b) })).toBe(
      'corrupt: the description of the array is not JSON',
    );
    expect(await faultOf({ '.zarray': [1] })).toBe('corrupt: the description of the array is no JSON object');
    expect(await faultOf({ '.zarray': Uint8Array.of(0xff) })).toBe(
      'corrupt: the description of the array is not UTF-8',
    );
  });

  it.each<[string, Uint8Array, string]>([
    ['shorter than its index', new Uint8Array(10), 'a shard is too short for its index'],
    ['whose index misses its checksum', new Uint8Array(40), 'a chunk does not have its CRC-32C'],
  ])('a shard %s', async (_what, shard, message) => {
    const array = await openAt({ 'zarr.json': shards({}), 'c/0': shard });
    expect(array!.faults.map((fault) => fault.message)).toEqual([message]);
  });

  it('a shard whose index points beyond its end', async () => {
    const index = new DataView(new ArrayBuffer(32));
    index.setBigUint64(0, 2n ** 63n, true);
    index.setBigUint64(8, 4n, true);
    index.setBigUint64(16, 2n ** 64n - 1n, true);
    index.setBigUint64(24, 2n ** 64n - 1n, true);
    const array = await openAt({
      'zarr.json': shards({ index_codecs: ['bytes'] }),
      'c/0': new Uint8Array(index.buffer),
    });
    expect(array!.faults.map((fault) => fault.message)).toEqual([
      'the index of a shard points beyond its end',
    ]);
  });
});

describe('chunks by their keys', () => {
  const chunk = new Uint8Array(4);
  it('are those of cells in the array, and no other files', async () => {
    const array = await openAt({
      '.zarray': two,
      '0': chunk,
      '2': chunk,
      '01': chunk,
      '0.0': chunk,
      x: chunk,
      '-1': chunk,
    });
    expect(array!.chunks.map(({ origin }) => origin)).toEqual([[0]]);
    expect(array!.missing).toBe(1);
  });

  it('belong to the innermost array', async () => {
    const values = { 'a/.zarray': two, 'a/0': chunk, 'a/b/.zarray': two, 'a/b/1': chunk };
    expect((await openAt(values, 'a'))!.chunks.map(({ origin }) => origin)).toEqual([[0]]);
    expect((await openAt(values, 'a/b'))!.chunks.map(({ origin }) => origin)).toEqual([[2]]);
  });

  it('are none of a group', async () => {
    expect(await openAt({ 'zarr.json': { zarr_format: 3, node_type: 'group' } })).toBeUndefined();
  });
});

describe('fill values', () => {
  it.each<[string, unknown, string, number[] | undefined]>([
    ['<i2', null, 'of none', undefined],
    ['<i2', -2, 'a negative integer', [0xfe, 0xff]],
    ['>i2', -2, 'turned round', [0xff, 0xfe]],
    ['<f2', 65504, 'the largest half', [0xff, 0x7b]],
    ['<f2', 65520, 'beyond the largest half', [0x00, 0x7c]],
    ['<f2', 2 ** -24, 'the least half', [0x01, 0x00]],
    ['<f2', 1 + 2 ** -11, 'a half between two, to the even one', [0x00, 0x3c]],
    ['<f2', '-Infinity', 'infinity', [0x00, 0xfc]],
    ['bfloat16', -0.5, 'bfloat16', [0x00, 0xbf]],
    ['bfloat16', 'NaN', 'NaN', [0xc0, 0x7f]],
    ['<f4', -0, 'zero with a sign, which JSON loses', undefined],
    ['<c8', [1, 2], 'complex', [0, 0, 0x80, 0x3f, 0, 0, 0, 0x40]],
    ['<M8[s]', 'NaT', 'no time', [0, 0, 0, 0, 0, 0, 0, 0x80]],
    ['|V2', 'AQI=', 'bytes', [1, 2]],
    ['|b1', true, 'a flag', [1]],
  ])('%s: %j is %s', async (dtype, fill, _what, expected) => {
    const array = await openAt({ '.zarray': { ...two, dtype, fill_value: fill } });
    expect([array!.description.isFillKnown, array!.description.fill && [...array!.description.fill]]).toEqual(
      [true, expected],
    );
  });

  it('that a type cannot have are not made up', async () => {
    const array = await openAt({ '.zarray': { ...two, fill_value: 'red' } });
    expect(array!.description.isFillKnown).toBe(false);
  });
});
