import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, describe, expect, it } from 'vitest';

import { folderAt, type Folder } from '#main/bytes/folder.ts';
import type { Checkpoint } from '#main/formats/contract.ts';
import { openCheckpoint } from '#main/formats/detect.ts';
import { fileInput, type FormatInput } from '#main/formats/input.ts';
import { tensorReader } from '#main/formats/read.ts';
import { memoryFolder } from '#test/kit/memory-folder.ts';
import { rejection } from '#test/kit/rejection.ts';
import { hasOracles, ORACLES } from '#test/kit/shared-files.ts';
import { plainSafetensors } from '#test/kit/write-plain-safetensors.ts';

/** Contents by name. */
type Tree = Readonly<Record<string, Uint8Array>>;

const text = (value: string): Uint8Array => Uint8Array.from(Buffer.from(value));
const floats = (...values: number[]): Uint8Array => new Uint8Array(Float32Array.from(values).buffer);
const part = (values: Readonly<Record<string, readonly number[]>>): Uint8Array =>
  Uint8Array.from(
    plainSafetensors(
      Object.entries(values).map(([name, of]) => ({
        name,
        dtype: 'F32',
        shape: [of.length],
        bytes: floats(...of),
      })),
      { format: 'pt' },
    ),
  );
const indexOf = (files: Readonly<Record<string, string>>, total?: number): Uint8Array =>
  text(JSON.stringify({ metadata: { total_size: total }, weight_map: files }));

const [ONE, TWO] = ['model-00001-of-00002.safetensors', 'model-00002-of-00002.safetensors'] as const;
const INDEX = 'model.safetensors.index.json';
const MAP = { a: ONE, b: ONE, c: TWO };
const SET: Tree = {
  [ONE]: part({ a: [1, 2], b: [3] }),
  [TWO]: part({ c: [4, 5, 6] }),
  [INDEX]: indexOf(MAP, 24),
  'config.json': text('{"model_type": "x"}'),
};

const folderWith = (tree: Tree): Folder => memoryFolder('model', new Map(Object.entries(tree)));
async function fileIn(folder: Folder, name: string): Promise<FormatInput> {
  return fileInput(await folder.open(name), folder);
}
const whole = (folder: Folder): FormatInput => ({ kind: 'folder', name: 'model', folder });
const open = async (tree: Tree, name?: string): Promise<Checkpoint> => {
  const folder = folderWith(tree);
  return openCheckpoint(name === undefined ? whole(folder) : await fileIn(folder, name));
};

const names = ({ tensors }: Checkpoint): string[] => tensors.map(({ name }) => name);
const messages = ({ problems }: Checkpoint): [string, string][] =>
  problems.map(({ code, message }) => [code, message]);

async function valuesOf({ tensors, sources }: Checkpoint): Promise<Record<string, number[]>> {
  const values: Record<string, number[]> = {};
  for (const tensor of tensors) {
    const reader = tensorReader(tensor, sources);
    const bytes = await reader.read(0, reader.elementCount);
    values[tensor.name] = [...new Float32Array(bytes.buffer, bytes.byteOffset, bytes.byteLength / 4)];
  }
  return values;
}

describe('a sharded checkpoint opens as one', () => {
  it.each<[string, string | undefined]>([
    ['by its index', INDEX],
    ['by its first part', ONE],
    ['by its last part', TWO],
    ['by its folder', undefined],
  ])('%s', async (_, name) => {
    const checkpoint = await open(SET, name);
    expect(await valuesOf(checkpoint)).toEqual({ a: [1, 2], b: [3], c: [4, 5, 6] });
    expect(checkpoint).toMatchObject({
      format: 'safetensors',
      dialect: 'safetensors, saved from PyTorch, in 2 parts',
      layout: 'dict',
      problems: [],
      metadata: { format: 'pt', total_size: 24, parts: [ONE, TWO] },
    });
    for (const source of checkpoint.sources) await source.close();
  });

  it('an index may have any name that ends as indexes do, and parts any at all', async () => {
    const tree = {
      'left.safetensors': SET[ONE]!,
      'right.safetensors': SET[TWO]!,
      'w.index.fp16.json': indexOf(
        { a: 'left.safetensors', b: 'left.safetensors', c: 'right.safetensors' },
        24,
      ),
    };
    for (const name of [...Object.keys(tree), undefined]) {
      expect(messages(await open(tree, name))).toEqual([]);
      expect(names(await open(tree, name))).toEqual(['a', 'b', 'c']);
    }
  });

  it('parts without an index are one by their names, and it is told', async () => {
    for (const name of [ONE, TWO, undefined]) {
      const checkpoint = await open({ [ONE]: SET[ONE]!, [TWO]: SET[TWO]! }, name);
      expect(names(checkpoint)).toEqual(['a', 'b', 'c']);
      expect(messages(checkpoint)).toEqual([
        ['missing-index', 'no index lies beside the parts: whether they hold every tensor cannot be told'],
      ]);
    }
  });

  it('a file that no index names is on its own', async () => {
    const checkpoint = await open({ ...SET, 'other.safetensors': part({ z: [9] }) }, 'other.safetensors');
    expect([names(checkpoint), checkpoint.dialect]).toEqual([['z'], 'safetensors, saved from PyTorch']);
    const lone = await open(
      { 'model-00001-of-00001.safetensors': part({ z: [9] }) },
      'model-00001-of-00001.safetensors',
    );
    expect([names(lone), lone.problems]).toEqual([['z'], []]);
  });

  it('of two sets in a folder the safetensors are taken, and it is told', async () => {
    const checkpoint = await open({
      ...SET,
      'pytorch_model.bin.index.json': indexOf({ a: 'pytorch_model.bin' }),
    });
    expect(names(checkpoint)).toEqual(['a', 'b', 'c']);
    expect(messages(checkpoint)).toEqual([
      ['other-checkpoint', 'the folder holds another checkpoint: pytorch_model.bin.index.json'],
    ]);
  });

  it('many parts do not stay open', async () => {
    const count = 70;
    const name = (at: number): string => `m-${String(at + 1).padStart(5, '0')}-of-00070.safetensors`;
    const tree = Object.fromEntries(
      Array.from({ length: count }, (_, at) => [name(at), part({ [`t${at}`]: [at] })]),
    );
    const files = Object.fromEntries(Array.from({ length: count }, (_, at) => [`t${at}`, name(at)]));
    const checkpoint = await open({ ...tree, 'm.safetensors.index.json': indexOf(files, 4 * count) });
    expect(checkpoint.problems).toEqual([]);
    expect((await valuesOf(checkpoint))['t69']).toEqual([69]);
  });
});

