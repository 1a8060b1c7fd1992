import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

import { describe, expect, it } from 'vitest';

import { memorySource } from '#main/bytes/memory-source.ts';
import type { Checkpoint } from '#main/formats/contract.ts';
import { openCheckpoint } from '#main/formats/detect.ts';
import { fileInput } from '#main/formats/input.ts';
import { FORMATS } from '#main/formats/registry.ts';
import { digestOf } from '#test/kit/digest.ts';

const FIXTURES = fileURLToPath(new URL('../../fixtures/torch-pickles/', import.meta.url));

type Row = { readonly dtype: string; readonly shape: readonly number[]; readonly sha256: string };
const EXPECTED = JSON.parse(readFileSync(`${FIXTURES}expected.json`, 'utf8')) as Readonly<
  Record<string, Readonly<Record<string, Row>>>
>;
const read = (name: string): Uint8Array => Uint8Array.from(readFileSync(`${FIXTURES}${name}`));
const open = async (bytes: Uint8Array): Promise<Checkpoint> =>
  openCheckpoint(await fileInput(memorySource(bytes, 'mlp.params')));

describe('tensors that pickle itself has written are what torch had', () => {
  it.each(Object.keys(EXPECTED))('%s', async (name) => {
    const checkpoint = await open(read(name));
    const rows: Record<string, unknown> = {};
    for (const tensor of checkpoint.tensors) {
      const { dtype, shape } = tensor;
      rows[tensor.name] = { dtype, shape, sha256: await digestOf(tensor, checkpoint.sources) };
    }
    expect(rows).toEqual(EXPECTED[name]);
    expect([checkpoint.format, checkpoint.problems]).toEqual(['pytorch', []]);
  });

  it('no other format claims them', async () => {
    for (const name of Object.keys(EXPECTED)) {
      const input = await fileInput(memorySource(read(name), 'x'));
      const claimants: string[] = [];
      for (const format of FORMATS) if (await format.claims(input)) claimants.push(format.name);
      expect([name, claimants]).toEqual([name, ['pytorch']]);
    }
  });

  it('what is no tensor is metadata, and the values lie in place', async () => {
    const { metadata, tensors, dialect } = await open(read('protocol-5.pkl'));
    expect([metadata['epoch'], dialect]).toEqual([3, 'PyTorch tensors in a Python pickle, protocol 5']);
    const places = tensors.map(({ storage }) => storage.kind === 'dense' && storage.source);
    expect(new Set(places)).toEqual(new Set([0]));
  });

  it('a storage whose bytes are damaged leaves the others readable', async () => {
    const bytes = read('protocol-5.pkl');
    const magic = Buffer.from('8a0a6cfc9c46f920', 'hex');
    // the pickle behind the magic number of the first storage is cut off by a stop where there is nothing to stop
    bytes[Buffer.from(bytes).indexOf(magic) + 13] = 0x2e;
    const { tensors, problems } = await open(bytes);
    expect(problems.map(({ code }) => code)).toContain('corrupt');
    expect(tensors.map(({ name }) => name)).toContain('half');
    expect(tensors.length).toBeGreaterThanOrEqual(Object.keys(EXPECTED['protocol-5.pkl']!).length - 1);
  });
});
