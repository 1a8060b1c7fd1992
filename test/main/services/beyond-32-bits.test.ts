import { closeSync, ftruncateSync, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { histogramTask } from '#main/services/tasks/histogram.ts';
import { nonFiniteTask } from '#main/services/tasks/non-finite.ts';
import { summaryTask } from '#main/services/tasks/summary.ts';
import type { TensorPlan } from '#main/services/tensor-plan.ts';
import type { Pass } from '#main/services/windows.ts';

/** More elements than a signed 32-bit number counts. */
const COUNT = 2 ** 31 + 7;
/** Of buffers; 64 MiB of address space are the kernels' from the start. */
const MOST_MEMORY_BYTES = 112 * 1024 * 1024;

let plan: (dtype: string) => TensorPlan;
let folder: string;

/** One hole of a file, but for the last bytes: it takes no room on the disk. The codes are E5M2's NaN, +∞ and -∞ too. */
const PLANTED = [
  [2 ** 31 + 3, 0x7e],
  [2 ** 31 + 5, 0x7c],
  [2 ** 31 + 6, 0xfc],
] as const;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'paramscope-beyond-'));
  const path = join(folder, 'vast');
  const file = openSync(path, 'w');
  ftruncateSync(file, COUNT);
  for (const [at, byte] of PLANTED) writeSync(file, Uint8Array.of(byte), 0, 1, at);
  closeSync(file);
  const storage = { kind: 'dense', source: 0, offset: 0, byteLength: COUNT, byteOrder: 'little' } as const;
  plan = (dtype) => ({
    tensor: { name: 'vast', dtype, shape: [COUNT], storage },
    sources: [{ kind: 'file', path, byteLength: COUNT }],
  });
});
afterAll(() => rmSync(folder, { recursive: true }));

/** Looks at the memory in use every few windows. */
function watched(): { readonly pass: Pass; readonly most: () => number; readonly read: () => number } {
  let most = 0;
  let bytes = 0;
  let windows = 0;
  const onRead = (byteLength: number) => {
    bytes += byteLength;
    if (windows++ % 64 === 0) most = Math.max(most, process.memoryUsage().external);
  };
  return { pass: { onRead }, most: () => most, read: () => bytes };
}

describe('more elements than 32 bits count', { timeout: 120_000 }, () => {
  it('are all in the statistics and the bins, in one pass and bounded memory', async () => {
    const { pass, most, read } = watched();
    const question = { plan: plan('u8'), quantiles: [0, 0.5, 1], isDigestWanted: false, bins: 4 };
    const { summary, histogram } = await summaryTask(question, pass);
    const mean = (126 + 124 + 252) / COUNT;
    const squares = 126 ** 2 + 124 ** 2 + 252 ** 2;
    expect(summary).toMatchObject({ count: COUNT, zeros: COUNT - 3, nan: 0, min: 0, max: 252 });
    expect(Number(summary!.mean) / mean).toBeCloseTo(1, 12);
    expect(Number(summary!.std) / Math.sqrt(squares / COUNT - mean ** 2)).toBeCloseTo(1, 12);
    expect(Number(summary!.l2) / Math.sqrt(squares)).toBeCloseTo(1, 12);
    expect(summary!.quantiles).toEqual({ '0': 0, '0.5': 0, '1': 252 });
    expect([...histogram!.edges]).toEqual([0, 63, 126, 189, 252]);
    expect([...histogram!.counts]).toEqual([COUNT - 3, 1, 1, 1]);
    expect(read()).toBe(COUNT);
    expect(most()).toBeLessThan(MOST_MEMORY_BYTES);
  });

  it('are all in a histogram over a part of the values', async () => {
    const { counts, below, above } = await histogramTask({ plan: plan('u8'), bins: 2, range: [1, 251] }, {});
    expect([[...counts], below, above]).toEqual([[1, 1], COUNT - 3, 1]);
  });

  it('are all searched for what is not finite', async () => {
    const { pass, most } = watched();
    expect(await nonFiniteTask({ plan: plan('f8_e5m2') }, pass)).toEqual({
      nan: 1,
      positiveInfinity: 1,
      negativeInfinity: 1,
      first: 2 ** 31 + 3,
    });
    expect(most()).toBeLessThan(MOST_MEMORY_BYTES);
  });
});