describe('what is wrong with a set is told, and the rest stays readable', () => {
  const check = (title: string, tree: Tree, tensors: string[], problems: [string, string][]): void => {
    it(title, async () => {
      const checkpoint = await open(tree, INDEX);
      expect(names(checkpoint)).toEqual(tensors);
      expect(messages(checkpoint)).toEqual(problems);
    });
  };
  const without = (name: string): Tree =>
    Object.fromEntries(Object.entries(SET).filter(([key]) => key !== name));

  check(
    'a part that is missing',
    without(TWO),
    ['a', 'b'],
    [
      ['missing-part', `the part ${TWO} cannot be read: it is not in the folder`],
      ['missing-tensor', `1 tensor is in ${TWO}, which cannot be read: c`],
    ],
  );
  check(
    'a part that is damaged',
    { ...SET, [TWO]: SET[TWO]!.subarray(0, 20) },
    ['a', 'b'],
    [
      ['missing-part', `the part ${TWO} cannot be read: the file ends inside its header`],
      ['missing-tensor', `1 tensor is in ${TWO}, which cannot be read: c`],
    ],
  );
  check(
    'a part that is of another format',
    { ...SET, [TWO]: text('this is a text') },
    ['a', 'b'],
    [
      ['missing-part', `the part ${TWO} cannot be read: the header is longer than the format allows`],
      ['missing-tensor', `1 tensor is in ${TWO}, which cannot be read: c`],
    ],
  );
  check(
    'a tensor that its part lacks',
    { ...SET, [INDEX]: indexOf({ ...MAP, d: TWO }, 24) },
    ['a', 'b', 'c'],
    [['missing-tensor', `1 tensor is missing from ${TWO}, where the index has them: d`]],
  );
  check(
    'a tensor that the index lacks',
    { ...SET, [INDEX]: indexOf({ a: ONE, c: TWO }, 24) },
    ['a', 'b', 'c'],
    [['extra-tensor', `the index does not name b of ${ONE}`]],
  );
  check(
    'a tensor in another part',
    { ...SET, [INDEX]: indexOf({ ...MAP, b: TWO }, 24) },
    ['a', 'b', 'c'],
    [['wrong-part', `1 tensor is not in ${TWO}, where the index has them, but in another part: b`]],
  );
  check(
    'a wrong total',
    { ...SET, [INDEX]: indexOf(MAP, 25) },
    ['a', 'b', 'c'],
    [['total-size', 'the index says 25 bytes in all, the parts hold 24']],
  );
  check(
    'a tensor that two parts have',
    { ...SET, [TWO]: part({ a: [7], c: [4, 5, 6] }), [INDEX]: indexOf(MAP, 28) },
    ['a', 'b', 'a#2', 'c'],
    [
      ['wrong-part', `1 tensor is not in ${ONE}, where the index has them, but in another part: a`],
      ['duplicate-name', 'a second tensor is called a'],
    ],
  );
  check(
    'a name that stands twice in the index',
    { ...SET, [INDEX]: text(`{"weight_map": {"a": "${ONE}", "b": "${ONE}", "c": "${ONE}", "c": "${TWO}"}}`) },
    ['a', 'b', 'c'],
    [['shard-index', 'the index names c more than once']],
  );
  check(
    'names that lead out of the folder',
    { ...SET, [INDEX]: indexOf({ ...MAP, d: '../x.safetensors', e: '/etc/x.safetensors' }) },
    ['a', 'b', 'c'],
    [
      ['missing-part', 'the part ../x.safetensors cannot be read: its name leads out of the folder'],
      ['missing-part', 'the part /etc/x.safetensors cannot be read: its name leads out of the folder'],
      ['missing-tensor', '1 tensor is in ../x.safetensors, which cannot be read: d'],
      ['missing-tensor', '1 tensor is in /etc/x.safetensors, which cannot be read: e'],
    ],
  );

  it('no part at all', async () => {
    const checkpoint = await open({ [INDEX]: SET[INDEX]! }, INDEX);
    expect([names(checkpoint), checkpoint.problems.length]).toEqual([[], 4]);
  });

  it('a part that cannot be read itself leads to the others', async () => {
    const checkpoint = await open({ ...SET, [TWO]: SET[TWO]!.subarray(0, 20) }, TWO);
    expect(names(checkpoint)).toEqual(['a', 'b']);
  });

  it('an index of something else is none', async () => {
    for (const content of [
      '{"weight_map": {}}',
      '{"weight_map": [',
      '{"weight_map": {"a": ["x.bin"]}}',
      '[]',
    ])
      expect(await rejection(open({ [INDEX]: text(content) }, INDEX))).toMatchObject({
        code: expect.stringMatching(/^(unsupported|unknown-format)$/) as string,
      });
  });
});

