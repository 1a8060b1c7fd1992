import { describe, expect, it } from 'vitest';

import { scalarFunctions } from '#main/kernels/training-module.ts';
import { wholePower } from '#main/trainer/transcendental.ts';

const { erf, exp, log, tanh, cosine } = scalarFunctions();

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

describe('functions whose last bit the standard leaves open', () => {
  // the engine's own are right to a unit of the last place, too: two of them may be three apart
  const NEAR = 3 * 2 ** -52;
  const check = (name: string, own: (x: number) => number, other: (x: number) => number, points: number[]) =>
    it(`${name} is the engine's to the last place or so`, () => {
      for (const x of points) {
        const expected = other(x);
        const floor = 2 ** -1022;
        expect(Math.abs(own(x) - expected), String(x)).toBeLessThanOrEqual(
          NEAR * Math.max(Math.abs(expected), floor),
        );
      }
    });
  const spread = (from: number, to: number) =>
    Array.from({ length: 2001 }, (_, i) => from + ((to - from) * i) / 2000);
  check('exp', exp, Math.exp, [...spread(-700, 700), ...spread(-1, 1)]);
  check('log', log, Math.log, [...spread(1e-9, 10), ...spread(1, 1e300), 5e-324]);
  check('tanh', tanh, Math.tanh, [...spread(-25, 25), ...spread(-0.01, 0.01)]);
  // near its zeros the argument's own rounding counts
  check('cosine', cosine, Math.cos, spread(0, 1.5));

  it('keep the edges', () => {
    expect([exp(-Infinity), exp(Infinity), exp(710), log(0), tanh(-Infinity), cosine(0)]).toEqual([
      0,
      Infinity,
      Infinity,
      -Infinity,
      -1,
      1,
    ]);
    expect([exp(NaN), log(-1), tanh(NaN)]).toEqual([NaN, NaN, NaN]);
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
