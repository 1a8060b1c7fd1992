import { readFileSync } from 'node:fs';
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

import { fileSource } from '#main/bytes/file-source.ts';
import { folderAt, folderOf } from '#main/bytes/folder.ts';
import { memorySource } from '#main/bytes/memory-source.ts';
import type { ByteSource } from '#main/bytes/source.ts';
import type { Checkpoint } from '#main/formats/contract.ts';
import { openCheckpoint } from '#main/formats/detect.ts';
import { fileInput } from '#main/formats/input.ts';
import { countingSource } from '#test/kit/counting-source.ts';
import { digestOf } from '#test/kit/digest.ts';
import { rejection } from '#test/kit/rejection.ts';

const FIXTURES = fileURLToPath(new URL('../../fixtures/onnx/', import.meta.url));
type Row = { readonly dtype: string; readonly shape: readonly number[]; readonly sha256: string | null };
type Expected = Readonly<
  Record<string, { tensors: Readonly<Record<string, Row>>; problems: readonly string[] }>
>;
const EXPECTED = JSON.parse(readFileSync(`${FIXTURES}expected.json`, 'utf8')) as Expected;

async function openFile(path: string): Promise<Checkpoint> {
  return openCheckpoint(await fileInput(await fileSource(path), folderOf(path)));
}

async function rowsOf(checkpoint: Checkpoint): Promise<Record<string, unknown>> {
  const rows: Record<string, unknown> = {};
  for (const tensor of checkpoint.tensors) {
    const { name, dtype, shape } = tensor;
    rows[name] = { dtype, shape, sha256: (await digestOf(tensor, checkpoint.sources)) ?? null };
  }
  for (const source of checkpoint.sources) await source.close();
  return rows;
}

describe('models by the onnx package open with its names, types, shapes and values', () => {
  it.each(Object.keys(EXPECTED))('%s', async (name) => {
    const checkpoint = await openFile(`${FIXTURES}${name}`);
    expect(checkpoint.format).toBe('onnx');
    expect(await rowsOf(checkpoint)).toEqual(EXPECTED[name]!.tensors);
    expect(checkpoint.problems.map(({ code }) => code).sort()).toEqual(EXPECTED[name]!.problems);
  });

  it('tells what the model says about itself', async () => {
    const checkpoint = await openFile(`${FIXTURES}places.onnx`);
    for (const source of checkpoint.sources) await source.close();
    expect(checkpoint.dialect).toBe('ONNX of IR version 13, opset 25, written by maker 1');
    const { metadata_props: properties, opset_import: opsets, ...rest } = checkpoint.metadata;
    expect(rest).toEqual({
      ir_version: 13,
      producer_name: 'maker',
      producer_version: '1',
      graph: 'main',
      functions: ['f'],
    });
    expect(Object.entries(properties as object)).toEqual([['__proto__', 'plain']]);
    expect({ ...(opsets as object) }).toEqual({ 'ai.onnx': 25, my: 3 });
  });
});

describe('each broken tensor is named', () => {
  it.each([
    ['broken.onnx', 'short', 'the values take 12 bytes, the shape wants 16'],
    ['broken.onnx', 'few', 'the tensor has another number of values than its shape says'],
    ['broken.onnx', 'later type', 'the tensor has the type 99, which this version does not know'],
    ['broken.onnx', 'negative', 'the shape [-1] is not one a tensor can have'],
    ['broken.onnx', 'huge', 'the shape [1099511627776, 1099511627776] is not one a tensor can have'],
    ['broken.onnx', 'segment', 'the tensor is only a segment of one, which we do not put together'],
    ['broken.onnx', 'texts', 'the tensor holds 1 texts, the shape wants 3'],
    ['external-broken.onnx', 'missing', 'the file missing.bin is not beside the model'],
    [
      'external-broken.onnx',
      'up',
      'the external data point outside the folder of the model: ../onnx/outside.bin',
    ],
    [
      'external-broken.onnx',
      'absolute',
      'the external data point outside the folder of the model: /etc/passwd',
    ],
    ['external-broken.onnx', 'drive', 'the external data point outside the folder of the model: C:\\x'],
    ['external-broken.onnx', 'long', 'the external data are not as long as the shape says'],
    ['external-broken.onnx', 'beyond', 'the external data reach beyond the end of outside.bin'],
    ['external-broken.onnx', 'words', 'the offset of the external data is no number of bytes'],
    ['external-broken.onnx', 'is-folder', 'the file parts cannot be opened: this is no regular file'],
  ])('%s %s', async (file, tensor, message) => {
    const checkpoint = await openFile(`${FIXTURES}${file}`);
    for (const source of checkpoint.sources) await source.close();
    expect(
      checkpoint.problems.filter((problem) => problem.tensor === tensor).map((problem) => problem.message),
    ).toEqual([message]);
  });

  it('a link that leads out of the folder is not followed', async () => {
    const top = await mkdtemp(join(tmpdir(), 'onnx-'));
    await mkdir(join(top, 'model'));
    await writeFile(join(top, 'secret.bin'), new Uint8Array(64));
    await writeFile(join(top, 'model', 'external.onnx'), readFileSync(`${FIXTURES}external.onnx`));
    await symlink(join(top, 'secret.bin'), join(top, 'model', 'outside.bin'));
    const checkpoint = await openFile(join(top, 'model', 'external.onnx'));
    for (const source of checkpoint.sources) await source.close();
    await rm(top, { recursive: true });
    expect(checkpoint.problems.find(({ tensor }) => tensor === 'good')).toMatchObject({
      code: 'external-data',
      message: 'the external data outside.bin are a link that leads out of the folder of the model',
    });
    expect(checkpoint.tensors.every(({ storage }) => storage.kind === 'none')).toBe(true);
  });
});

