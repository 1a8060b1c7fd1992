import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';

import { createEngine, type Engine } from '#main/engine.ts';
import { hasOracles, ORACLES } from '#test/kit/shared-files.ts';
import { plainSafetensors } from '#test/kit/write-plain-safetensors.ts';
import type { FindNonFiniteUpdate, NonFiniteFindings } from '#shared/commands/checkpoint.ts';

let engine: Engine;
let folder: string;
const updates: FindNonFiniteUpdate[] = [];

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'paramscope-non-finite-'));
  engine = await createEngine({ resourceFolder: folder });
  updates.length = 0;
});
afterEach(async () => {
  await engine.close();
  rmSync(folder, { recursive: true });
});

async function search(path: string, signal = new AbortController().signal): Promise<NonFiniteFindings> {
  const context = {
    signal,
    progress: (update: unknown) => void updates.push(update as FindNonFiniteUpdate),
  };
  const params = { file: engine.grant(path).file };
  return (await engine.answer('checkpoint.find-non-finite', params, context)) as NonFiniteFindings;
}

function file(name: string, tensors: Parameters<typeof plainSafetensors>[0]): string {
  const path = join(folder, name);
  writeFileSync(path, plainSafetensors(tensors));
  return path;
}

const floats = (count: number, at: Readonly<Record<number, number>>) => {
  const values = new Float32Array(count);
  for (const [index, value] of Object.entries(at)) values[Number(index)] = value;
  return new Uint8Array(values.buffer);
};

it.skipIf(!hasOracles)('the one NaN of a genuine checkpoint is found at its coordinate', async () => {
  const { tensors, problems } = await search(`${ORACLES}steps/step-0040.safetensors`);
  // flat index 1234 of 256 × 20
  expect(tensors).toEqual([
    {
      name: 'hidden.weight',
      elementCount: 5120,
      nan: 1,
      positiveInfinity: 0,
      negativeInfinity: 0,
      at: [61, 14],
    },
  ]);
  expect(problems).toEqual([]);
});

it('finds beyond the first window, tells them as they come, and reads no integers', async () => {
  const count = 700_000;
  const path = file('many.safetensors', [
    { name: 'clean', dtype: 'F32', shape: [4], bytes: floats(4, {}) },
    {
      name: 'far',
      dtype: 'F32',
      shape: [700, 1000],
      bytes: floats(count, { 600_123: -Infinity, 699_999: NaN }),
    },
    { name: 'whole', dtype: 'I64', shape: [1], bytes: new Uint8Array(8) },
  ]);
  const findings = await search(path);
  const far = { name: 'far', elementCount: count, nan: 1, positiveInfinity: 0, negativeInfinity: 1 };
  expect(findings).toEqual({
    tensors: [{ ...far, at: [600, 123] }],
    searched: { tensors: 2, elements: count + 4 },
    problems: [],
  });
  expect(updates.flatMap(({ found = [] }) => found.map(({ name }) => name))).toEqual(['far']);
  expect(updates.at(-1)).toMatchObject({ done: 4 * (count + 4), total: 4 * (count + 4), unit: 'bytes' });
});

it('ends when it is called off', async () => {
  const path = file('one.safetensors', [{ name: 'x', dtype: 'F32', shape: [4], bytes: floats(4, {}) }]);
  await expect(search(path, AbortSignal.abort())).rejects.toMatchObject({ code: 'cancelled' });
});
