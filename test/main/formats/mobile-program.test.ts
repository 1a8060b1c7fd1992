import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

import { describe, expect, it } from 'vitest';

import { memorySource } from '#main/bytes/memory-source.ts';
import type { Checkpoint } from '#main/formats/contract.ts';
import { openCheckpoint } from '#main/formats/detect.ts';
import { fileInput } from '#main/formats/input.ts';
import { digestOf } from '#test/kit/digest.ts';
import { rejection } from '#test/kit/rejection.ts';

const FIXTURES = fileURLToPath(new URL('../../fixtures/torch-mobile/', import.meta.url));
type Row = Readonly<Record<string, unknown>>;
const EXPECTED = JSON.parse(readFileSync(`${FIXTURES}expected.json`, 'utf8')) as Readonly<
  Record<string, Readonly<Record<string, Row>>>
>;

const bytesOf = (name: string): Uint8Array => Uint8Array.from(readFileSync(`${FIXTURES}${name}`));
const openBytes = async (bytes: Uint8Array): Promise<Checkpoint> =>
  openCheckpoint(await fileInput(memorySource(bytes, 'x.ptl')));
const open = (name: string): Promise<Checkpoint> => openBytes(bytesOf(name));

async function rowsOf(checkpoint: Checkpoint): Promise<Record<string, unknown>> {
  const rows: Record<string, unknown> = {};
  for (const tensor of checkpoint.tensors) {
    const { name, dtype, shape, quantisation } = tensor;
    const sha256 = await digestOf(tensor, checkpoint.sources);
    rows[name] = { dtype, shape, sha256, ...(quantisation ? { quant: quantisation } : {}) };
  }
  return rows;
}

/** The file with 32 bits at a place replaced. */
function altered(name: string, at: number, value: number): Uint8Array {
  const bytes = bytesOf(name);
  new DataView(bytes.buffer).setUint32(at, value, true);
  return bytes;
}

const u32 = (bytes: Uint8Array, at: number): number => new DataView(bytes.buffer).getUint32(at, true);
const u16 = (bytes: Uint8Array, at: number): number => new DataView(bytes.buffer).getUint16(at, true);

/** Where the offset of a field of the root table is: by the vtable, as FlatBuffers' own description has it. */
function rootField(bytes: Uint8Array, field: number): number {
  const table = u32(bytes, 0);
  const vtable = table - new DataView(bytes.buffer).getInt32(table, true);
  return table + u16(bytes, vtable + 4 + 2 * field);
}

describe('TorchScript programs as FlatBuffers', () => {
  it.each(Object.keys(EXPECTED))('%s', async (name) => {
    const checkpoint = await open(name);
    expect(await rowsOf(checkpoint)).toEqual(EXPECTED[name]);
    expect(checkpoint.problems).toEqual([]);
    expect(checkpoint.imports).toEqual([]);
    expect(checkpoint.format).toBe('pytorch');
    expect(checkpoint.dialect).toBe(
      'TorchScript for mobile devices (lite interpreter) as FlatBuffers, bytecode version 9, written by torch 1.12 or newer',
    );
  });

  it('attributes that are no tensors are metadata, and texts beside the model', async () => {
    const { metadata } = await open('net.ptl');
    expect(metadata).toMatchObject({
      __class__: '__torch__.Net',
      rate: 2.5,
      steps: 3,
      title: 'a net',
      sizes: [1, 2],
      rates: [0.5, 0.25],
      flags: [true, false],
      table: { a: 1.5 },
      pair: [4, 'x'],
      nothing: null,
      layers: { '0': { __class__: '__torch__.torch.nn.modules.linear.Linear' } },
      bytecode_version: 9,
      extra_files: { 'labels.txt': 'cat\ndog\n' },
    });
  });

  it('the code is shown', async () => {
    const { code = [] } = await open('net.ptl');
    const main = code.find(({ name }) => name === '__torch__')!;
    expect(main.kind).toBe('torchscript');
    expect(main.text).toMatch(/^class Net\(Module\):\n/);
    expect(main.text).toContain('_1 = torch.mul(_0, rate)');
  });

  it('ties and views share their storage', async () => {
    const { tensors } = await open('net.ptl');
    const [weight, tied, turned] = ['layers.0.weight', 'tied', 'turned'].map((name) => {
      const { storage } = tensors.find((tensor) => tensor.name === name)!;
      return storage.kind === 'dense' ? [storage.offset, storage.byteLength] : undefined;
    });
    expect(weight).toBeDefined();
    expect(tied).toEqual(weight);
    expect(turned).toEqual(weight);
  });
});

describe('a program in FlatBuffers that is damaged', () => {
  it.each([
    ['a root beyond the file', (): Uint8Array => altered('kinds.ptl', 0, 0x7fffffff)],
    [
      'a table whose fields are not there',
      (): Uint8Array => altered('kinds.ptl', u32(bytesOf('kinds.ptl'), 0), 0x7fffffff),
    ],
    [
      'values beyond the file',
      (): Uint8Array => altered('kinds.ptl', rootField(bytesOf('kinds.ptl'), 4), 0x7ffffff0),
    ],
  ])('is refused for %s', async (_, damaged) => {
    expect(await rejection(openBytes(damaged()))).toMatchObject({
      code: 'corrupt',
      message: 'the FlatBuffers structure refers to a place outside of the file',
    });
  });

  it('is refused for more values than the file has room for', async () => {
    const bytes = bytesOf('kinds.ptl');
    const field = rootField(bytes, 4);
    const vector = field + u32(bytes, field);
    expect(await rejection(openBytes(altered('kinds.ptl', vector, 0x3fffffff)))).toMatchObject({
      code: 'corrupt',
      message: 'the FlatBuffers structure has a vector that reaches beyond the end',
    });
  });

  it('keeps the other tensors where a storage is missing', async () => {
    const bytes = bytesOf('net.ptl');
    const field = rootField(bytes, 6);
    const vector = field + u32(bytes, field);
    const count = u32(bytes, vector);
    const { tensors, problems } = await openBytes(altered('net.ptl', vector, count - 1));
    expect(tensors.filter(({ storage }) => storage.kind === 'none')).toHaveLength(1);
    expect(problems.map(({ message }) => message)).toEqual([
      `the storage ${count - 1} is missing from the file`,
    ]);
    expect(tensors).toHaveLength(Object.keys(EXPECTED['net.ptl']!).length);
  });
});
