import { describe, expect, test } from 'vitest';

import { stepInGrid } from '#renderer/charts/values/grid-step.ts';
import { revealing, scrollScale } from '#renderer/charts/values/scroll-scale.ts';

describe('scrolling reaches every cell, however many there are', () => {
  test.each([0, 1, 10, 1_000, 500_000, 1_000_000_000])('%i rows', (count) => {
    const scale = scrollScale(count, 28, 600, 28);
    const lastScroll = Math.max(0, scale.content - 600);
    expect(scale.content).toBeLessThanOrEqual(16_000_000);
    expect(scale.firstAt(0)).toBe(0);
    expect(scale.firstAt(lastScroll) + scale.visible).toBeGreaterThanOrEqual(count - 1e-6);
    for (const cell of [0, Math.floor(count / 3), Math.max(0, count - 30)]) {
      const first = scale.firstAt(scale.scrollTo(cell));
      expect(Math.abs(first - Math.min(cell, Math.max(0, count - scale.visible)))).toBeLessThan(1e-3);
    }
  });

  test('few enough rows scroll pixel by pixel', () => {
    const scale = scrollScale(1_000, 28, 600, 28);
    expect([scale.isScaled, scale.firstAt(280), scale.content]).toEqual([false, 10, 28_028]);
  });
});

describe('a cell is brought into view', () => {
  // 20 rows are seen, from row 100 on
  const scale = scrollScale(1_000, 28, 588, 28);
  const rows: readonly (readonly [string, number, number])[] = [
    ['seen already: nothing moves', 110, 100],
    ['one above: one row up', 99, 99],
    ['one below: one row down', 120, 101],
    ['far away: to the middle', 500, 490],
    ['the first: to the top', 0, 0],
    ['the last: to the end', 999, 980],
  ];
  test.each(rows)('%s', (_title, cell, first) => {
    expect(scale.firstAt(revealing(scale, scale.scrollTo(100), cell))).toBeCloseTo(first, 6);
  });
});

describe('keys walk the cells', () => {
  const size = { rows: 100, columns: 8, page: 20 };
  const rows: readonly (readonly [
    string,
    boolean,
    readonly [number, number],
    readonly [number, number] | undefined,
  ])[] = [
    ['ArrowDown', false, [5, 5], [6, 5]],
    ['ArrowUp', false, [0, 5], [0, 5]],
    ['ArrowRight', false, [5, 7], [5, 7]],
    ['ArrowLeft', false, [5, 5], [5, 4]],
    ['PageDown', false, [90, 5], [99, 5]],
    ['PageUp', false, [30, 5], [10, 5]],
    ['Home', false, [5, 5], [5, 0]],
    ['End', false, [5, 5], [5, 7]],
    ['Home', true, [5, 5], [0, 0]],
    ['End', true, [5, 5], [99, 7]],
    ['x', false, [5, 5], undefined],
  ];
  test.each(rows)('%s, with command %s, from %j', (key, isCommand, [row, column], to) => {
    const step = stepInGrid(key, isCommand, { row, column }, size);
    expect(step && [step.row, step.column]).toEqual(to);
  });
});
