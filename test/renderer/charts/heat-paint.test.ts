import { describe, expect, test } from 'vitest';

import { ticksFor } from '#renderer/charts/heat-drawing.ts';
import { cellAt, heatPixels } from '#renderer/charts/heat-paint.ts';
import type { HeatMap } from '#shared/commands/tensor.ts';

const map: HeatMap = {
  rows: 2,
  columns: 2,
  sliceRows: 3,
  sliceColumns: 5,
  mean: Float32Array.of(1, -1, Number.NaN, 0.5),
  flags: Uint8Array.of(0, 2, 1, 3),
  min: -1,
  max: 1,
};

test('cells without a finite value are left free for their marks', () => {
  const { colours, nan, infinite } = heatPixels(map, { kind: 'diverging', low: -1, high: 1 }, false);
  expect([...colours].map((pixel) => pixel !== 0)).toEqual([true, true, false, true]);
  expect([...(nan ?? [])].map((pixel) => pixel !== 0)).toEqual([false, false, true, true]);
  expect([...(infinite ?? [])].map((pixel) => pixel !== 0)).toEqual([false, true, false, true]);
});

test('without NaN and infinities there is nothing to mark', () => {
  const clean = { ...map, flags: new Uint8Array(4) };
  expect(heatPixels(clean, { kind: 'diverging', low: -1, high: 1 }, true)).toMatchObject({
    nan: undefined,
    infinite: undefined,
  });
});

describe('a cell knows the elements it stands for', () => {
  test('every element is in the cell that the engine puts it in', () => {
    for (const [cells, elements] of [
      [2, 3],
      [2, 5],
      [3, 7],
      [4, 4],
      [5, 768],
    ] as const) {
      const line: HeatMap = {
        ...map,
        rows: 1,
        sliceRows: 1,
        columns: cells,
        sliceColumns: elements,
        mean: new Float32Array(cells),
        flags: new Uint8Array(cells),
      };
      for (let element = 0; element < elements; element++) {
        const [from, to] = cellAt(line, 0, Math.floor((element * cells) / elements))!.columns;
        expect(element >= from && element < to).toBe(true);
      }
    }
  });

  test('outside there is none', () => {
    expect([cellAt(map, -1, 0), cellAt(map, 0, 2), cellAt(map, 2, 0)]).toEqual([
      undefined,
      undefined,
      undefined,
    ]);
  });
});

test('axes have round indices with room between them', () => {
  expect([ticksFor(10, 1000, 44), ticksFor(256, 440, 44), ticksFor(1, 100, 44), ticksFor(5, 30, 44)]).toEqual(
    [[0, 1, 2, 3, 4, 5, 6, 7, 8, 9], [0, 50, 100, 150, 200, 250], [0], [0]],
  );
});