/** Varint. */
function varint(value: number): number[] {
  return value < 128 ? [value] : [(value % 128) | 128, ...varint(Math.floor(value / 128))];
}
const field = (number: number, payload: readonly number[]): number[] => [
  ...varint(number * 8 + 2),
  ...varint(payload.length),
  ...payload,
];

/** A source of a model with one tensor of so many zeros, far larger than memory. */
function sparseModel(dataBytes: number): ByteSource {
  const text = (value: string): number[] => [...new TextEncoder().encode(value)];
  const header = [
    ...field(8, text('w')),
    0x10,
    1,
    0x08,
    ...varint(dataBytes / 4),
    ...varint(9 * 8 + 2),
    ...varint(dataBytes),
  ];
  const graph = [...varint(5 * 8 + 2), ...varint(header.length + dataBytes), ...header];
  const tail = field(2, text('g'));
  const begin = [
    0x08,
    0x08,
    ...varint(7 * 8 + 2),
    ...varint(graph.length + dataBytes + tail.length),
    ...graph,
  ];
  const byteLength = begin.length + dataBytes + tail.length;
  const at = (offset: number): number =>
    offset < begin.length ? begin[offset]! : (tail[offset - begin.length - dataBytes] ?? 0);
  return {
    ...memorySource(new Uint8Array(0), 'large.onnx'),
    byteLength,
    read: async (offset, length) => Uint8Array.from({ length }, (_, i) => at(offset + i)),
  };
}

describe('opening', () => {
  it('reads headers only: a model of 5 GiB takes few reads and bytes', async () => {
    const counting = countingSource(sparseModel(5 * 2 ** 30));
    const checkpoint = await openCheckpoint(await fileInput(counting));
    expect(checkpoint.tensors).toMatchObject([{ name: 'w', dtype: 'f32', shape: [(5 * 2 ** 30) / 4] }]);
    expect(checkpoint.metadata['graph']).toBe('g');
    expect(counting.reads().length).toBeLessThan(30);
    expect(counting.byteCount()).toBeLessThan(400_000);
  });

  it('refuses graphs within graphs beyond the depth of protobuf’s own readers', async () => {
    let graph: number[] = [];
    for (let level = 0; level < 40; level++) graph = field(1, field(5, field(6, graph)));
    const bytes = Uint8Array.from([0x08, 0x08, ...field(7, graph)]);
    expect(await rejection(openCheckpoint(await fileInput(memorySource(bytes))))).toMatchObject({
      code: 'limit',
      expected: 'at most 100 levels',
    });
  });

  it('names a model that is cut short, wherever', async () => {
    const whole = readFileSync(`${FIXTURES}places.onnx`);
    for (let length = 40; length < whole.byteLength; length += 7) {
      const input = await fileInput(
        memorySource(Uint8Array.from(whole.subarray(0, length))),
        folderAt(FIXTURES),
      );
      const outcome = await openCheckpoint(input).then(
        () => 'opened',
        ({ code }: { code: string }) => code,
      );
      // without what follows the graph it is a model still
      expect(['corrupt', 'opened']).toContain(outcome);
    }
  });
});
