import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';

import type { StoredTensor } from '#main/formats/contract.ts';
import { createCompute, type Compute } from '#main/services/compute.ts';
import { heatMapAxes } from '#main/services/heat-map-axes.ts';
import { profilesOf } from '#main/services/profiles.ts';
import type { Pass } from '#main/services/windows.ts';
import { writeSparse } from '#test/kit/sparse-file.ts';
import { elementByteLength } from '#shared/dtype.ts';
import { linesOfCell, type Profile } from '#shared/profile.ts';
import { elementCountOf } from '#shared/tensor.ts';

const folder = mkdtempSync(join(tmpdir(), 'profiles-'));
afterAll(() => rmSync(folder, { recursive: true }));

interface Question {
  readonly dtype: string;
  readonly shape: readonly number[];
  readonly path: string;
  readonly cells?: number;
  readonly axes?: readonly [rowAxis: number, columnAxis: number];
  readonly indices?: readonly number[];
  readonly strides?: readonly number[];
}

const inline = createCompute(undefined);

function ask(question: Question, pass: Pass = {}, compute: Compute = inline): Promise<Profile> {
  const { dtype, shape, path, cells = 512, axes = [], indices = [], strides } = question;
  const byteLength = elementByteLength(dtype) * (elementCountOf(shape) ?? 0);
  const storage = { kind: 'dense', source: 0, offset: 0, byteLength, byteOrder: 'little' } as const;
  const tensor: StoredTensor = {
    name: 't',
    dtype,
    shape,
    storage: { ...storage, ...(strides ? { strides } : {}) },
  };
  const plan = { tensor, sources: [{ kind: 'file', path, byteLength }] } as const;
  return profilesOf(compute, { plan, ...heatMapAxes(shape, axes[0], axes[1], indices), cells }, pass);
}

function file(name: string, values: ArrayBufferView): string {
  const path = join(folder, name);
  writeFileSync(path, new Uint8Array(values.buffer, values.byteOffset, values.byteLength));
  return path;
}

/** A hole of `byteLength` bytes, and some values in it. */
function sparse(
  name: string,
  byteLength: number,
  planted: readonly (readonly [at: number, byte: number])[],
): string {
  const path = join(folder, name);
  writeSparse(path, byteLength, planted);
  return path;
}

describe('rows and columns', () => {
  const path = file('small', Float32Array.of(3, 0, 4, 0, 0, 0, 2, 0, 2, NaN, 0, 1));
  const question = { dtype: 'f32', shape: [4, 3], path };

  it('are told with their figures, and the dead, constant and unsound ones by index', async () => {
    const { rows, columns } = await ask(question);
    expect([...rows.leastNorm]).toEqual([5, 0, Math.sqrt(8), 1]);
    expect([...rows.mostNorm]).toEqual([...rows.leastNorm]);
    expect([...rows.min]).toEqual([0, 0, 0, 0]);
    expect([...rows.max]).toEqual([4, 0, 2, 1]);
    expect([...rows.mean]).toEqual([7 / 3, 0, 4 / 3, 0.5]);
    expect([...rows.zeros]).toEqual([1, 3, 1, 1]);
    expect([...rows.notFinite]).toEqual([0, 0, 0, 1]);
    expect([...rows.marks]).toEqual([0, 1, 0, 4]);
    expect(rows).toMatchObject({ lines: 4, length: 3, cells: 4, dead: { count: 1, first: [1] } });
    expect(columns.dead).toEqual({ count: 1, first: [1] });
    expect(columns.unsound).toEqual({ count: 1, first: [0] });
    expect([...columns.mostNorm]).toEqual([Math.sqrt(13), 0, Math.sqrt(21)]);
  });

  it('change places with their axes, and take the plane that is asked for', async () => {
    const turned = await ask({ ...question, axes: [1, 0] });
    const straight = await ask(question);
    expect(turned).toEqual({ rows: straight.columns, columns: straight.rows });
    const cube = { dtype: 'f32', shape: [2, 2, 3], path, axes: [0, 2], indices: [0, 1, 0] } as const;
    expect([...(await ask(cube)).rows.mostNorm]).toEqual([0, 1]);
  });

  it('of a transposed tensor are those of its values', async () => {
    const turned = await ask({ ...question, shape: [3, 4], strides: [1, 3] });
    const straight = await ask(question);
    expect(turned).toEqual({ rows: straight.columns, columns: straight.rows });
  });

  it('are constant where one number fills them, and never for being alone', async () => {
    const constant = file('constant', Float32Array.of(2, 2, 2, 5, 7, 5));
    const { rows, columns } = await ask({ dtype: 'f32', shape: [2, 3], path: constant });
    expect([rows.constant, columns.constant]).toEqual([
      { count: 1, first: [0] },
      { count: 0, first: [] },
    ]);
    const vector = await ask({ dtype: 'f32', shape: [6], path: constant });
    expect([vector.rows.lines, vector.columns.lines, vector.columns.constant.count]).toEqual([1, 6, 0]);
  });

  it('of no values have none', async () => {
    const { rows, columns } = await ask({ dtype: 'f32', shape: [2 ** 40, 0], path });
    expect([rows.lines, rows.length, rows.cells, rows.dead.count, rows.mean[0]]).toEqual([
      2 ** 40,
      0,
      512,
      0,
      NaN,
    ]);
    expect([columns.lines, columns.length, columns.cells]).toEqual([0, 2 ** 40, 0]);
  });

  it('of texts and complex numbers are refused', async () => {
    await expect(ask({ dtype: 'c64', shape: [2, 3], path })).rejects.toMatchObject({ code: 'unsupported' });
  });
});

