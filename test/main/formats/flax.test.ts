import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

import { fileSource } from '#main/bytes/file-source.ts';
import { folderOf } from '#main/bytes/folder.ts';
import { memorySource } from '#main/bytes/memory-source.ts';
import { openCheckpoint } from '#main/formats/detect.ts';
import { flax } from '#main/formats/flax/flax.ts';
import { fileInput } from '#main/formats/input.ts';
import { countingSource } from '#test/kit/counting-source.ts';
import { digestOf } from '#test/kit/digest.ts';
import { memoryFolder } from '#test/kit/memory-folder.ts';
import { rejection } from '#test/kit/rejection.ts';
import { rowsOf } from '#test/kit/rows.ts';

const FIXTURES = fileURLToPath(new URL('../../fixtures/flax/', import.meta.url));

interface Expected {
  readonly layout: string;
  readonly tensors: Readonly<Record<string, unknown>>;
  readonly metadata: Readonly<Record<string, unknown>>;
  readonly problems: readonly string[];
}
const EXPECTED = JSON.parse(readFileSync(`${FIXTURES}expected.json`, 'utf8')) as Record<string, Expected>;

const bytesOf = (name: string): Uint8Array => Uint8Array.from(readFileSync(`${FIXTURES}${name}`));
const inputOf = (bytes: Uint8Array, name = 'state') => fileInput(memorySource(bytes, name));
const text = (value: string): number[] => [0xa0 | value.length, ...Buffer.from(value)];

describe('states by Flax open with its names, types, shapes, values and plain values', () => {
  it.each(Object.keys(EXPECTED))('%s', async (name) => {
    const expected = EXPECTED[name]!;
    const path = `${FIXTURES}${name}`;
    const checkpoint = await openCheckpoint(await fileInput(await fileSource(path), folderOf(path)));
    expect([checkpoint.format, checkpoint.layout]).toEqual(['flax', expected.layout]);
    const rows: [string, unknown][] = [];
    for (const tensor of checkpoint.tensors) {
      const { name: tensorName, dtype, shape } = tensor;
      const sha256 = (await digestOf(tensor, checkpoint.sources)) ?? null;
      rows.push([tensorName, { dtype, shape, sha256 }]);
    }
    for (const source of checkpoint.sources) await source.close();
    expect(rows.sort()).toEqual(Object.entries(expected.tensors).sort());
    const metadata = Object.entries(checkpoint.metadata).map(([key, value]) => [
      key,
      typeof value === 'bigint' ? String(value) : value,
    ]);
    expect(metadata.sort()).toEqual(Object.entries(expected.metadata).sort());
    expect(checkpoint.problems.map(({ code }) => code)).toEqual(expected.problems);
  });
});

describe('what is wrong with a state is said', () => {
  it.each([
    ['broken-length.msgpack', 'the values take 15 bytes, the shape wants 16'],
    ['broken-dtype.msgpack', "the type float33 is none of NumPy's"],
    ['broken-shape.msgpack', 'the shape of an array has something that is no dimension'],
    ['broken-payload.msgpack', 'an array is not a shape, a type and bytes'],
    ['broken-payload-end.msgpack', 'an array should end at byte 75 and ends at 74'],
    ['broken-chunks.msgpack', 'a chunked array has no chunks'],
    ['broken-chunk-types.msgpack', 'the chunks of an array are of different types'],
    ['broken-trailing.msgpack', '2 bytes follow the end of the state'],
    ['narrow.msgpack', 'values of the type float8_e3m4 are shown as bytes'],
  ])('%s: %s', async (name, message) => {
    const checkpoint = await openCheckpoint(await inputOf(bytesOf(name)));
    expect(checkpoint.problems.map((problem) => problem.message)).toEqual([message]);
  });

  it('a file that is cut short', async () => {
    const error = await rejection(openCheckpoint(await inputOf(bytesOf('list.msgpack').slice(0, 30))));
    expect(error.code).toBe('corrupt');
    expect(error.message).toBe('the file ends before the bytes that it promises');
    expect(error.format).toBe('flax');
  });

  it('values nested without end', async () => {
    const array = [...text('a'), ...bytesOf('lone.msgpack')];
    const deep = Uint8Array.from([0x82, ...array, ...text('b'), ...new Array<number>(2000).fill(0x91), 0xc0]);
    const error = await rejection(openCheckpoint(await inputOf(deep)));
    expect([error.code, error.message]).toEqual(['limit', 'the file holds values nested deeper than 1024']);
  });

  it('a list of more items than there is room for', async () => {
    const array = [...text('a'), ...bytesOf('lone.msgpack')];
    const wide = Uint8Array.from([0x82, ...array, ...text('b'), 0xdd, 0xff, 0xff, 0xff, 0xff, 0xc0]);
    const error = await rejection(openCheckpoint(await inputOf(wide)));
    expect([error.code, error.message]).toEqual([
      'corrupt',
      'an array has more entries than the file has room for',
    ]);
  });

  it('a byte that the format leaves unused', async () => {
    const array = [...text('a'), ...bytesOf('lone.msgpack')];
    const error = await rejection(
      openCheckpoint(await inputOf(Uint8Array.from([0x82, ...array, ...text('b'), 0xc1]))),
    );
    expect([error.message, error.found]).toEqual(['a byte begins no MessagePack value', '0xc1']);
  });

  it('a key that is a list', async () => {
    const array = [...text('a'), ...bytesOf('lone.msgpack')];
    const error = await rejection(
      openCheckpoint(await inputOf(Uint8Array.from([0x82, ...array, 0x90, 0xc0]))),
    );
    expect([error.message, error.found]).toEqual(['a key is neither a text nor a number', 'array']);
  });
});

