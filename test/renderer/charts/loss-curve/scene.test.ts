import { describe, expect, test } from 'vitest';

import { curveScene, decimate, nearest, type CurvePoint } from '#renderer/charts/loss-curve/scene.ts';

describe('curves of a run', () => {
  test('few steps are drawn as they are, with no mean over them', () => {
    const points = [
      { step: 1, loss: 2.5, accuracy: 0.1 },
      { step: 2, loss: 2.0, accuracy: 0.2 },
    ];
    expect(curveScene(points, [{ step: 2, epoch: 0, loss: 2.25 }], 'loss')).toEqual({
      batches: [
        { x: 1, y: 2.5 },
        { x: 2, y: 2 },
      ],
      mean: [],
      validation: [{ x: 2, y: 2.25 }],
      notFinite: [],
    });
  });

  test('a quantity that a run does not have gives empty curves', () => {
    expect(curveScene([{ step: 1, loss: 1 }], [], 'accuracy')).toEqual({
      batches: [],
      mean: [],
      validation: [],
      notFinite: [],
    });
  });

  test('a loss that is no number is a gap that is named', () => {
    const points = [
      { step: 1, loss: 1 },
      { step: 2, loss: Number.POSITIVE_INFINITY },
      { step: 3, loss: Number.NaN },
    ];
    const scene = curveScene(points, [], 'loss');
    expect(scene.batches.map((point) => point.y)).toEqual([1, Number.NaN, Number.NaN]);
    expect(scene.notFinite).toEqual([2, 3]);
  });

  test('the mean of many noisy steps lies on the line they scatter about', () => {
    const points = Array.from({ length: 16_000 }, (_, index) => ({
      step: index,
      loss: 3 + (index % 2 ? 1 : -1),
    }));
    const { mean } = curveScene(points, [], 'loss');
    expect(mean.length).toBeLessThanOrEqual(160);
    expect([mean[0]!.x, mean.at(-1)!.x]).toEqual([0, 15_999]);
    expect(mean.slice(1, -1).every((point) => Math.abs(point.y - 3) < 0.02)).toBe(true);
  });
});

describe('decimation', () => {
  const wave: CurvePoint[] = Array.from({ length: 9_999 }, (_, x) => ({
    x,
    y: x === 5_555 ? 1e6 : Math.sin(x),
  }));

  test('keeps to its number, in order, with every extreme', () => {
    const kept = decimate(wave, 300);
    expect(kept.length).toBeLessThanOrEqual(300);
    expect(kept.every((point, index) => index === 0 || point.x > kept[index - 1]!.x)).toBe(true);
    expect(Math.max(...kept.map((point) => point.y))).toBe(1e6);
  });

  test('a group with one finite value among broken ones shows that value', () => {
    const broken = Array.from({ length: 100 }, (_, x) => ({ x, y: x === 50 ? 7 : Number.NaN }));
    expect(decimate(broken, 2)).toEqual([{ x: 50, y: 7 }]);
  });
});

test('the nearest point is found on either side and at both ends', () => {
  const points = [0, 10, 20].map((x) => ({ x, y: x }));
  expect([-5, 4, 6, 20, 99].map((x) => nearest(points, x)?.x)).toEqual([0, 0, 10, 20, 20]);
  expect(nearest([], 1)).toBeUndefined();
});
