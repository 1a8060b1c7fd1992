import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

import { describe, expect, it } from 'vitest';

import { fileSource } from '#main/bytes/file-source.ts';
import { memorySource } from '#main/bytes/memory-source.ts';
import { folderOf } from '#main/bytes/folder.ts';
import type { Checkpoint } from '#main/formats/contract.ts';
import { openCheckpoint } from '#main/formats/detect.ts';
import { fileInput } from '#main/formats/input.ts';
import { describeCheckpoint } from '#main/services/description.ts';
import { digestOf } from '#test/kit/digest.ts';

const FIXTURES = fileURLToPath(new URL('../../fixtures/hdf5/', import.meta.url));

interface Row {
  readonly dtype: string;
  readonly shape: readonly number[];
  readonly sha256: string;
}
interface Expected {
  readonly tensors: Readonly<Record<string, Row>>;
  readonly problems: readonly string[];
  readonly shared: readonly (readonly [string, string])[];
}
const expectedIn = (name: string): Record<string, Expected> =>
  JSON.parse(readFileSync(`${FIXTURES}${name}`, 'utf8')) as Record<string, Expected>;
const EXPECTED = { ...expectedIn('expected.json'), ...expectedIn('plugins.json') };

async function open(name: string): Promise<Checkpoint> {
  const path = `${FIXTURES}${name}`;
  return openCheckpoint(await fileInput(await fileSource(path), folderOf(path)));
}

async function rowsOf(checkpoint: Checkpoint): Promise<Record<string, Row>> {
  const rows: Record<string, Row> = {};
  for (const tensor of checkpoint.tensors) {
    const sha256 = await digestOf(tensor, checkpoint.sources);
    if (sha256 !== undefined) rows[tensor.name] = { dtype: tensor.dtype, shape: tensor.shape, sha256 };
  }
  return rows;
}

describe('files by the HDF5 library have the datasets that h5py reads from them', () => {
  it.each(Object.entries(EXPECTED))('%s', async (name, expected) => {
    const checkpoint = await open(name);
    expect(checkpoint.format).toBe('hdf5');
    expect(checkpoint.problems.map(({ code }) => code).sort()).toEqual(expected.problems);
    expect(await rowsOf(checkpoint)).toEqual(expected.tensors);
    const owners = new Map(
      describeCheckpoint(name, checkpoint).tensors.map((row) => [row.name, row.sharedWith ?? row.name]),
    );
    for (const [one, other] of expected.shared) expect(owners.get(other), other).toBe(owners.get(one));
    for (const source of checkpoint.sources) await source.close();
  });
});

it('filters that are not read are named with their numbers, and all other datasets are read', async () => {
  const checkpoint = await open('plugins.h5');
  const told = checkpoint.problems.map(({ tensor, message }) => [tensor, message]);
  expect(told).toEqual(
    [
      ['bitshuffle', 'bitshuffle (filter 32008)'],
      ['blosc', 'blosc (filter 32001)'],
      ['blosc2', 'blosc2 (filter 32026)'],
      ['shuffled zfp', 'zfp (filter 32013)'],
      ['sperr', 'SPERR (filter 32028)'],
      ['sz', 'SZ (filter 32017)'],
      ['sz3', 'SZ3 (filter 32024)'],
      ['szip', 'szip (filter 4)'],
      ['zfp', 'zfp (filter 32013)'],
    ].map(([name, filter]) => [
      name,
      `the values are packed with ${filter}, which is not read; where the filter is installed, "h5repack -f GZIP=6 in.h5 out.h5" packs the values anew`,
    ]),
  );
});

it('an attribute whose number claims a length that it does not have is shown as bytes, and the others as they are', async () => {
  const bytes = Uint8Array.from(readFileSync(`${FIXTURES}attributes-old.h5`));
  // the length of the type of the root's attribute `half`
  const at = 1948;
  expect(bytes[at]).toBe(2);
  bytes[at] = 0;
  const { metadata } = await openCheckpoint(await fileInput(memorySource(bytes, 'x.h5')));
  expect(metadata).toMatchObject({ half: 'hex:', float: 0.1, small: -3, complex: { r: 1, i: 2 } });
});
