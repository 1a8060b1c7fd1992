import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

import { describe, expect, it } from 'vitest';

import { memorySource } from '#main/bytes/memory-source.ts';
import type { Checkpoint } from '#main/formats/contract.ts';
import { openCheckpoint } from '#main/formats/detect.ts';
import { fileInput } from '#main/formats/input.ts';
import { digestOf } from '#test/kit/digest.ts';

const FIXTURES = fileURLToPath(new URL('../../fixtures/pt2/', import.meta.url));

interface Told {
  readonly tensors: Readonly<Record<string, { dtype: string; shape: readonly number[]; sha256: string }>>;
  /** Member, module, name and offset, as Python's pickletools finds them. */
  readonly imports: readonly (readonly [string, string, string, number])[];
}
const EXPECTED = JSON.parse(readFileSync(`${FIXTURES}expected.json`, 'utf8')) as Readonly<
  Record<string, Told>
>;

const bytesOf = (name: string): Uint8Array => Uint8Array.from(readFileSync(`${FIXTURES}${name}`));
const openBytes = async (bytes: Uint8Array): Promise<Checkpoint> =>
  openCheckpoint(await fileInput(memorySource(bytes, 'anything')));
const open = (name: string): Promise<Checkpoint> => openBytes(bytesOf(name));

/** Problems that are no fault of the file. */
const TOLD: Readonly<Record<string, readonly string[]>> = {
  'two-models-2.15.0.pt2': ['unknown-global', 'native-code'],
};

describe('exported programs as PyTorch wrote them', () => {
  it.each(Object.keys(EXPECTED))('%s', async (name) => {
    const checkpoint = await open(name);
    const told = EXPECTED[name]!;
    const rows: Record<string, unknown> = {};
    for (const tensor of checkpoint.tensors) {
      const { dtype, shape } = tensor;
      rows[tensor.name] = { dtype, shape, sha256: await digestOf(tensor, checkpoint.sources) };
    }
    expect(rows).toEqual(told.tensors);
    expect(checkpoint.problems.map(({ code }) => code)).toEqual(TOLD[name] ?? []);
    expect(checkpoint.format).toBe('pytorch');
    const imports = checkpoint.imports.map(({ stream, module, name: imported, offset }) =>
      JSON.stringify([stream, module, imported, offset]),
    );
    expect(imports.sort()).toEqual(told.imports.map((row) => JSON.stringify(row)).sort());
  });

  it.each([
    ['net-2.1.2.pt2', /^PyTorch exported program \(torch.export\), written by torch 2.1 to 2.7$/],
    ['net-2.6.0.pt2', /^PyTorch exported program \(torch.export\), written by torch 2.6.0\b/],
    ['net-2.8.0.pt2', /^PyTorch exported program \(torch.export\), written by torch 2.8.0\b/],
    ['net-2.15.0.pt2', /^PyTorch exported program \(torch.export\), written by torch 2.15.0\b/],
  ])('%s tells who wrote it', async (name, dialect) => {
    expect((await open(name)).dialect).toMatch(dialect);
  });

  it.each(['net-2.1.2.pt2', 'net-2.6.0.pt2', 'net-2.8.0.pt2', 'net-2.15.0.pt2'])(
    'files that were put beside the program: %s',
    async (name) => {
      expect((await open(name)).metadata).toMatchObject({ extra_files: { 'labels.txt': 'cat\ndog' } });
    },
  );

  it.each([
    ['net-2.6.0.pt2', 'first.weight', 'second.weight'],
    ['net-2.15.0.pt2', 'first.weight', 'second.weight'],
  ])('tied weights of %s are one storage, with its checksum', async (name, one, other) => {
    const { tensors } = await open(name);
    const find = (wanted: string) => tensors.find((tensor) => tensor.name === wanted)!;
    expect(find(one).storage).toEqual(find(other).storage);
    expect(find(one).checksums).toHaveLength(1);
  });

  it('source beside a compiled model is shown, libraries are named', async () => {
    const { code, problems } = await open('two-models-2.15.0.pt2');
    expect(code).toEqual([
      {
        kind: 'compiled-model',
        name: 'model/model.wrapper.cpp',
        stream: 'two-models-2.15.0/data/aotinductor/model/model.wrapper.cpp',
        text: 'int main() {}',
      },
    ]);
    expect(problems.at(-1)!.message).toBe(
      'two-models-2.15.0/data/aotinductor/model/model.wrapper.so is compiled code that PyTorch would load; nothing is loaded here',
    );
  });
});

describe('damage stays where it is', () => {
  const altered = (name: string, from: string, to: string): Uint8Array => {
    const bytes = bytesOf(name);
    const at = Buffer.from(bytes).toString('latin1').indexOf(from);
    if (at < 0 || from.length !== to.length) throw new Error(`${from} is not in ${name}`);
    bytes.set(Buffer.from(to, 'latin1'), at);
    return bytes;
  };

  it.each([
    ['"path_name": "weight_0"', '"path_name": "weight_9"', 'corrupt', /weight_9 is missing/],
    ['"dtype": 7', '"dtype": 0', 'unsupported', /dtype 0 is none of ours/],
    ['"as_int": 3}', '"as_int":-3}', 'corrupt', /size or stride that makes no sense/],
    ['"as_int": 3}', '"as_int": 9}', 'storage-range', /the last element ends at/],
  ])('%s', async (from, to, code, message) => {
    const { problems, tensors } = await openBytes(altered('net-2.15.0.pt2', from, to));
    expect(problems.find((problem) => problem.tensor === 'transposed')).toMatchObject({ code });
    expect(problems.map((problem) => problem.message).join('\n')).toMatch(message);
    expect(tensors.filter(({ storage }) => storage.kind === 'dense')).toHaveLength(8);
  });

  it('a description that is no JSON', async () => {
    const { problems, tensors } = await openBytes(
      altered('net-2.15.0.pt2', '{"config": {"tr', '{"config": {tr"'),
    );
    expect(problems[0]!.message).toMatch(/model_weights_config.json is not JSON/);
    expect(tensors.map(({ name }) => name)).toEqual(['lifted_tensor_0', 'unkept']);
  });
});
