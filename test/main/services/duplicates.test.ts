import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';

import { createEngine, type Engine } from '#main/engine.ts';
import { SAMPLES } from '#test/kit/shared-files.ts';
import { plainSafetensors } from '#test/kit/write-plain-safetensors.ts';
import type { DuplicateFindings } from '#shared/commands/checkpoint.ts';

let engine: Engine;
let folder: string;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'paramscope-duplicates-'));
  engine = await createEngine({ resourceFolder: folder });
});
afterEach(async () => {
  await engine.close();
  rmSync(folder, { recursive: true });
});

async function search(
  path: string,
  signal = new AbortController().signal,
  progress: (update: unknown) => void = () => {},
): Promise<DuplicateFindings> {
  const params = { file: engine.grant(path).file };
  return (await engine.answer('checkpoint.find-duplicates', params, {
    signal,
    progress,
  })) as DuplicateFindings;
}

function file(tensors: Parameters<typeof plainSafetensors>[0]): string {
  const path = join(folder, 'some.safetensors');
  writeFileSync(path, plainSafetensors(tensors));
  return path;
}

function floats(...values: readonly number[]): Uint8Array {
  return new Uint8Array(Float32Array.from(values).buffer);
}

const f32 = (name: string, shape: readonly number[], bytes: Uint8Array) => ({
  name,
  dtype: 'F32',
  shape: [...shape],
  bytes,
});

it('tells groups of equal tensors, those that cost most first', async () => {
  const large = new Float32Array(700_000).map((_, at) => Math.sin(at));
  const other = large.slice();
  other[699_999] = 1;
  const bytesOf = (values: Float32Array) => new Uint8Array(values.buffer);
  const path = file([
    f32('b.0', [4], floats(1, 1, 1, 1)),
    f32('embed', [700, 1000], bytesOf(large)),
    f32('almost', [700, 1000], bytesOf(other)),
    f32('head', [700, 1000], bytesOf(large.slice())),
    f32('b.1', [4], floats(1, 1, 1, 1)),
    f32('b.2', [4], floats(1, 1, 1, 2)),
    f32('other shape', [2, 2], floats(1, 1, 1, 1)),
    { name: 'other dtype', dtype: 'I32', shape: [4], bytes: floats(1, 1, 1, 1) },
    f32('b.3', [4], floats(1, 1, 1, 1)),
  ]);
  expect(await search(path)).toEqual({
    groups: [
      {
        names: ['embed', 'head'],
        dtype: 'f32',
        shape: [700, 1000],
        byteLength: 2_800_000,
        sparedBytes: 2_800_000,
        isConstant: false,
      },
      {
        names: ['b.0', 'b.1', 'b.3'],
        dtype: 'f32',
        shape: [4],
        byteLength: 16,
        sparedBytes: 32,
        isConstant: true,
      },
    ],
    sparedBytes: 2_800_032,
    searched: { tensors: 9, read: 7 },
    problems: [],
  });
});

it('compares bits: −0 is not 0, and NaNs with one payload are the same', async () => {
  const nan = Uint8Array.of(1, 0, 0xc0, 0x7f, 2, 0, 0xc0, 0x7f);
  const path = file([
    f32('zero', [2], floats(0, 0)),
    f32('minus', [2], floats(-0, 0)),
    f32('nan', [2], nan),
    f32('same nan', [2], nan.slice()),
  ]);
  const { groups } = await search(path);
  expect(groups.map(({ names, isConstant }) => [names, isConstant])).toEqual([[['nan', 'same nan'], false]]);
});

it('takes neither counters nor texts nor empty tensors for copies of each other', async () => {
  const counter = Uint8Array.of(7, 0, 0, 0, 0, 0, 0, 0);
  const path = file([
    { name: 'a.num_batches', dtype: 'I64', shape: [], bytes: counter },
    { name: 'b.num_batches', dtype: 'I64', shape: [], bytes: counter },
    f32('none', [0], floats()),
    f32('nothing', [0], floats()),
  ]);
  expect(await search(path)).toMatchObject({ groups: [], searched: { tensors: 4, read: 0 } });
});

/** Two stripes of 32 bytes that differ, and whose XXH64 does not: what the first word changes, the fifth takes back. */
function collision(): [Uint8Array, Uint8Array] {
  const [prime1, prime2] = [0x9e3779b185ebca87n, 0xc2b2ae3d27d4eb4fn];
  const word = (value: bigint) => BigInt.asUintN(64, value);
  const round = (lane: bigint, input: bigint) => {
    const sum = word(lane + input * prime2);
    return word(((sum << 31n) | (sum >> 33n)) * prime1);
  };
  const inverse = (odd: bigint) => {
    let found = odd;
    for (let bits = 3; bits < 64; bits *= 2) found = word(found * (2n - odd * found));
    return found;
  };
  const start = word(prime1 + prime2);
  const [one, two] = [new BigUint64Array(8), new BigUint64Array(8)];
  two[0] = 1n;
  two[4] = word((round(start, 0n) - round(start, 1n)) * inverse(prime2));
  return [new Uint8Array(one.buffer), new Uint8Array(two.buffer)];
}

it('is not taken in by contents that were made to have one digest', async () => {
  const [one, two] = collision();
  const path = file([f32('one', [16], one), f32('two', [16], two), f32('one again', [16], one.slice())]);
  const { groups } = await search(path);
  expect(groups.map(({ names }) => names)).toEqual([['one', 'one again']]);
});

it('tells progress in bytes of what is read, and stops when it is called off', async () => {
  const bytes = new Uint8Array(4 * 600_000);
  const path = file([f32('a', [600_000], bytes), f32('b', [600_000], bytes), f32('c', [3], floats(1, 2, 3))]);
  const updates: unknown[] = [];
  await search(path, undefined, (update) => updates.push(update));
  expect(updates.at(-1)).toEqual({ done: 4_800_000, total: 4_800_000, unit: 'bytes' });
  const controller = new AbortController();
  controller.abort();
  await expect(search(path, controller.signal)).rejects.toMatchObject({ code: 'cancelled' });
});

const lstm = `${SAMPLES}keras-hdf5/simple_lstm_th_keras_1_model.h5`;
it.skipIf(!existsSync(lstm))('finds the untouched slots of an optimizer in a genuine file', async () => {
  // numpy.array_equal of h5py's arrays says so; all are zeros
  expect((await search(lstm)).groups).toEqual([
    {
      names: [2, 3, 4, 5].map((slot) => `optimizer_weights/param_${slot}`),
      dtype: 'f32',
      shape: [50, 50],
      byteLength: 10_000,
      sparedBytes: 30_000,
      isConstant: true,
    },
  ]);
});
