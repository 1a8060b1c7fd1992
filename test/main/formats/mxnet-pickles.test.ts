import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

import { describe, expect, it } from 'vitest';

import type { Checkpoint } from '#main/formats/contract.ts';
import { openCheckpoint } from '#main/formats/detect.ts';
import { fileInput } from '#main/formats/input.ts';
import { FORMATS } from '#main/formats/registry.ts';
import { memoryFolder } from '#test/kit/memory-folder.ts';
import { rowsOf } from '#test/kit/rows.ts';

const FIXTURES = fileURLToPath(new URL('../../fixtures/mxnet/', import.meta.url));

type Row = { readonly dtype: string; readonly shape: readonly number[]; readonly sha256: string };
const EXPECTED = JSON.parse(readFileSync(`${FIXTURES}expected.json`, 'utf8')) as Readonly<
  Record<string, Readonly<Record<string, Row>>>
>;
const FILES: ReadonlyMap<string, Uint8Array> = new Map(
  readdirSync(FIXTURES).map((name) => [name, Uint8Array.from(readFileSync(`${FIXTURES}${name}`))]),
);

async function open(name: string, files = FILES): Promise<Checkpoint> {
  const folder = memoryFolder('folder', files);
  return openCheckpoint(await fileInput(await folder.open(name), folder));
}

describe('what MXNet wrote has the arrays that it had', () => {
  it.each(Object.keys(EXPECTED))('%s', async (name) => {
    const checkpoint = await open(name);
    expect(await rowsOf(checkpoint)).toEqual(EXPECTED[name]);
    expect([checkpoint.format, checkpoint.problems]).toEqual(['mxnet', []]);
  });

  it('no other format claims a file of it', async () => {
    for (const name of Object.keys(EXPECTED)) {
      const folder = memoryFolder('folder', FILES);
      const input = await fileInput(await folder.open(name), folder);
      const claimants: string[] = [];
      for (const format of FORMATS) if (await format.claims(input)) claimants.push(format.name);
      expect([name, claimants]).toEqual([name, ['mxnet']]);
    }
  });
});

describe('optimizer states', () => {
  it('the optimizer is metadata', async () => {
    const { metadata, dialect, layout } = await open('momentum.states');
    expect([dialect, layout]).toEqual([
      'MXNet arrays in a Python pickle, protocol 4, with their optimizer',
      'list',
    ]);
    expect(metadata['1']).toMatchObject({
      __class__: 'mxnet.optimizer.optimizer.SGD',
      lr: 0.1,
      momentum: 0.9,
    });
  });

  it('an optimizer that keeps nothing has no arrays, and says so parameter by parameter', async () => {
    const { metadata, tensors } = await open('nothing.states');
    expect([tensors, metadata['0']]).toEqual([[], { 0: null, 1: null }]);
  });

  it('a record that is cut short is a problem of its own', async () => {
    const bytes = FILES.get('arrays-4.pkl')!.slice();
    // the rank of the first record, which follows its version and storage type
    const record = Buffer.from(bytes).indexOf(Buffer.from('c9fa93f900000000', 'hex'));
    bytes[record + 8] = 0x7f;
    const { tensors, problems } = await open('arrays-4.pkl', new Map([['arrays-4.pkl', bytes]]));
    const others = Object.keys(EXPECTED['arrays-4.pkl']!).filter((name) => name !== 'dense');
    expect(tensors.map(({ name }) => name).sort()).toEqual(others.sort());
    expect(problems).toEqual([
      {
        code: 'corrupt',
        message: 'array 0 of the list has a rank that no array has',
        tensor: 'dense',
        offset: record + 8,
      },
    ]);
  });
});

describe('the symbol beside the parameters', () => {
  it('is shown as metadata', async () => {
    const { metadata, problems } = await open('module-0001.params');
    expect([metadata['symbol'], problems]).toEqual([
      {
        file: 'module-symbol.json',
        mxnetVersion: '1.9.1',
        operators: [
          {
            name: 'fc',
            op: 'FullyConnected',
            inputs: ['data', 'fc_weight', 'fc_bias'],
            attributes: { num_hidden: '3' },
          },
          { name: 'softmax', op: 'SoftmaxOutput', inputs: ['fc', 'softmax_label'] },
        ],
      },
      [],
    ]);
  });

  const beside = (symbol: string) =>
    open(
      'module-0001.params',
      new Map([...FILES, ['module-symbol.json', Uint8Array.from(Buffer.from(symbol))]]),
    );

  it('one that is no JSON is a problem', async () => {
    const { tensors, problems } = await beside('{"nodes": [');
    expect(tensors.length).toBe(2);
    expect(problems).toEqual([
      { code: 'symbol', message: expect.stringMatching(/^module-symbol\.json cannot be shown: /) },
    ]);
  });

  it('one that is no graph shows nothing', async () => {
    for (const symbol of ['[]', '7', '{"nodes": 3}', '{"nodes": [null, {"op": 5, "inputs": [[9]]}]}']) {
      const { metadata } = await beside(symbol);
      expect(metadata['symbol']).toEqual({ file: 'module-symbol.json', operators: [] });
    }
  });

  it('parameters on their own have none', async () => {
    const { metadata } = await open(
      'module-0001.params',
      new Map([['module-0001.params', FILES.get('module-0001.params')!]]),
    );
    expect('symbol' in metadata).toBe(false);
  });
});
