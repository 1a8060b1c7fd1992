import { describe, expect, test } from 'vitest';

import { appendPoints, thin } from '#renderer/stores/run-series.ts';
import type { RunPoint } from '#shared/run.ts';

const series = (from: number, to: number, loss: (step: number) => number = () => 1): RunPoint[] =>
  Array.from({ length: to - from + 1 }, (_, index) => ({ step: from + index, loss: loss(from + index) }));

describe('points of a run', () => {
  test('new points follow the old ones', () => {
    expect(appendPoints(series(1, 3), series(4, 5))).toEqual(series(1, 5));
  });

  test('nothing new leaves the very same list, so nothing is drawn again', () => {
    const points = series(1, 3);
    expect(appendPoints(points, [])).toBe(points);
  });

  test('a run that went back to a checkpoint overwrites what came after it', () => {
    const again = series(51, 60, () => 2);
    expect(appendPoints(series(1, 80), again)).toEqual([...series(1, 50), ...again]);
  });

  test('millions of steps stay a bounded list with its first and last point', () => {
    let points: readonly RunPoint[] = [];
    for (let start = 1; start <= 400_000; start += 1_000)
      points = appendPoints(points, series(start, start + 999));
    expect(points.length).toBeLessThanOrEqual(20_000);
    expect(points[0]!.step).toBe(1);
    expect(points.at(-1)!.step).toBe(400_000);
    expect(points.every((point, index) => index === 0 || point.step > points[index - 1]!.step)).toBe(true);
  });
});

describe('thinning', () => {
  test('keeps the one spike among thousands', () => {
    const spiked = series(1, 10_000, (step) => (step === 4_321 ? 99 : step === 7_001 ? -99 : Math.sin(step)));
    const losses = thin(spiked, 200).map((point) => point.loss);
    expect(losses).toContain(99);
    expect(losses).toContain(-99);
  });

  test('keeps a loss that is no number', () => {
    const broken = series(1, 10_000, (step) => (step === 5_000 ? Number.NaN : 1));
    expect(thin(broken, 100).some((point) => Number.isNaN(point.loss))).toBe(true);
  });

  test.each([10, 100, 101, 999])('never leaves more than %i points', (most) => {
    expect(thin(series(1, 5_003, Math.sin), most).length).toBeLessThanOrEqual(most);
  });
});
