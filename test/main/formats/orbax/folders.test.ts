import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

import { folderAt } from '#main/bytes/folder.ts';
import type { Checkpoint } from '#main/formats/contract.ts';
import { openCheckpoint } from '#main/formats/detect.ts';
import { createCompute } from '#main/services/compute.ts';
import { verifyCheckpoint } from '#main/services/integrity.ts';
import type { OpenCheckpoint } from '#main/services/checkpoints.ts';
import { digestOf } from '#test/kit/digest.ts';

const FIXTURES = fileURLToPath(new URL('../../../fixtures/orbax/', import.meta.url));

interface Expected {
  readonly tensors: Readonly<Record<string, unknown>>;
  readonly problems: readonly string[];
  readonly metadata: Readonly<Record<string, unknown>>;
  readonly verified: readonly string[];
}
const EXPECTED = JSON.parse(readFileSync(`${FIXTURES}expected.json`, 'utf8')) as Record<string, Expected>;

async function rowsOf(checkpoint: Checkpoint): Promise<[string, unknown][]> {
  const rows: [string, unknown][] = [];
  for (const tensor of checkpoint.tensors) {
    const { name, dtype, shape } = tensor;
    rows.push([name, { dtype, shape, sha256: (await digestOf(tensor, checkpoint.sources)) ?? null }]);
  }
  return rows.sort(([a], [b]) => (a < b ? -1 : 1));
}

const sorted = (rows: Readonly<Record<string, unknown>>) =>
  Object.entries(rows).sort(([a], [b]) => (a < b ? -1 : 1));

describe('folders by Orbax, TensorStore and zarr open with what they read back themselves', () => {
  it.each(Object.keys(EXPECTED))('%s', async (name) => {
    const expected = EXPECTED[name]!;
    const folder = folderAt(`${FIXTURES}${name}`);
    const checkpoint = await openCheckpoint({ kind: 'folder', name, folder });
    expect(checkpoint.format).toBe('orbax');
    expect(await rowsOf(checkpoint)).toEqual(sorted(expected.tensors));
    expect(checkpoint.problems.map(({ code }) => code)).toEqual(expected.problems);
    expect(JSON.parse(JSON.stringify(checkpoint.metadata))).toMatchObject(expected.metadata);
    const { tensors } = await verifyCheckpoint({ checkpoint } as OpenCheckpoint, createCompute(undefined), {
      signal: new AbortController().signal,
      progress: () => {},
    });
    const verified = tensors.filter(({ state }) => state === 'verified').map((tensor) => tensor.name);
    expect(verified.sort()).toEqual([...expected.verified].sort());
    for (const source of checkpoint.sources) await source.close();
  });
});
