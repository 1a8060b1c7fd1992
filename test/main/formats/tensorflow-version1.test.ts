import { readdirSync, readFileSync, statSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

import { describe, expect, it } from 'vitest';

import { memorySource } from '#main/bytes/memory-source.ts';
import type { Checkpoint } from '#main/formats/contract.ts';
import { openCheckpoint } from '#main/formats/detect.ts';
import { fileInput } from '#main/formats/input.ts';
import type { OpenCheckpoint } from '#main/services/checkpoints.ts';
import { createCompute } from '#main/services/compute.ts';
import { verifyCheckpoint } from '#main/services/integrity.ts';
import { countingSource } from '#test/kit/counting-source.ts';
import { memoryFolder } from '#test/kit/memory-folder.ts';
import { rejection } from '#test/kit/rejection.ts';
import { writeTable } from '#test/kit/sorted-table-writer.ts';
import { field } from '#test/kit/tensor-bundle-writer.ts';
import { rowsOf } from '#test/kit/rows.ts';

const FIXTURES = fileURLToPath(new URL('../../fixtures/tensorflow/', import.meta.url));

type Row = { readonly dtype: string; readonly shape: readonly number[]; readonly sha256: string };
const EXPECTED = JSON.parse(readFileSync(`${FIXTURES}expected.json`, 'utf8')) as Readonly<
  Record<string, Readonly<Record<string, Row>>>
>;
const FILES: ReadonlyMap<string, Uint8Array> = new Map(
  (readdirSync(FIXTURES, { recursive: true }) as string[])
    .filter((path) => statSync(`${FIXTURES}${path}`).isFile())
    .map((path) => [path, Uint8Array.from(readFileSync(`${FIXTURES}${path}`))]),
);

/** A path that ends in a slash is a folder's. */
async function open(path: string, files: ReadonlyMap<string, Uint8Array> = FILES): Promise<Checkpoint> {
  const steps = path.split('/');
  const name = steps.pop()!;
  const folder = steps.reduce((outer, step) => outer.folder(step), memoryFolder('top', files));
  if (name === '') return openCheckpoint({ kind: 'folder', name: folder.name, folder });
  return openCheckpoint(await fileInput(await folder.open(name), folder));
}

async function verify(checkpoint: Checkpoint): Promise<Record<string, string>> {
  const context = { signal: new AbortController().signal, progress: () => {} };
  const { tensors } = await verifyCheckpoint(
    { checkpoint } as OpenCheckpoint,
    createCompute(undefined),
    context,
  );
  return Object.fromEntries(tensors.map(({ name, state }) => [name, state]));
}

describe('what TensorFlow wrote has the values that it had', () => {
  it.each(Object.keys(EXPECTED))('%s', async (path) => {
    const checkpoint = await open(path);
    expect(await rowsOf(checkpoint)).toEqual(EXPECTED[path]);
    expect(checkpoint.format).toBe('tensorflow');
    expect(new Set(checkpoint.sources).size).toBe(checkpoint.sources.length);
  });

  const note = Uint8Array.from(Buffer.from('model_checkpoint_path: "m-3"\n'));
  const graph = new Uint8Array(2);
  it.each<[string, Readonly<Record<string, Uint8Array>>]>([
    ['its graph', { 'm-3.meta': graph }],
    ['a note that names it', { checkpoint: note }],
    [
      'an older one, and a note',
      { 'm-3.meta': graph, checkpoint: note, 'm-2': FILES.get('model.ckpt-7')!, 'm-2.meta': graph },
    ],
  ])('a folder of a checkpoint in one file with %s', async (_, beside) => {
    const files = new Map(Object.entries({ 'm-3': FILES.get('kinds.ckpt')!, ...beside }));
    const checkpoint = await openCheckpoint({
      kind: 'folder',
      name: 'run',
      folder: memoryFolder('run', files),
    });
    expect(await rowsOf(checkpoint)).toEqual(EXPECTED['kinds.ckpt']);
  });

  it.each([
    ['model.ckpt-7', 'TensorFlow checkpoint V1 (tf.train.Saver)', []],
    ['sharded/', 'TensorFlow checkpoint V1 (tf.train.Saver), in 3 parts', []],
    ['sharded/checkpoint', 'TensorFlow checkpoint V1 (tf.train.Saver), in 3 parts', []],
    ['saved_model/', 'TensorFlow SavedModel variables, written by TensorFlow 2.21.0', []],
    ['interrupted/', 'TensorFlow checkpoint V2, 2 parts of a save that was interrupted', ['interrupted']],
  ])('%s says what it is', async (path, dialect, codes) => {
    const checkpoint = await open(path);
    expect([checkpoint.dialect, checkpoint.problems.map(({ code }) => code)]).toEqual([dialect, codes]);
  });

  it('floats lie in place, and every tensor has the checksum of its block', async () => {
    const checkpoint = await open('kinds.ckpt');
    const kinds = Object.fromEntries(checkpoint.tensors.map(({ name, storage }) => [name, storage.kind]));
    expect(kinds).toMatchObject({ float32: 'dense', complex64: 'dense', bool: 'dense', float16: 'inline' });
    expect(new Set(Object.values(await verify(checkpoint)))).toEqual(new Set(['verified']));
  });
});

describe('a SavedModel', () => {
  it('shows tags, signatures, assets and labels', async () => {
    const { metadata, tensors } = await open('saved_model/');
    expect(metadata).toMatchObject({
      tensorflowVersion: '2.21.0',
      tags: ['serve'],
      signatures: ['__saved_model_init_op', 'serve'],
      assets: { 'vocabulary.txt': 'one\ntwo\n' },
    });
    expect(tensors.map(({ label }) => label)).toEqual(['weight']);
  });

  it('a model that is damaged is a problem beside the variables', async () => {
    const files = new Map([...FILES, ['saved_model/saved_model.pb', Uint8Array.of(0x12, 0x7f)]]);
    const { problems, tensors } = await open('saved_model/', files);
    expect([problems.map(({ code }) => code), tensors.length]).toEqual([['saved-model'], 1]);
  });

  it('an asset that is no text is told by its length', async () => {
    const files = new Map([...FILES, ['saved_model/assets/x.bin', Uint8Array.of(0xff, 0, 1)]]);
    const { metadata } = await open('saved_model/', files);
    expect(metadata['assets']).toEqual({ 'vocabulary.txt': 'one\ntwo\n', 'x.bin': '3 bytes' });
  });
});

describe('what is wrong is told', () => {
  it('a part that is missing leaves the others readable', async () => {
    const files = new Map([...FILES].filter(([path]) => path !== 'sharded/model.ckpt-7-00001-of-00003'));
    const { tensors, problems } = await open('sharded/', files);
    expect(tensors.map(({ name }) => name).sort()).toEqual(['codes', 'emb/table', 'global_step']);
    expect(problems).toEqual([
      {
        code: 'missing-part',
        message: expect.stringContaining('the part model.ckpt-7-00001-of-00003 cannot be read: ') as string,
      },
    ]);
  });

  it('a bit that flipped is told on opening and found in its tensor', async () => {
    const bytes = FILES.get('model.ckpt-7')!.slice();
    const { tensors } = await open('model.ckpt-7');
    const { storage } = tensors.find(({ name }) => name === 'out/kernel')!;
    if (storage.kind !== 'dense') throw new Error('in place');
    bytes[storage.offset + 5]! ^= 4;
    const damaged = await open('model.ckpt-7', new Map([['model.ckpt-7', bytes]]));
    expect(damaged.problems.map(({ code }) => code)).toEqual(['crc-mismatch']);
    expect((await verify(damaged))['out/kernel']).toBe('failed');
  });

  const meta = (name: string, shape: number[], code: number, slices: [number, number][][]): number[] =>
    field.bytes(1, [
      ...field.text(1, name),
      ...field.bytes(
        2,
        shape.flatMap((size) => field.bytes(2, field.varint(1, size))),
      ),
      ...field.varint(3, code),
      ...slices.flatMap((slice) => field.bytes(4, extentsOf(slice))),
    ]);
  const extentsOf = (slice: [number, number][]): number[] =>
    slice.flatMap(([start, length]) =>
      field.bytes(1, [...field.varint(1, start), ...field.varint(2, length)]),
    );
  const data = (name: string, slice: [number, number][], proto: number[]): Uint8Array =>
    Uint8Array.from(
      field.bytes(2, [...field.text(1, name), ...field.bytes(2, extentsOf(slice)), ...field.bytes(3, proto)]),
    );
  const floats = (...values: number[]): number[] => [...new Uint8Array(Float32Array.from(values).buffer)];
  const table = (metas: number[], entries: [string, Uint8Array][], options = {}): Uint8Array =>
    writeTable({ entries: [['', Uint8Array.from(field.bytes(1, metas))], ...entries], ...options });
  const openTable = (bytes: Uint8Array): Promise<Checkpoint> => open('x', new Map([['x', bytes]]));

  it.each<[string, number[], [string, Uint8Array][], string]>([
    [
      'a slice that is not there',
      meta('a', [2], 1, [[[0, 1]], [[1, 1]]]),
      [['k', data('a', [[0, 1]], field.bytes(5, floats(1)))]],
      'a: 1 of its 2 slices are not in the checkpoint',
    ],
    [
      'slices that leave some out',
      meta('a', [3], 1, [[[0, 1]], [[1, 1]]]),
      [
        ['k', data('a', [[0, 1]], field.bytes(5, floats(1)))],
        ['l', data('a', [[1, 1]], field.bytes(5, floats(2)))],
      ],
      'a: its slices have 2 of its 3 elements',
    ],
    [
      'too few values',
      meta('a', [2], 1, [[[0, 2]]]),
      [['k', data('a', [[0, 2]], field.bytes(5, floats(1)))]],
      'a: there are not as many values as the shape wants',
    ],
    [
      'a type without values',
      meta('a', [2], 20, [[[0, 2]]]),
      [['k', data('a', [[0, 2]], [])]],
      'a is of the type resource, which we do not show',
    ],
  ])('%s', async (_, metas, entries, message) => {
    const { tensors, problems } = await openTable(table(metas, entries));
    expect([tensors.map(({ storage }) => storage.kind), problems.map((one) => one.message)]).toEqual([
      ['none'],
      [message],
    ]);
  });

  it('values that stand one by one, and a table in snappy blocks', async () => {
    const one = [...field.fixed32(5, 0x3f800000), ...field.fixed32(5, 0x40000000)];
    for (const isSnappy of [false, true]) {
      const bytes = table(meta('a', [2], 1, [[[0, 2]]]), [['k', data('a', [[0, 2]], one)]], { isSnappy });
      const checkpoint = await openTable(bytes);
      expect(checkpoint.problems).toEqual([]);
      expect(checkpoint.tensors[0]!.storage).toEqual({
        kind: 'inline',
        bytes: Uint8Array.from(floats(1, 2)),
      });
      expect(await verify(checkpoint)).toEqual({ a: 'verified' });
    }
  });

  it('a table without its list is none', async () => {
    expect(await rejection(openTable(writeTable({ entries: [['k', Uint8Array.of(1)]] })))).toMatchObject({
      code: 'unknown-format',
    });
  });

  it('a tensor of megabytes is passed over, not read', async () => {
    const count = 400_000;
    const values = lengthDelimited(5, Buffer.alloc(4 * count, 1));
    const slice = Buffer.concat([
      Buffer.from(field.text(1, 'wide')),
      Buffer.from(field.bytes(2, extentsOf([[0, count]]))),
      lengthDelimited(3, values),
    ]);
    const bytes = table(meta('wide', [count], 1, [[[0, count]]]), [['k', lengthDelimited(2, slice)]]);
    const source = countingSource(memorySource(bytes, 'x'));
    const { tensors, problems } = await openCheckpoint(await fileInput(source));
    expect([tensors.map(({ shape }) => shape), problems]).toEqual([[[count]], []]);
    expect(source.byteCount()).toBeLessThan(200_000);
  });
});

/** A field of millions of bytes, which the kit's writer would spread. */
function lengthDelimited(number: number, content: Buffer): Buffer {
  const head: number[] = [number * 8 + 2];
  let rest = content.byteLength;
  for (; rest >= 0x80; rest >>>= 7) head.push((rest & 0x7f) | 0x80);
  return Buffer.concat([Buffer.from([...head, rest]), content]);
}
