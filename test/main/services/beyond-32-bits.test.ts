import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';

import type { SourceDescription } from '#main/bytes/source.ts';
import { compareCheckpoints } from '#main/services/comparison.ts';
import { createCompute } from '#main/services/compute.ts';
import { checksumTask } from '#main/services/tasks/checksum.ts';
import { heatMapTask } from '#main/services/tasks/heat-map.ts';
import { histogramTask } from '#main/services/tasks/histogram.ts';
import { nonFiniteTask } from '#main/services/tasks/non-finite.ts';
import { profileTask } from '#main/services/tasks/profile.ts';
import { secondPassTask } from '#main/services/tasks/second-pass.ts';
import { sketchTask } from '#main/services/tasks/sketch.ts';
import { summaryTask } from '#main/services/tasks/summary.ts';
import type { TensorPlan } from '#main/services/tensor-plan.ts';
import type { Pass } from '#main/services/windows.ts';
import { countOf } from '#test/kit/laid-out.ts';
import { holding } from '#test/kit/one-tensor.ts';
import { writeSparse } from '#test/kit/sparse-file.ts';
import { vastSource } from '#test/kit/vast-source.ts';
import { fullSlice } from '#shared/slice.ts';

/** More elements than a signed 32-bit number counts. */
const COUNT = 2 ** 31 + 7;
/** Of buffers; 64 MiB of address space are the kernels' from the start. */
const MOST_MEMORY_BYTES = 112 * 1024 * 1024;

/** The codes are E5M2's NaN, +∞ and -∞, too. */
const PLANTED = [
  [2 ** 31 + 3, 0x7e],
  [2 ** 31 + 5, 0x7c],
  [2 ** 31 + 6, 0xfc],
] as const;

const folder = mkdtempSync(join(tmpdir(), 'paramscope-beyond-'));
const path = join(folder, 'vast');
writeSparse(path, COUNT, PLANTED);
const FILE = { kind: 'file', path, byteLength: COUNT } as const;
afterAll(() => rmSync(folder, { recursive: true }));

/** All bytes of a source as one tensor. */
function plan(
  dtype: string,
  shape: readonly number[] = [COUNT],
  source: SourceDescription = FILE,
): TensorPlan {
  const storage = {
    kind: 'dense',
    source: 0,
    offset: 0,
    byteLength: countOf(shape),
    byteOrder: 'little',
  } as const;
  return { tensor: { name: 'vast', dtype, shape, storage }, sources: [source] };
}

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
  it('are all in the statistics, the bins, the digest and the checksum, in one pass and bounded memory', async () => {
    const { pass, most, read } = watched();
    const checksum = { algorithm: 'crc32', source: FILE, begin: 0, from: 0, to: COUNT, end: COUNT } as const;
    const question = { plan: plan('u8'), quantiles: [0, 0.5, 1], isDigestWanted: true, bins: 4, checksum };
    const { summary, distinct, histogram, ...digests } = await summaryTask(question, pass);
    const mean = (126 + 124 + 252) / COUNT;
    const squares = 126 ** 2 + 124 ** 2 + 252 ** 2;
    expect(summary).toMatchObject({ count: COUNT, zeros: COUNT - 3, nan: 0, min: 0, max: 252 });
    expect(Number(summary!.mean) / mean).toBeCloseTo(1, 12);
    expect(Number(summary!.std) / Math.sqrt(squares / COUNT - mean ** 2)).toBeCloseTo(1, 12);
    expect(Number(summary!.l2) / Math.sqrt(squares)).toBeCloseTo(1, 12);
    expect(summary!.quantiles).toEqual({ '0': 0, '0.5': 0, '1': 252 });
    expect([...histogram!.edges]).toEqual([0, 63, 126, 189, 252]);
    expect([...histogram!.counts]).toEqual([COUNT - 3, 1, 1, 1]);
    expect(distinct).toEqual({ count: 4, isExact: true });
    // by hashlib and zlib of Python
    expect(digests).toEqual({
      sha256: '8f2d0932426e79864b68f3be42be022487b78f4958b47951e691e47a4bd5b550',
      checksum: 0x580082f1,
    });
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

  it('are all in a checksum of their own', async () => {
    // by google-crc32c
    expect(await checksumTask({ source: FILE, algorithm: 'crc32c', begin: 0, end: COUNT }, {})).toBe(
      0xf924ef09,
    );
  });

  it('are all compared, and the place of what differs is told', async () => {
    const others = [PLANTED[0], [2 ** 31 + 4, 9], [2 ** 31 + 5, 0x7a], PLANTED[2]] as const;
    const { rows } = await compareCheckpoints(
      holding(plan('u8')),
      holding(plan('u8', [COUNT], vastSource(COUNT, others))),
      createCompute(undefined),
      { signal: new AbortController().signal, progress: () => {} },
    );
    const squares = 126 ** 2 + 124 ** 2 + 252 ** 2;
    expect(rows[0]).toMatchObject({ state: 'different', changed: 2, maxAbs: 9, at: [2 ** 31 + 4] });
    expect(rows[0]!.relativeL2! / Math.sqrt((81 + 4) / squares)).toBeCloseTo(1, 12);
  });
});

