import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

import { describe, expect, it } from 'vitest';

import { memorySource } from '#main/bytes/memory-source.ts';
import type { Checkpoint } from '#main/formats/contract.ts';
import { openCheckpoint } from '#main/formats/detect.ts';
import { fileInput } from '#main/formats/input.ts';
import { digestOf } from '#test/kit/digest.ts';

const FIXTURES = fileURLToPath(new URL('../../fixtures/torchscript/', import.meta.url));

interface Told {
  readonly tensors: Readonly<Record<string, { dtype: string; shape: readonly number[]; sha256: string }>>;
  /** Member, module, name and offset, as Python's pickletools finds them. */
  readonly imports: readonly (readonly [string, string, string, number])[];
  readonly code: readonly string[];
}
const EXPECTED = JSON.parse(readFileSync(`${FIXTURES}expected.json`, 'utf8')) as Readonly<
  Record<string, Told>
>;

const bytesOf = (name: string): Uint8Array => Uint8Array.from(readFileSync(`${FIXTURES}${name}`));
const openBytes = async (bytes: Uint8Array): Promise<Checkpoint> =>
  openCheckpoint(await fileInput(memorySource(bytes, 'anything')));
const open = (name: string): Promise<Checkpoint> => openBytes(bytesOf(name));

describe('TorchScript programs as PyTorch wrote them', () => {
  it.each(Object.keys(EXPECTED))('%s', async (name) => {
    const checkpoint = await open(name);
    const told = EXPECTED[name]!;
    const rows: Record<string, unknown> = {};
    for (const tensor of checkpoint.tensors) {
      const { dtype, shape } = tensor;
      rows[tensor.name] = { dtype, shape, sha256: await digestOf(tensor, checkpoint.sources) };
    }
    expect(rows).toEqual(told.tensors);
    expect(checkpoint.problems).toEqual([]);
    expect(checkpoint.format).toBe('pytorch');
    const imports = checkpoint.imports.map(({ stream, module, name: imported, offset }) =>
      JSON.stringify([stream, module, imported, offset]),
    );
    expect(imports.sort()).toEqual(told.imports.map((row) => JSON.stringify(row)).sort());
    expect(checkpoint.code?.map(({ stream }) => stream).sort()).toEqual([...told.code].sort());
  });

  it.each([
    ['early-1.0.0.pt', 'TorchScript program of the first generation, written by torch 1.0'],
    ['attributes-1.2.0.pt', 'TorchScript program of the first generation, written by torch 1.1 to 1.3'],
    ['attributes-1.4.0.pt', 'TorchScript program, written by torch 1.4'],
    ['frozen-1.6.0.pt', 'TorchScript program, written by torch 1.6 to 2.0'],
    ['mobile-1.10.2.ptl', 'TorchScript for mobile devices (lite interpreter), written by torch 1.6 to 2.0'],
    ['attributes-2.15.0.pt', 'TorchScript program, written by torch 2.1 or newer'],
  ])('%s is "%s"', async (name, dialect) => {
    expect((await open(name)).dialect).toBe(dialect);
  });
});

describe('what a program says of itself', () => {
  it.each(['attributes-1.2.0.pt', 'attributes-1.4.0.pt', 'attributes-2.15.0.pt'])(
    'attributes that are no tensors are metadata: %s',
    async (name) => {
      const { metadata } = await open(name);
      expect(metadata).toMatchObject({ sizes: [1, 2, 3], rate: 0.25, note: 'hé' });
    },
  );

  it('the code is shown as text, by the name of what it defines', async () => {
    const { code, metadata } = await open('attributes-2.15.0.pt');
    expect(code!.map(({ kind, name }) => [kind, name])).toEqual([
      ['torchscript', '__torch__'],
      ['torchscript', '__torch__.___torch_mangle_1'],
    ]);
    expect(code![0]!.text).toMatch(/^class Attributes\(Module\):\n {2}__parameters__ = \["transposed", \]/);
    expect(metadata['code']).toMatchObject({ __torch__: code![0]!.text });
  });

  it('files that were put beside the module', async () => {
    for (const name of ['extra-1.10.2.pt', 'extra-2.15.0.pt']) {
      expect((await open(name)).metadata).toMatchObject({
        extra_files: { 'labels.txt': 'cat\ndog', 'raw.bin': '2 bytes' },
      });
    }
  });

  it('a module that is attribute twice has its tensors twice, in one place', async () => {
    const { tensors } = await open('attributes-2.15.0.pt');
    const storageOf = (name: string) => tensors.find((tensor) => tensor.name === name)!.storage;
    expect(storageOf('again.weight')).toEqual(storageOf('inner.weight'));
  });

  it('quantised and sparse tensors with what belongs to them', async () => {
    for (const release of ['1.10.2', '2.15.0']) {
      const { tensors } = await open(`kinds-${release}.pt`);
      const find = (name: string) => tensors.find((tensor) => tensor.name === name)!;
      expect(find('per_tensor').quantisation).toEqual({
        scheme: 'per_tensor_affine',
        scale: 0.5,
        zeroPoint: 3,
      });
      expect(find('per_channel').quantisation).toEqual({
        scheme: 'per_channel_affine',
        scales: [0.5, 0.25],
        zeroPoints: [0, 1],
        axis: 0,
      });
      expect(find('coo').sparse).toEqual({ layout: 'coo', parts: ['indices', 'values'] });
    }
  });

  it('the version of mobile code', async () => {
    expect((await open('mobile-2.15.0.ptl')).metadata).toMatchObject({ bytecode_version: 8 });
  });
});

describe('damage stays where it is', () => {
  it('a tensor of the first generation without its storage keeps its row', async () => {
    const bytes = bytesOf('early-1.0.0.pt');
    const text = Buffer.from(bytes).toString('latin1');
    const at = text.indexOf('"data":{"key":"tensors/0"}');
    bytes.set(Buffer.from('tensors/9'), at + '"data":{"key":"'.length);
    const { tensors, problems } = await openBytes(bytes);
    expect(tensors.find(({ name }) => name === 'w')).toMatchObject({
      dtype: 'f32',
      shape: [2, 3],
      storage: { kind: 'none' },
    });
    expect(problems.map(({ code }) => code)).toContain('corrupt');
    expect(tensors.filter(({ storage }) => storage.kind === 'dense')).toHaveLength(2);
  });

  it('a size that is no number', async () => {
    const bytes = bytesOf('early-1.0.0.pt');
    const at = Buffer.from(bytes).toString('latin1').indexOf('"dims":["2"');
    bytes[at + '"dims":["'.length] = 0x78;
    const { problems } = await openBytes(bytes);
    expect(problems.map(({ message }) => message)).toContain(
      'a tensor has a size or stride that makes no sense',
    );
  });
});