describe('links', () => {
  const made: string[] = [];
  const scratch = (): string => {
    made.push(mkdtempSync(join(tmpdir(), 'shards-')));
    return made.at(-1);
  };
  afterEach(() => {
    for (const path of made.splice(0)) rmSync(path, { recursive: true });
  });
  const openAt = async (path: string): Promise<Checkpoint> =>
    openCheckpoint({ kind: 'folder', name: 'model', folder: folderAt(path) });

  it('that lead out of the folder are not followed', async () => {
    const top = scratch();
    mkdirSync(join(top, 'model'));
    writeFileSync(join(top, 'secret.safetensors'), SET[TWO]!);
    writeFileSync(join(top, 'model', ONE), SET[ONE]!);
    writeFileSync(join(top, 'model', INDEX), SET[INDEX]!);
    symlinkSync('../secret.safetensors', join(top, 'model', TWO));
    const checkpoint = await openAt(join(top, 'model'));
    expect(names(checkpoint)).toEqual(['a', 'b']);
    expect(messages(checkpoint)[0]).toEqual([
      'missing-part',
      `the part ${TWO} cannot be read: it is a link that leads out of the folder`,
    ]);
    for (const source of checkpoint.sources) await source.close();
  });

  it('of Hugging Face’s cache stay in their repository', async () => {
    const repository = join(scratch(), 'models--org--name');
    const revision = join(repository, 'snapshots', 'ab'.repeat(20));
    mkdirSync(revision, { recursive: true });
    mkdirSync(join(repository, 'blobs'));
    Object.entries(SET).forEach(([name, bytes], at) => {
      const blob = `${at}`.repeat(64);
      writeFileSync(join(repository, 'blobs', blob), bytes);
      symlinkSync(join('..', '..', 'blobs', blob), join(revision, name));
    });
    const checkpoint = await openAt(revision);
    expect([names(checkpoint), checkpoint.problems]).toEqual([['a', 'b', 'c'], []]);
    for (const source of checkpoint.sources) await source.close();
  });
});

describe.skipIf(!hasOracles)('PyTorch parts', () => {
  const path = `${ORACLES}odd/safetensors/sharded-bin/`;
  const [first, second] = ['pytorch_model-00001-of-00002.bin', 'pytorch_model-00002-of-00002.bin'] as const;
  const index = 'pytorch_model.bin.index.json';
  const read = (name: string): Uint8Array => Uint8Array.from(readFileSync(`${path}${name}`));

  it('open by the index, a part or the folder, their imports named by part', async () => {
    const tree = { [first]: read(first), [second]: read(second), [index]: read(index) };
    for (const name of [index, first, second, undefined]) {
      const checkpoint = await open(tree, name);
      expect([checkpoint.format, checkpoint.tensors.length, checkpoint.problems]).toEqual(['pytorch', 9, []]);
      expect(checkpoint.imports.map(({ stream }) => stream)).toContain(
        `${second}: pytorch_model-00002-of-00002/data.pkl`,
      );
    }
  });

  it('the checksums of every part are its own', async () => {
    const damaged = read(second);
    damaged[Buffer.from(damaged).indexOf('PK\x03\x04', 200) + 80]! ^= 1;
    const checkpoint = await open({ [first]: read(first), [second]: damaged, [index]: read(index) }, index);
    const sources = new Set(
      checkpoint.tensors.flatMap(({ checksums = [] }) => checksums.map(({ source }) => source)),
    );
    expect(sources.size).toBe(2);
  });
});
