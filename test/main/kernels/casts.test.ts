import { describe, expect, it } from 'vitest';

import { castTest } from '#main/kernels/casts.ts';

/** What PyTorch 2.15 and ml_dtypes 0.6 make of five numbers. */
const NUMBERS = [0.3, 17, 0.0019, 465, -1e6];
const ROUNDED: Readonly<Record<string, readonly number[]>> = {
  'f8_e4m3 of PyTorch': [0.3125, 16, 0.001953125, 448, -448],
  'f8_e4m3 of ml_dtypes': [0.3125, 16, 0.001953125, NaN, NaN],
  f8_e5m2: [0.3125, 16, 0.001953125, 448, -Infinity],
  f8_e4m3fnuz: [0.3125, 16, 0.001953125, NaN, NaN],
  f8_e5m2fnuz: [0.3125, 16, 0.001953125, 448, NaN],
};

describe('a cast', () => {
  it.each(Object.entries(ROUNDED))('from f32 is one to %s', (name, rounded) => {
    const [dtype] = name.split(' ') as [string];
    const isCast = castTest('f32', dtype);
    const isTurned = castTest(dtype, 'f32');
    for (const [index, value] of NUMBERS.entries()) {
      expect([isCast(value, rounded[index]!), isTurned(rounded[index]!, value)]).toEqual([true, true]);
    }
    // the neighbours of what is right, and NaN where it is none
    expect([0.28125, 0.34375, NaN].map((other) => isCast(0.3, other))).toEqual([false, false, false]);
  });

  it('from f64 to f16 may go by way of f32, as with PyTorch, or not, as with NumPy', () => {
    const isCast = castTest('f64', 'f16');
    const value = 0.8571777139409483;
    expect([isCast(value, 0.857421875), isCast(value, 0.85693359375)]).toEqual([true, true]);
    expect(isCast(value, 0.85791015625)).toBe(false);
  });

  it('of complex numbers is one of their parts', () => {
    expect(castTest('c128', 'c64')(0.1, Math.fround(0.1))).toBe(true);
    expect(castTest('c128', 'c64')(0.1, 0.125)).toBe(false);
  });

  it('is none to dtypes that nothing is rounded to', () => {
    expect(castTest('f32', 'i8')(0.75, 1)).toBe(false);
  });
});
