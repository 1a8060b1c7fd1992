import { describe, expect, it } from 'vitest';

import { erf, sigmoid, wholePower } from '#main/trainer/transcendental.ts';

describe('the error function', () => {
  // Python 3.11, math.erf
  const ROWS: readonly (readonly [number, number])[] = [
    [0, 0],
    [1e-12, 1.1283791670955126e-12],
    [0.3, 0.3286267594591274],
    [0.8, 0.7421009647076605],
    [0.84374, 0.7672201241832406],
    [0.84376, 0.7672311981880058],
    [1, 0.8427007929497149],
    [1.2499, 0.922876473187532],
    [1.2501, 0.9229237774123564],
    [2, 0.9953222650189527],
    [2.857, 0.9999466417399131],
    [2.858, 0.9999469625944368],
    [3.5, 0.9999992569016276],
    [5, 0.9999999999984626],
    [5.99, 1],
    [6.5, 1],
    [-0.3, -0.3286267594591274],
    [-1.1, -0.8802050695740817],
    [-2.5, -0.999593047982555],
    [-7, -1],
    [Infinity, 1],
    [NaN, NaN],
  ];
  for (const [x, expected] of ROWS) {
    it(`at ${x} is ${expected}`, () => {
      if (Number.isNaN(expected)) expect(erf(x)).toBeNaN();
      else
        expect(Math.abs(erf(x) - expected)).toBeLessThanOrEqual(
          2.3e-16 * Math.max(Math.abs(expected), 1e-12),
        );
    });
  }
});

describe('the logistic function', () => {
  it('overflows on neither side', () => {
    expect([sigmoid(-1000), sigmoid(-30), sigmoid(0), sigmoid(1000)]).toEqual([
      0,
      expect.closeTo(9.357622968839299e-14, 27),
      0.5,
      1,
    ]);
  });
});

describe('a whole power', () => {
  it('is the product', () => {
    expect([wholePower(0.5, 0), wholePower(0.5, 1), wholePower(0.5, 10), wholePower(3, 33)]).toEqual([
      1,
      0.5,
      1 / 1024,
      5559060566555523,
    ]);
    expect(wholePower(0.999, 2 ** 40)).toBe(0);
  });
});
