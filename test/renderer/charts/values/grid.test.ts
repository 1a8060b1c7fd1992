import { describe, expect, test } from 'vitest';

import { planeFor } from '#renderer/charts/plane.ts';
import {
  cellOfCoordinate,
  columnTitle,
  coordinateOfCell,
  gridOf,
  parseCoordinate,
  planeSlice,
  rowTitle,
  valueInWindow,
  windowOf,
  windowSlice,
  WINDOW_COLUMNS,
  WINDOW_ROWS,
} from '#renderer/charts/values/grid.ts';
import { parseSlice, sliceShape } from '#shared/slice.ts';

const whole = (shape: readonly number[]) => gridOf(shape, planeFor(shape, undefined));

describe('every cell of every window holds the value of its coordinate', () => {
  const rows: readonly (readonly [
    string,
    readonly number[],
    { rowAxis: number; columnAxis: number } | undefined,
  ])[] = [
    ['scalar', [], undefined],
    ['vector', [1999], undefined],
    ['short vector', [3], undefined],
    ['matrix', [130, 70], undefined],
    ['matrix on its side', [130, 70], { rowAxis: 1, columnAxis: 0 }],
    ['four axes', [3, 70, 2, 65], { rowAxis: 3, columnAxis: 1 }],
  ];
  test.each(rows)('%s', (_title, shape, axes) => {
    const plane = {
      ...planeFor(shape, undefined),
      ...axes,
      indices: shape.map((dimension) => dimension - 1),
    };
    const grid = gridOf(shape, plane);
    // a value that is its own coordinate's flat index, as the engine would answer the slice
    const strides = shape.map((_dimension, axis) => shape.slice(axis + 1).reduce((a, b) => a * b, 1));
    const answer = (slice: string) => {
      const parts = parseSlice(slice, shape);
      let values = [0];
      parts.forEach(({ start, count, step }, axis) => {
        const offsets = Array.from({ length: count }, (_, index) => (start + index * step) * strides[axis]!);
        values = values.flatMap((base) => offsets.map((offset) => base + offset));
      });
      return { shape: sliceShape(parts), values };
    };
    const windows = new Map<string, ReturnType<typeof answer>>();
    for (let row = 0; row < grid.rows; row += 7) {
      for (let column = 0; column < grid.columns; column += 3) {
        const { windowRow, windowColumn, key } = windowOf(grid, row, column);
        const window = windows.get(key) ?? answer(windowSlice(grid, windowRow, windowColumn));
        windows.set(key, window);
        const coordinate = coordinateOfCell(grid, row, column);
        const flat = coordinate?.reduce((sum, index, axis) => sum + index * strides[axis]!, 0);
        expect(valueInWindow(grid, window, row, column)).toBe(flat);
      }
    }
  });
});

test('a window is never more than it is meant to be', () => {
  const { shape } = whole([1_000_000, 4096]);
  const parts = parseSlice(windowSlice(whole([1_000_000, 4096]), 3, 2), shape);
  expect(sliceShape(parts)).toEqual([WINDOW_ROWS, WINDOW_COLUMNS]);
});

test('vectors are broken into rows of ten', () => {
  const grid = whole([25]);
  expect([grid.rows, grid.columns, rowTitle(grid, 2), columnTitle(grid, 3)]).toEqual([3, 10, '20', '+3']);
  expect([coordinateOfCell(grid, 2, 4), coordinateOfCell(grid, 2, 5)]).toEqual([[24], undefined]);
  expect(cellOfCoordinate(grid, [24])).toEqual({ row: 2, column: 4 });
});

test('the slice of a whole plane has an index for each axis outside it', () => {
  expect([
    planeSlice(gridOf([4, 3, 2, 5], { rowAxis: 2, columnAxis: 0, indices: [0, 1, 0, 4] })),
    planeSlice(whole([7])),
    planeSlice(whole([])),
  ]).toEqual([':,1,:,4', '', '']);
});

test('a tensor without elements has no cells', () => {
  expect([whole([0]), whole([0, 3]), whole([2, 0, 3])].map(({ rows, columns }) => rows * columns)).toEqual([
    0, 0, 0,
  ]);
});

describe('coordinates are read as people write them', () => {
  const rows: readonly (readonly [string, readonly number[] | string])[] = [
    ['12, 7', [12, 7]],
    ['[12, 7]', [12, 7]],
    ['(12,7)', [12, 7]],
    ['12 7', [12, 7]],
    ['-1, -20', [255, 0]],
    ['12', 'this tensor has 2 axes, 1 were given'],
    ['12, 20', 'axis 1 goes from 0 to 19, not 20'],
    ['-257, 0', 'axis 0 goes from 0 to 255, not -257'],
    ['a, 0', 'axis 0 goes from 0 to 255, not a'],
    ['1.5, 0', 'axis 0 goes from 0 to 255, not 1.5'],
  ];
  test.each(rows)('%s', (text, expected) => {
    expect(parseCoordinate(text, [256, 20])).toEqual(expected);
  });
});
