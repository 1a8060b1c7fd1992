import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

import { describe, expect, it } from 'vitest';

import type { Checkpoint } from '#main/formats/contract.ts';
import { openCheckpoint } from '#main/formats/detect.ts';
import { fileInput } from '#main/formats/input.ts';
import { memoryFolder } from '#test/kit/memory-folder.ts';
import { rowsOf } from '#test/kit/rows.ts';

const FIXTURES = fileURLToPath(new URL('../../fixtures/sharded/', import.meta.url));
type Files = ReadonlyMap<string, Uint8Array>;
const filesOf = (set: string): Files =>
  new Map(
    readdirSync(`${FIXTURES}${set}`).map((name) => [
      name,
      Uint8Array.from(readFileSync(`${FIXTURES}${set}/${name}`)),
    ]),
  );
const expectedOf = (set: string): unknown => JSON.parse(readFileSync(`${FIXTURES}${set}.json`, 'utf8'));

async function open(files: Files, name?: string): Promise<Checkpoint> {
  const folder = memoryFolder('model', files);
  if (name === undefined) return openCheckpoint({ kind: 'folder', name: 'model', folder });
  return openCheckpoint(await fileInput(await folder.open(name), folder));
}
const without = (files: Files, gone: string): Files => new Map([...files].filter(([name]) => name !== gone));
const messages = ({ problems }: Checkpoint): string[] => problems.map(({ message }) => message);

const FLAX_INDEX = 'flax_model.msgpack.index.json';
const TF_INDEX = 'tf_model.h5.index.json';
const TF_EXTRA = 'tf_model-00001-of-00003.h5 lies beside the parts, and the index does not name it';

describe('a set as its writer wrote it opens as one, with the tensors that were saved', () => {
  it.each([
    ['flax', 'flax', undefined],
    ['flax', 'flax', FLAX_INDEX],
    ['flax', 'flax', 'flax_model-00002-of-00003.msgpack'],
    ['tf', 'keras', undefined],
    ['tf', 'keras', TF_INDEX],
    ['tf', 'keras', 'tf_model-00003-of-00003.h5'],
    // the writer left this one without any tensor
    ['tf', 'keras', 'tf_model-00001-of-00003.h5'],
    ['keras', 'keras', undefined],
    ['keras', 'keras', 'model.weights.json'],
    ['keras', 'keras', 'model_00001.weights.h5'],
    ['processes', 'safetensors', undefined],
    ['processes', 'safetensors', 'shard-00001-model-00002-of-00002.safetensors'],
    ['processes', 'safetensors', 'shard-00002-model-00001-of-00002.safetensors'],
  ])('%s, read by %s, from %s', async (set, format, name) => {
    const checkpoint = await open(filesOf(set), name);
    expect(checkpoint.format).toBe(format);
    expect(await rowsOf(checkpoint)).toEqual(expectedOf(set));
    expect(messages(checkpoint)).toEqual(set === 'tf' ? [TF_EXTRA] : []);
  });

  it.each([
    ['flax', 'Flax state (MessagePack), in 3 parts'],
    ['tf', 'weights of a TensorFlow model, written by Hugging Face transformers, in 2 parts'],
    ['keras', 'Keras 3 weights in 2 parts (.weights.json)'],
    ['processes', 'safetensors, saved from PyTorch, in 4 parts, of several processes (PyTorch DCP)'],
  ])('%s is told for what it is', async (set, dialect) => {
    expect((await open(filesOf(set))).dialect).toBe(dialect);
  });

  it('a part of TensorFlow weights without its set opens on its own', async () => {
    const name = 'tf_model-00003-of-00003.h5';
    const checkpoint = await open(new Map([['weights', filesOf('tf').get(name)!]]), 'weights');
    expect(checkpoint.problems).toEqual([]);
    expect(checkpoint.tensors.map(({ name, label }) => [name, label])).toEqual([
      ['second/bias:0', 'second/bias'],
      ['second/kernel:0', 'second/kernel'],
    ]);
  });
});

describe('what is wrong with such a set is told, and the rest stays readable', () => {
  it.each([
    ['flax', 'flax_model-00003-of-00003.msgpack', 'encoder/layer/0/output/dense/kernel'],
    ['tf', 'tf_model-00003-of-00003.h5', 'two/second/bias:0'],
  ])('%s without a part', async (set, gone, lost) => {
    const checkpoint = await open(without(filesOf(set), gone));
    expect(messages(checkpoint)[0]).toBe(`the part ${gone} cannot be read: it is not in the folder`);
    expect(
      checkpoint.problems.some(({ code, message }) => code === 'missing-tensor' && message.includes(lost)),
    ).toBe(true);
    const rows = await rowsOf(checkpoint);
    expect(Object.keys(rows).length).toBeGreaterThan(0);
    expect(expectedOf(set)).toMatchObject(rows);
  });

  it.each([
    ['flax', FLAX_INDEX, 'flax_model-00003-of-00003.msgpack'],
    ['tf', TF_INDEX, 'tf_model-00003-of-00003.h5'],
    ['keras', 'model.weights.json', 'model_00001.weights.h5'],
  ])('%s with a name that leads out of the folder', async (set, index, part) => {
    const files = filesOf(set);
    const text = Buffer.from(files.get(index)!).toString().replaceAll(part, `../${part}`);
    const checkpoint = await open(new Map([...files, [index, Uint8Array.from(Buffer.from(text))]]), index);
    expect(messages(checkpoint)).toContain(
      `the part ../${part} cannot be read: its name leads out of the folder`,
    );
    expect(expectedOf(set)).toMatchObject(await rowsOf(checkpoint));
  });

  it('a part that is cut short', async () => {
    const files = filesOf('flax');
    const name = 'flax_model-00002-of-00003.msgpack';
    const checkpoint = await open(new Map([...files, [name, files.get(name)!.slice(0, 500)]]), FLAX_INDEX);
    expect(checkpoint.problems[0]!.code).toBe('missing-part');
    expect(messages(checkpoint)[0]).toContain(`the part ${name} cannot be read`);
  });

  it('an index whose total is another', async () => {
    const files = filesOf('flax');
    const text = Buffer.from(files.get(FLAX_INDEX)!).toString().replace('1456', '1458');
    const checkpoint = await open(new Map([...files, [FLAX_INDEX, Uint8Array.from(Buffer.from(text))]]));
    expect(messages(checkpoint)).toEqual(['the index says 1458 bytes in all, the parts hold 1456']);
  });

  it('of two sets of Keras in a folder the first is taken, and it is told', async () => {
    const files = filesOf('keras');
    const checkpoint = await open(
      new Map([...files, ['other.weights.json', files.get('model.weights.json')!]]),
    );
    expect(await rowsOf(checkpoint)).toEqual(expectedOf('keras'));
    expect(messages(checkpoint)).toEqual(['the folder holds another checkpoint: other.weights.json']);
  });

  it('pieces of processes of which a file is missing are listed by where they lie', async () => {
    const files = filesOf('processes');
    const checkpoint = await open(without(files, 'shard-00001-model-00001-of-00002.safetensors'));
    expect(checkpoint.tensors.map(({ name, shape }) => [name, shape])).toContainEqual([
      'rows at [4, 0]',
      [3, 5],
    ]);
    expect(messages(checkpoint)).toEqual([
      'the pieces of rows do not make it up: they are listed by where they lie in it',
    ]);
    const { columns, few } = expectedOf('processes') as Record<string, unknown>;
    expect(await rowsOf(checkpoint)).toMatchObject({ columns, few });
  });
});
