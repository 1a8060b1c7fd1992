import { describe, expect, it } from 'vitest';

import { showsTolerance } from '#renderer/charts/spectrum/line.ts';
import type { SingularValues } from '#shared/singular-values.ts';

describe('the tolerance that the rank is counted above', () => {
  const spectrum = (values: readonly number[], tolerance: number) =>
    ({ values: Float64Array.from(values), tolerance }) as SingularValues;

  it.each([
    ['a value below it', [2, 1e-9], 1e-6, true],
    ['a value little above it', [2, 5e-4], 1e-6, true],
    ['no value near it', [2, 1], 1e-6, false],
    ['zeros alone', [0, 0], 0, false],
  ])('beside %s', (_, values, tolerance, isShown) => {
    expect(showsTolerance(spectrum(values, tolerance), true)).toBe(isShown);
    expect(showsTolerance(spectrum(values, tolerance), false)).toBe(false);
  });
});
