import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it, vi } from 'vitest';

import type { StoredTensor } from '#main/formats/contract.ts';
import type { OpenCheckpoint } from '#main/services/checkpoints.ts';
import { createCompute } from '#main/services/compute.ts';
import { heatMapAxes } from '#main/services/heat-map-axes.ts';
import { singularValuesOf } from '#main/services/singular-values.ts';
import { SPECTRUM_STEPS } from '#main/services/tasks/singular-values.ts';
import type { Pass } from '#main/services/windows.ts';
import { elementByteLength } from '#shared/dtype.ts';
import type { SingularValues } from '#shared/singular-values.ts';
import { elementCountOf } from '#shared/tensor.ts';

const folder = mkdtempSync(join(tmpdir(), 'singular-values-'));
afterAll(() => rmSync(folder, { recursive: true }));

const compute = createCompute(undefined);
let files = 0;

interface Question {
  readonly dtype?: string;
  readonly shape: readonly number[];
  readonly axes?: readonly [rowAxis: number, columnAxis: number];
  readonly indices?: readonly number[];
}

async function ask(
  values: ArrayBufferView,
  { dtype = 'f64', shape, axes = [] as never, indices = [] }: Question,
  pass: Pass = {},
): Promise<SingularValues> {
  const path = join(folder, `${files++}`);
  writeFileSync(path, new Uint8Array(values.buffer, values.byteOffset, values.byteLength));
  const byteLength = elementByteLength(dtype) * (elementCountOf(shape) ?? 0);
  const storage = { kind: 'dense', source: 0, offset: 0, byteLength, byteOrder: 'little' } as const;
  const tensor: StoredTensor = { name: 'w', dtype, shape, storage };
  const plan = { tensor, sources: [{ kind: 'file', path, byteLength }] } as const;
  return compute.run(
    'singular-values',
    { plan, axes: heatMapAxes(shape, axes[0], axes[1], indices).axes },
    pass,
  );
}

const ofRows = (rows: readonly (readonly number[])[]) =>
  ask(Float64Array.from(rows.flat()), { shape: [rows.length, rows[0]!.length] });

/** Each within some roundings of the largest. */
function expectValues(found: ArrayLike<number>, expected: readonly number[]): void {
  expect(found.length).toBe(expected.length);
  for (const [index, value] of expected.entries()) {
    expect(Math.abs(found[index]! - value) / (expected[0]! || 1)).toBeLessThan(4e-15);
  }
}

/** Numbers between −1 and 1, always the same ones. */
function numbers(count: number, seed: number): Float64Array {
  let state = seed;
  return Float64Array.from({ length: count }, () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 31 - 1;
  });
}

const range = (count: number) => [...Array(count).keys()];

/** `numpy.linalg.svd(A, compute_uv=False)` of NumPy 2.4 with `matrix_rank`. */
const OF_NUMPY: readonly (readonly [
  title: string,
  rows: readonly (readonly number[])[],
  values: readonly number[],
  rank: number,
])[] = [
  [
    'wider than high',
    [
      [3, 1, 2, -4],
      [0, -1, 5, 2],
    ],
    [5.567764362830021, 5.385164807134504],
    2,
  ],
  [
    'square',
    [
      [4, -2, 1],
      [1, 3, -5],
      [2, 0, 6],
    ],
    [8.38107671503059, 4.275113417410267, 2.7351340671072744],
    3,
  ],
  [
    'of rank 2',
    [
      [1, 2, 3],
      [4, 5, 6],
      [7, 8, 9],
      [10, 11, 12],
    ],
    [25.462407436036393, 1.290661675761233, 0],
    2,
  ],
  ['one row', [[3, -4, 12]], [13], 1],
  ['one column', [[3], [-4], [12]], [13], 1],
  ['one element', [[-7]], [7], 1],
  [
    'zeros',
    [
      [0, 0],
      [0, 0],
      [0, 0],
    ],
    [0, 0],
    0,
  ],
  [
    'repeated',
    [
      [0, -2, 0],
      [2, 0, 0],
      [0, 0, -2],
    ],
    [2, 2, 2],
    3,
  ],
  [
    'near the end of doubles',
    [
      [1e308, 1e307],
      [-1e307, 5e307],
    ],
    [1.0066372975210778e308, 5.066372975210776e307],
    2,
  ],
  [
    'Hilbert',
    range(5).map((row) => range(5).map((column) => 1 / (row + column + 1))),
    [
      1.567050691098231, 0.20853421861101334, 0.01140749162341979, 0.0003058980401511817,
      3.287928772176189e-6,
    ],
    5,
  ],
  [
    'higher than wide',
    range(40).map((row) => range(3).map((column) => ((row * 7 + column * 3) % 11) - 5)),
    [24.492939167956106, 21.316984432929175, 11.944961515260609],
    3,
  ],
];

