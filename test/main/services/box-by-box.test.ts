/** Passes that go box by box unpack each chunk once, however many lie side by side, and stop between windows. */
import { describe, expect, it, vi } from 'vitest';

import { createCompute } from '#main/services/compute.ts';
import { heatMapAxes } from '#main/services/heat-map-axes.ts';
import { heatMapOf } from '#main/services/heat-maps.ts';
import { profilesOf } from '#main/services/profiles.ts';
import { findDuplicates } from '#main/services/duplicates.ts';
import { fastDigestTask } from '#main/services/tasks/fast-digest.ts';
import { nonFiniteTask } from '#main/services/tasks/non-finite.ts';
import type { TensorPlan } from '#main/services/tensor-plan.ts';
import type { Pass } from '#main/services/windows.ts';
import { holdingAll } from '#test/kit/one-tensor.ts';
import { inPackedChunks } from '#test/kit/packed-chunks.ts';
import { unpacked } from '#test/kit/unpackings.ts';

vi.mock('#main/bytes/limits.ts', async (original) => ({
  ...(await original<object>()),
  // a sixteenth of what is kept, as in earnest
  BOX_BYTES: 4096,
  CHUNK_CACHE_BYTES: 65_536,
  WINDOW_BYTES: 1024,
}));

vi.mock('#main/encodings/filters/filters.ts', async (original) => {
  const { counting } = await import('#test/kit/unpackings.ts');
  return counting(await original());
});

const compute = createCompute(undefined);
const inF32 = new DataView(new ArrayBuffer(4));

/** f32 numbers by their row and column. */
function matrix(
  shape: readonly [number, number],
  cell: readonly number[],
  valueAt: (row: number, column: number) => number,
): TensorPlan {
  return inPackedChunks('f32', shape, cell, false, (index) => {
    inF32.setFloat32(0, valueAt(Math.floor(index / shape[1]), index % shape[1]));
    return BigInt(inF32.getUint32(0));
  });
}

const question = (plan: TensorPlan, ...axes: readonly number[]) => ({
  plan,
  ...heatMapAxes(plan.tensor.shape, axes[0], axes[1]),
  cells: 8,
});

const PASSES: Readonly<Record<string, (plan: TensorPlan, pass: Pass) => Promise<unknown>>> = {
  'the search for what is not finite': (plan, pass) => nonFiniteTask({ plan }, pass),
  'a picture': (plan, pass) => heatMapOf(compute, question(plan), pass),
  'a picture on its side': (plan, pass) => heatMapOf(compute, question(plan, 1, 0), pass),
  'the search for equal tensors': (plan, pass) => fastDigestTask({ plan, isByBoxes: true }, pass),
  'the figures of rows and columns': (plan, pass) => profilesOf(compute, question(plan), pass),
};

const SHAPES = {
  tall: matrix([1200, 60], [1200, 3], (row, column) => row - column),
  'tall, and many under one another': matrix([3000, 40], [500, 2], (row, column) => row - column),
  'wide, and many side by side': matrix([40, 3000], [3, 700], (row, column) => row + column),
  'wider than figures of columns are kept for': matrix([2, 70_000], [2, 9000], (row) => row),
  'as wide as that': matrix([3, 66_000], [1, 66_000], (row) => row),
};

describe.each(Object.entries(SHAPES))('of chunks that are %s', (_, plan) => {
  it.each(Object.entries(PASSES))('%s unpacks each once, and tells all that is read', async (__, run) => {
    let read = 0;
    await run(plan, { onRead: (byteLength) => void (read += byteLength) });
    const { storage, shape } = plan.tensor;
    if (storage.kind !== 'chunked') throw new Error('no chunks');
    const once = new Map(storage.chunks.map(({ offset }) => [offset, 1]));
    expect(new Map([...unpacked].sort(([a], [b]) => a - b))).toEqual(once);
    expect(read).toBe(4 * shape[0]! * shape[1]!);
  });

  it.each(Object.entries(PASSES))('%s stops when it is cancelled', async (__, run) => {
    const controller = new AbortController();
    let windows = 0;
    const pass = { signal: controller.signal, onRead: () => void (++windows === 3 && controller.abort()) };
    await expect(run(plan, pass)).rejects.toMatchObject({ code: 'cancelled' });
    expect(windows).toBe(3);
  });
});

it('the first that is not finite is the first in C order, in whichever box', async () => {
  const odd = new Map([
    [17 * 60 + 2, NaN],
    [16 * 60 + 50, -Infinity],
    [900 * 60, Infinity],
  ]);
  const plan = matrix([1200, 60], [1200, 3], (row, column) => odd.get(row * 60 + column) ?? 1);
  expect(await nonFiniteTask({ plan }, {})).toEqual({
    nan: 1,
    positiveInfinity: 1,
    negativeInfinity: 1,
    first: 16 * 60 + 50,
  });
});

describe('equal tensors', () => {
  const value = (row: number, column: number) => Math.sin(row * 60 + column);
  const named = (name: string, plan: TensorPlan): TensorPlan => ({
    ...plan,
    tensor: { ...plan.tensor, name },
  });
  const groupsOf = async (plans: readonly TensorPlan[]) => {
    const context = { signal: new AbortController().signal, progress: () => {} };
    const { groups, problems } = await findDuplicates(holdingAll(plans), compute, context);
    expect(problems).toEqual([]);
    return groups.map(({ names }) => names);
  };
  const tall = (name: string, valueAt = value) => named(name, matrix([1200, 60], [1200, 3], valueAt));

  it('in chunks alike are found, and each chunk of others is unpacked once', async () => {
    const other = tall(
      'other',
      (row, column) => value(row, column) + (row === 1199 && column === 59 ? 1 : 0),
    );
    expect(await groupsOf([tall('a'), other, tall('b')])).toEqual([['a', 'b']]);
    unpacked.clear();
    await groupsOf([tall('a'), other]);
    // of both files' chunks, those that begin at one place counted together
    expect([...unpacked.values()].reduce((sum, times) => sum + times, 0)).toBe(2 * 20);
  });

  it('in chunks of different shapes are found', async () => {
    const low = named('low', matrix([1200, 60], [100, 60], value));
    const narrow = named('narrow', matrix([1200, 60], [1200, 5], value));
    expect(await groupsOf([tall('a'), low, narrow])).toEqual([['a', 'low', 'narrow']]);
  });
});