describe('many lines', { timeout: 60_000 }, () => {
  /** The most that buffers take while it runs; 64 MiB of address space are the kernels' from the start. */
  function watched(): { readonly pass: Pass; readonly most: () => number } {
    let most = 0;
    let windows = 0;
    const look = () => (most = Math.max(most, process.memoryUsage().external));
    return { pass: { onRead: () => void (windows++ % 16 === 0 && look()) }, most: () => most };
  }
  const MOST_MEMORY_BYTES = 176 * 1024 * 1024;

  it('share cells, and are still found one by one, in bounded memory', async () => {
    const rows = 10_000_001;
    // dead everywhere but in three places: 1 alone, 1 twice, and a whole row of 7
    const planted = [5, 2 * 9_999_999, 2 * 10_000_000, 2 * 10_000_000 + 1] as const;
    const path = sparse(
      'tall',
      2 * rows,
      planted.map((at) => [at, 7]),
    );
    const { pass, most } = watched();
    const profile = await ask({ dtype: 'u8', shape: [rows, 2], path, cells: 100 }, pass);
    expect(profile.rows.dead.count).toBe(rows - 3);
    expect(profile.rows.dead.first.slice(0, 4)).toEqual([0, 1, 3, 4]);
    expect(profile.rows.dead.first.length).toBe(1000);
    expect(profile.rows.constant).toEqual({ count: 1, first: [10_000_000] });
    expect(profile.rows.cells).toBe(100);
    expect([profile.rows.mostNorm[0], profile.rows.leastNorm[0], profile.rows.mostNorm[50]]).toEqual([
      7, 0, 0,
    ]);
    expect(profile.rows.mostNorm[99]).toBe(Math.sqrt(98));
    expect(linesOfCell(profile.rows, 99)).toEqual([9_900_001, rows]);
    expect([...profile.columns.zeros]).toEqual([rows - 2, rows - 2]);
    expect(most()).toBeLessThan(MOST_MEMORY_BYTES);
  });

  it('lie along long rows, too', async () => {
    const columns = 10_000_003;
    const path = sparse('wide', 3 * columns, [
      [columns - 1, 9],
      [columns + 70_000, 9],
      [2 * columns + 70_000, 9],
      [2 * columns, 9],
    ]);
    const { pass, most } = watched();
    const profile = await ask({ dtype: 'u8', shape: [3, columns], path, cells: 64 }, pass);
    expect(profile.columns.dead.count).toBe(columns - 3);
    expect(profile.columns.dead.first.slice(0, 2)).toEqual([1, 2]);
    expect(profile.columns.mostNorm[63]).toBe(9);
    expect(profile.columns.mostNorm[0]).toBe(Math.sqrt(162));
    expect([...profile.rows.zeros]).toEqual([columns - 1, columns - 1, columns - 2]);
    expect(most()).toBeLessThan(MOST_MEMORY_BYTES);
  });

  it('on both sides are refused where neither can be kept', async () => {
    const path = join(folder, 'nothing');
    await expect(ask({ dtype: 'u8', shape: [2 ** 21, 2 ** 17], path })).rejects.toMatchObject({
      code: 'limit',
      fields: { expected: 'at most 65536 columns, or at most 1048576 rows' },
    });
  });
});

it('does not depend on how many threads there are', async () => {
  const values = Float32Array.from({ length: 3000 * 2000 }, (_, at) => Math.sin(at * 12.9898) * 1e3);
  const path = file('shared', values);
  const question = { dtype: 'f32', shape: [3000, 2000], path };
  let tasks = 0;
  const wide: Compute = { ...inline, width: 5, run: (...task) => (tasks++, inline.run(...task)) };
  expect(await ask(question, {}, wide)).toEqual(await ask(question));
  expect(tasks).toBe(8);
});

it('stops when it is cancelled', async () => {
  const path = sparse('cancelled', 2 ** 31, []);
  const controller = new AbortController();
  const pass = { signal: controller.signal, onRead: () => controller.abort() };
  await expect(ask({ dtype: 'u8', shape: [2 ** 15, 2 ** 16], path }, pass)).rejects.toMatchObject({
    code: 'cancelled',
  });
});