describe('Flax claims nothing but states', () => {
  it.each<[string, readonly number[]]>([
    ['an empty map', [0x80]],
    ['a map of plain values', [0x81, ...text('epoch'), 7]],
    [
      'a map of extensions of other types',
      [0x81, ...text('x'), 0xc7, 8, 5, 0x93, 0x91, 4, 0xa1, 0x61, 0xc4, 1, 0],
    ],
    ['a pickle of protocol 2', [0x80, 2, 0x7d, 0x71, 0, 0x2e]],
    ['numbers', [1, 2, 3]],
    ['a map that is cut short before any array', [0x82, ...text('epoch'), 7, ...text('a')]],
  ])('%s', async (_what, bytes) => {
    expect(await flax.claims(await inputOf(Uint8Array.from(bytes)))).toBe(false);
  });
});

describe('opening reads headers only', () => {
  it('of arrays of a megabyte', async () => {
    const values = new Uint8Array(2 ** 20);
    const header = [0x93, 0x91, 0xce, 0, 4, 0, 0, ...text('float32'), 0xc6, 0, 0x10, 0, 0];
    const one = Buffer.concat([
      Uint8Array.from([0xc9, ...[0, 0x10, 0, header.length], 1, ...header]),
      values,
    ]);
    const entries = Array.from({ length: 9 }, (_, at) => [Uint8Array.from(text(`w${at}`)), one]).flat();
    const file = Uint8Array.from(Buffer.concat([Uint8Array.from([0x89]), ...entries]));
    const source = countingSource(memorySource(file));
    const checkpoint = await openCheckpoint(await fileInput(source));
    expect(checkpoint.tensors.map(({ shape }) => shape)).toEqual(Array.from({ length: 9 }, () => [2 ** 18]));
    expect(source.byteCount()).toBeLessThan(200_000);
  });
});

describe('a folder of states by their steps', () => {
  const STEPS = JSON.parse(readFileSync(`${FIXTURES}steps.json`, 'utf8')) as {
    readonly last: string;
    readonly tensors: unknown;
  };
  const names = ['checkpoint_10', 'checkpoint_2.5', 'checkpoint_9'];
  const states = new Map(names.map((name) => [name, bytesOf(`steps/${name}`)]));
  const open = (files: ReadonlyMap<string, Uint8Array>) =>
    openCheckpoint({ kind: 'folder', name: 'run', folder: memoryFolder('run', files) });

  it('opens the last one, as flax restores it', async () => {
    const checkpoint = await open(states);
    expect(STEPS.last).toBe('checkpoint_10');
    expect(await rowsOf(checkpoint)).toEqual(STEPS.tensors);
    expect(checkpoint.dialect).toBe('Flax state (MessagePack), step 10, the last of 3');
    expect(checkpoint.metadata['steps']).toEqual(['2.5', '9', '10']);
  });

  it('is none where the last is something else, or where steps are folders', async () => {
    const refusal = { message: 'this folder is no checkpoint of several files' };
    await expect(open(new Map([...states, ['log_11', new Uint8Array(9)]]))).rejects.toMatchObject(refusal);
    await expect(open(new Map([...states, ['checkpoint_11/x', new Uint8Array(9)]]))).rejects.toMatchObject(
      refusal,
    );
  });
});
