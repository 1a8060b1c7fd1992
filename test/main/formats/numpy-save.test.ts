import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { crc32 } from 'node:zlib';

import { describe, expect, it } from 'vitest';

import { memorySource } from '#main/bytes/memory-source.ts';
import { openZip } from '#main/encodings/zip/zip.ts';
import type { TensorToSave } from '#main/formats/contract.ts';
import { npyChunks, npzChunks } from '#main/formats/numpy/save.ts';
import { rejection } from '#test/kit/rejection.ts';

interface SavedByNumpy {
  readonly dtype: string;
  readonly shape: readonly number[];
  readonly data: string;
  readonly npy: string;
}

const FIXTURE = fileURLToPath(new URL('../../fixtures/numpy/saves.json', import.meta.url));
const SAVES = JSON.parse(readFileSync(FIXTURE, 'utf8')) as readonly SavedByNumpy[];

function toSave(name: string, dtype: string, shape: readonly number[], bytes: Uint8Array): TensorToSave {
  const read = async (offset: number, length: number): Promise<Uint8Array> =>
    bytes.slice(offset, offset + length);
  return { name, dtype, shape, byteLength: bytes.byteLength, read };
}

const fromRow = ({ dtype, shape, data }: SavedByNumpy, name = 'value'): TensorToSave =>
  toSave(name, dtype, shape, Uint8Array.from(Buffer.from(data, 'hex')));

async function join(chunks: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const parts: Uint8Array[] = [];
  for await (const chunk of chunks) {
    expect(chunk.byteLength).toBeLessThanOrEqual(1024 * 1024);
    parts.push(chunk);
  }
  return Buffer.concat(parts);
}

describe('.npy equals NumPy’s own file', () => {
  it.each(SAVES.map((row) => [`${row.dtype} [${row.shape.join(', ')}]`, row] as const))(
    '%s',
    async (_, row) => {
      expect((await join(npyChunks(fromRow(row)))).toString('hex')).toBe(row.npy);
    },
  );
});

describe('.npz', () => {
  const rows = SAVES.slice(0, 5);

  async function members(file: Buffer): Promise<[string, string, boolean][]> {
    const zip = (await openZip(memorySource(new Uint8Array(file))))!;
    const found: [string, string, boolean][] = [];
    for (const entry of zip.entries) {
      const source = await zip.source(entry);
      const bytes = await source.read(0, source.byteLength);
      found.push([entry.name, Buffer.from(bytes).toString('hex'), crc32(bytes) === entry.crc32]);
    }
    expect(zip.problems).toEqual([]);
    return found;
  }

  it('of a dict: each member is its tensor’s name and NumPy’s file, its checksum right', async () => {
    const tensors = rows.map((row, index) =>
      fromRow(row, ['hidden.weight', 'a/b', '__proto__', 'naïve', ''][index]),
    );
    const names = ['hidden.weight.npy', 'a/b.npy', '__proto__.npy', 'naïve.npy', '.npy'];
    const file = await join(npzChunks(tensors, { isList: false }));
    expect(await members(file)).toEqual(rows.map(({ npy }, index) => [names[index], npy, true]));
  });

  it('of a list: members are numbered as numpy.savez does', async () => {
    const file = await join(
      npzChunks(
        rows.map((row) => fromRow(row, 'same')),
        { isList: true },
      ),
    );
    expect((await members(file)).map(([name]) => name)).toEqual([
      'arr_0.npy',
      'arr_1.npy',
      'arr_2.npy',
      'arr_3.npy',
      'arr_4.npy',
    ]);
  });

  it('of nothing is an archive without members', async () => {
    expect(await members(await join(npzChunks([], { isList: false })))).toEqual([]);
  });

  it('a long member is read twice rather than held', async () => {
    const byteLength = 17 * 1024 * 1024;
    let bytesRead = 0;
    const long: TensorToSave = {
      ...{ name: 'long', dtype: 'u8', shape: [byteLength], byteLength },
      read: async (offset, length) => {
        bytesRead += length;
        return new Uint8Array(length).fill(offset / 1024 / 1024);
      },
    };
    const [member] = await members(await join(npzChunks([long], { isList: false })));
    expect([member![0], member![2], bytesRead]).toEqual(['long.npy', true, 2 * byteLength]);
  });

  it('equal tensors give equal bytes', async () => {
    const once = () =>
      join(
        npzChunks(
          rows.map((row, index) => fromRow(row, `t${index}`)),
          { isList: false },
        ),
      );
    expect((await once()).equals(await once())).toBe(true);
  });
});

describe('what is not written', () => {
  it.each<[string, TensorToSave, object]>([
    [
      'bf16',
      toSave('a', 'bf16', [1], new Uint8Array(2)),
      {
        code: 'unsupported',
        message: 'NumPy has no values of dtype bf16',
        hint: 'safetensors can hold them',
      },
    ],
    [
      'f8_e4m3',
      toSave('a', 'f8_e4m3', [1], new Uint8Array(1)),
      { code: 'unsupported', hint: 'safetensors can hold them' },
    ],
    [
      'i4',
      toSave('a', 'i4', [1], new Uint8Array(1)),
      { code: 'unsupported', message: 'NumPy has no values of dtype i4' },
    ],
    ['c32', toSave('a', 'c32', [1], new Uint8Array(4)), { code: 'unsupported' }],
    ['texts', toSave('a', 'str', [1], new Uint8Array(4)), { code: 'unsupported' }],
    ['a unit that is none', toSave('a', "datetime64['x']", [1], new Uint8Array(8)), { code: 'unsupported' }],
    [
      'bytes that do not fit the shape',
      toSave('a', 'f32', [3], new Uint8Array(8)),
      {
        code: 'invalid-params',
        message: 'the tensor a cannot be saved: its bytes do not fit its shape',
        expected: 'f32 [3]',
        found: '8 bytes',
      },
    ],
  ])('%s', async (_, tensor, expected) => {
    expect(await rejection(join(npyChunks(tensor)))).toMatchObject({ tensor: 'a', ...expected });
  });

  it('names that repeat, in an archive that goes by names', async () => {
    const tensors = [1, 2].map(() => toSave('a', 'u8', [1], new Uint8Array(1)));
    expect(await rejection(join(npzChunks(tensors, { isList: false })))).toMatchObject({
      code: 'invalid-params',
    });
  });
});