describe('singular values are those of NumPy', () => {
  it.each(OF_NUMPY)('%s', async (_title, rows, values, rank) => {
    const found = await ofRows(rows);
    expectValues(found.values, values);
    expect(found).toMatchObject({ rank, rows: rows.length, columns: rows[0]!.length });
  });

  it('graded over three hundred powers of ten, each to its last digits', async () => {
    const { values, condition } = await ofRows([
      [1e150, 2e140, 0],
      [0, 1, 0],
      [0, 0, 1e-150],
    ]);
    for (const [index, expected] of [1e150, 1, 1e-150].entries()) {
      expect(Math.abs(values[index]! / expected - 1)).toBeLessThan(1e-14);
    }
    expect(condition).toBeCloseTo(1e300, -290);
  });

  it('of denormal numbers', async () => {
    const { values } = await ofRows([
      [3e-310, 0],
      [0, 4e-310],
    ]);
    expect([...values]).toEqual([4e-310, 3e-310]);
  });
});

describe('figures', () => {
  it('are those of the definitions', async () => {
    const found = await ofRows([
      [4, -2, 1],
      [1, 3, -5],
      [2, 0, 6],
    ]);
    expect(found.condition).toBeCloseTo(3.0642288492624288, 12);
    expect(found.stableRank).toBeCloseTo(1.3666949861848905, 12);
    expect(found.effectiveRank).toBeCloseTo(2.7014851064125254, 12);
    expect(found.tolerance).toBeCloseTo(8.38107671503059 * 3 * 2 ** -52, 25);
  });

  it('of zeros are no numbers of something else', async () => {
    const found = await ofRows([[0, 0]]);
    expect(found).toMatchObject({ condition: Infinity, rank: 0, stableRank: 0, effectiveRank: 0 });
  });

  it('take the roundings of 32 bits where NumPy would compute in these', async () => {
    const values = [1, 0, 0, 1e-7];
    const single = await ask(Float32Array.from(values), { dtype: 'f32', shape: [2, 2] });
    expect(single).toMatchObject({ rank: 1, epsilon: 2 ** -23 });
    expect(await ask(Float64Array.from(values), { shape: [2, 2] })).toMatchObject({ rank: 2 });
    const whole = await ask(Int8Array.of(2, 0, 0, 3), { dtype: 'i8', shape: [2, 2] });
    expect(whole).toMatchObject({ rank: 2, epsilon: 2 ** -52 });
    expect([...whole.values]).toEqual([3, 2]);
  });
});

/** Reflects every row, or every column, of a matrix in C order about the plane across a vector: orthogonal whatever it is. */
function reflected(matrix: Float64Array, columns: number, isOfRows: boolean, seed: number): Float64Array {
  const rows = matrix.length / columns;
  const mirror = numbers(isOfRows ? columns : rows, seed);
  const square = mirror.reduce((sum, value) => sum + value * value, 0);
  const at = (line: number, place: number) => (isOfRows ? line * columns + place : place * columns + line);
  const turned = matrix.slice();
  for (let line = 0; line < (isOfRows ? rows : columns); line++) {
    const along = mirror.reduce((sum, value, place) => sum + value * matrix[at(line, place)]!, 0);
    for (const [place, value] of mirror.entries()) turned[at(line, place)]! -= (2 * along * value) / square;
  }
  return turned;
}

describe('a matrix made of known singular values', () => {
  it.each([
    ['square', 60, 60],
    ['a little higher', 70, 50],
    ['a little wider', 50, 70],
    ['much higher, in several blocks', 9000, 20],
    ['much wider, in several windows', 20, 9000],
  ])('gives them back: %s', async (_title, rows, columns) => {
    const count = Math.min(rows, columns);
    // some twice, and the last ones 0
    const known = range(count).map((index) =>
      Math.max(0, 2 ** -Math.floor(index / 2) * (index < 15 ? 1 : 0)),
    );
    let matrix = new Float64Array(rows * columns);
    for (const [index, value] of known.entries()) matrix[index * columns + index] = value;
    for (const seed of [1, 2, 3]) {
      matrix = reflected(matrix, columns, true, seed) as Float64Array<ArrayBuffer>;
      matrix = reflected(matrix, columns, false, seed + 10) as Float64Array<ArrayBuffer>;
    }
    const { values, rank } = await ask(matrix, { shape: [rows, columns] });
    expectValues(values, known);
    expect(rank).toBe(15);
  });
});