describe('elements beyond the 2^32nd', () => {
  const ROWS = 2 ** 17;
  const COLUMNS = 2 ** 16;
  const shape = [ROWS, COLUMNS];
  const matrix = vastSource(ROWS * COLUMNS, [
    [ROWS * COLUMNS - 2 * COLUMNS + 9, 5],
    [ROWS * COLUMNS - 1, 7],
  ]);

  it('have their place in a picture', async () => {
    const task = {
      plan: plan('u8', shape, matrix),
      axes: fullSlice(shape),
      isTransposed: false,
      cells: 4096,
    };
    const { rows, columns, most, mean, max } = await heatMapTask({ ...task, cellRows: [4094, 4096] }, {});
    expect([rows, columns, max]).toEqual([2, 4096, 7]);
    const filled = [...most.entries()].filter(([, value]) => value > 0);
    // cells of 32 by 16 values
    expect(filled).toEqual([
      [4096, 5],
      [4096 + 4095, 7],
    ]);
    expect([mean[4096], mean[8191]]).toEqual([5 / 512, 7 / 512]);
  });

  it('are in the figures of their rows and columns', async () => {
    const task = { plan: plan('u8', shape, matrix), axes: fullSlice(shape), cells: 512 };
    const { streamed, kept } = await profileTask({ ...task, part: [ROWS - 50, ROWS] }, {});
    expect(streamed.found.dead.count).toBe(48);
    expect(streamed.found.dead.first.slice(-2)).toEqual([ROWS - 4, ROWS - 3]);
    expect([streamed.max[511], streamed.mostNorm[511], streamed.sum[511]]).toEqual([7, 7, 12]);
    const sums = kept.fields.subarray(0, COLUMNS);
    expect([...sums.entries()].filter(([, sum]) => sum > 0)).toEqual([
      [9, 5],
      [COLUMNS - 1, 7],
    ]);
  });

  it('are told by their place where rows are as long', async () => {
    const long = [2, 2 ** 32 + 10] as const;
    const wide = vastSource(2 * long[1], [
      [2 ** 32 + 3, 1],
      [long[1] + 2 ** 32 + 3, 1],
      [long[1] + 2 ** 32 + 5, 0x7e],
    ]);
    const task = { plan: plan('f8_e5m2', long, wide), axes: fullSlice(long), cells: 512 };
    const { streamed } = await profileTask({ ...task, part: [2 ** 32, 2 ** 32 + 10] }, {});
    const { dead, constant, unsound } = streamed.found;
    expect([dead.count, constant.first, unsound.first]).toEqual([8, [2 ** 32 + 3], [2 ** 32 + 5]]);
  });

  it('are in sketches and second passes of a part, and in checksums', async () => {
    const last = { begin: 2 ** 33 - 3 * 2 ** 20 - 1, end: 2 ** 33 };
    const { codes, counts } = await sketchTask({ plan: plan('u8', [2 ** 33], matrix), ...last }, {});
    expect([[...codes], [...counts]]).toEqual([
      [0, 5, 7],
      [3 * 2 ** 20 - 1, 1, 1],
    ]);
    const edges = Float64Array.of(1, 6, 8);
    const { histogram } = await secondPassTask({ plan: plan('u8', [2 ** 33], matrix), edges, ...last }, {});
    expect([[...histogram!.counts], histogram!.below]).toEqual([[1, 1], 3 * 2 ** 20 - 1]);
    // by zlib of Python and google-crc32c
    expect(await checksumTask({ source: matrix, algorithm: 'crc32', ...last }, {})).toBe(0x19fbc7c9);
    expect(await checksumTask({ source: matrix, algorithm: 'crc32c', ...last }, {})).toBe(0x212c5e6d);
  });
});
