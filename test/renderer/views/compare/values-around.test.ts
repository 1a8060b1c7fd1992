import { describe, expect, test } from 'vitest';

import { gridOf, readCoordinate, sliceOf, windowAround } from '#renderer/views/compare/values-around.ts';
import type { TensorValue, TensorValues } from '#shared/commands/tensor.ts';

describe('the window about a coordinate', () => {
  const check = (at: readonly number[], shape: readonly number[], slice: string, transposed?: string) => {
    const window = windowAround(at, shape);
    expect(sliceOf(window)).toBe(slice);
    if (transposed !== undefined) expect(sliceOf(window, true)).toBe(transposed);
  };

  test('stands in the middle', () => check([100, 10], [256, 20], '97:104,7:14', '7:14,97:104'));
  test('moves inwards at the edges', () => check([0, 19], [256, 20], '0:7,13:20'));
  test('is the whole of a small matrix', () => check([1, 1], [2, 3], '0:2,0:3'));
  test('is a run of a vector', () => check([9], [10], '3:10'));
  test('keeps one index along further axes', () => check([4, 1, 5, 5], [8, 2, 9, 9], '4,1,2:9,2:9'));
  test('is nothing to slice in a scalar', () => check([], [], ''));
});

describe('both sides on one grid', () => {
  const values = (shape: readonly number[], list: readonly TensorValue[]): TensorValues => ({
    shape,
    dtype: 'f32',
    values: list,
    axes: [],
  });

  test('marks what differs and the coordinate itself', () => {
    const window = windowAround([1, 0], [2, 2]);
    const grid = gridOf(window, [1, 0], values([2, 2], [1, 2, 3, 4]), values([2, 2], [1, 2, 3.5, 4]), false);
    expect(
      grid.map((row) => row.cells.map((cell) => [cell.a, cell.b, cell.isDifferent, cell.isHere])),
    ).toEqual([
      [
        [1, 1, false, false],
        [2, 2, false, false],
      ],
      [
        [3, 3.5, true, true],
        [4, 4, false, false],
      ],
    ]);
  });

  test('lays a transposed partner the same way', () => {
    const window = windowAround([0, 0], [2, 3]);
    const a = values([2, 3], [1, 2, 3, 4, 5, 6]);
    const b = values([3, 2], [1, 4, 2, 5, 3, 6]);
    const cells = gridOf(window, [0, 0], a, b, true).flatMap((row) => row.cells);
    expect(cells.map((cell) => cell.b)).toEqual([1, 2, 3, 4, 5, 6]);
    expect(cells.some((cell) => cell.isDifferent)).toBe(false);
  });

  test('-0 differs from 0, NaN does not from NaN, and complex numbers are compared by part', () => {
    const window = windowAround([0], [4]);
    const a = values([4], [0, Number.NaN, [1, 2], 9_007_199_254_740_993n]);
    const b = values([4], [-0, Number.NaN, [1, -2], 9_007_199_254_740_993n]);
    const cells = gridOf(window, [0], a, b, false).flatMap((row) => row.cells);
    expect(cells.map((cell) => cell.isDifferent)).toEqual([true, false, true, false]);
  });

  test('without a partner nothing is said to differ', () => {
    const grid = gridOf(windowAround([0], [1]), [0], values([1], [1]), undefined, false);
    expect(grid[0]!.cells).toEqual([{ a: 1, b: undefined, isDifferent: false, isHere: true }]);
  });
});

describe('a typed coordinate', () => {
  test.each<readonly [string, readonly number[] | undefined]>([
    ['3, 17', [3, 17]],
    ['[3,17]', [3, 17]],
    ['3 17', [3, 17]],
    ['3', undefined],
    ['3, 20', undefined],
    ['256, 0', undefined],
    ['-1, 0', undefined],
    ['a, b', undefined],
    ['1e2, 0', undefined],
  ])('%s', (text, expected) => expect(readCoordinate(text, [256, 20])).toEqual(expected));

  test('of a scalar is nothing', () => expect(readCoordinate('', [])).toEqual([]));
});