it('squares add up to that of the Frobenius norm, and the product is the determinant', async () => {
  for (const seed of range(20)) {
    const [a, b, c, d, e, f, g, h, i] = numbers(9, seed).map((value) =>
      Math.round(value * 9),
    ) as unknown as number[];
    const { values } = await ofRows([
      [a!, b!, c!],
      [d!, e!, f!],
      [g!, h!, i!],
    ]);
    const squares = [a, b, c, d, e, f, g, h, i].reduce<number>((sum, value) => sum + value! * value!, 0);
    const determinant = a! * (e! * i! - f! * h!) - b! * (d! * i! - f! * g!) + c! * (d! * h! - e! * g!);
    expect(values.reduce((sum, value) => sum + value * value, 0)).toBeCloseTo(squares, 10);
    expect(values.reduce((product, value) => product * value, 1)).toBeCloseTo(Math.abs(determinant), 10);
  }
});

describe('of a tensor', () => {
  it('with more axes, those of the plane that is asked for', async () => {
    const cube = Float64Array.of(1, 2, 3, 4, 5, 6, 7, 8);
    // [[2, 4], [6, 8]]: the last axis at 1
    const found = await ask(cube, { shape: [2, 2, 2], axes: [0, 1], indices: [0, 0, 1] });
    expect(found.values.reduce((product, value) => product * value, 1)).toBeCloseTo(8, 12);
    expect(found.values.reduce((sum, value) => sum + value * value, 0)).toBeCloseTo(120, 10);
  });

  it('with a NaN or an infinity there are none, and the first is named', async () => {
    const cube = Float32Array.of(1, 2, 3, 4, 5, 6, 7, 8, -Infinity, NaN, 1, 1);
    await expect(ask(cube, { dtype: 'f32', shape: [2, 2, 3], indices: [1, 0, 0] })).rejects.toMatchObject({
      code: 'unsupported',
      fields: { found: '-Infinity at [1, 0, 2], the first of them' },
    });
  });

  it.each([
    ['a vector', 'f64', [3], 'only a matrix has singular values'],
    ['no elements', 'f64', [0, 3], 'a matrix without elements has no singular values'],
    ['complex', 'c128', [1, 2], 'singular values of c128 are not computed'],
  ] as const)('%s is refused in words', async (_title, dtype, shape, message) => {
    await expect(ask(new Float64Array(4), { dtype, shape })).rejects.toMatchObject({
      code: 'unsupported',
      message,
    });
  });
});

it('are computed once for each plane, while the file stays the same', async () => {
  const path = join(folder, 'cube');
  writeFileSync(path, new Uint8Array(Float64Array.of(1, 2, 3, 4, 5, 6, 7, 8).buffer));
  const shape = [2, 2, 2];
  const storage = { kind: 'dense', source: 0, offset: 0, byteLength: 64, byteOrder: 'little' } as const;
  const tensor: StoredTensor = { name: 'w', dtype: 'f64', shape, storage };
  const plan = { tensor, sources: [{ kind: 'file', path, byteLength: 64 }] } as const;
  const open = { cache: new Map<string, unknown>() } as OpenCheckpoint;
  const run = vi.spyOn(compute, 'run');
  const largest = async (indices: readonly number[]) => {
    const { axes } = heatMapAxes(shape, undefined, undefined, indices);
    return (await singularValuesOf(open, compute, { plan, axes }, {})).values[0]!;
  };
  const first = await largest([0, 0, 0]);
  expect(await largest([0, 0, 0])).toBe(first);
  expect(run).toHaveBeenCalledTimes(1);
  expect(await largest([1, 0, 0])).toBeGreaterThan(2 * first);
  expect(run).toHaveBeenCalledTimes(2);
});

describe('a long computation', () => {
  it('tells how far it is, to its end', async () => {
    const told: number[] = [];
    await ask(numbers(120 * 100, 5), { shape: [120, 100] }, { onRead: (steps) => told.push(steps) });
    const total = told.reduce((sum, steps) => sum + steps, 0);
    expect(told.length).toBeGreaterThan(20);
    expect(total).toBeGreaterThan(SPECTRUM_STEPS * 0.8);
    expect(total).toBeLessThanOrEqual(SPECTRUM_STEPS);
  });

  it('ends when it is called off', async () => {
    const controller = new AbortController();
    const answer = ask(
      numbers(300 * 300, 7),
      { shape: [300, 300] },
      { signal: controller.signal, onRead: () => controller.abort() },
    );
    await expect(answer).rejects.toMatchObject({ code: 'cancelled' });
  });
});
