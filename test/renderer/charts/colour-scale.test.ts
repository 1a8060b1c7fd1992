import { describe, expect, test } from 'vitest';

import { colourIndex, colourTable, rangeFor } from '#renderer/charts/colour-scale.ts';

/** Relative luminance by WCAG 2, from the definition. */
function luminance(rgba: number): number {
  const [red, green, blue] = [rgba & 255, (rgba >> 8) & 255, (rgba >> 16) & 255].map((byte) => {
    const share = byte / 255;
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red! + 0.7152 * green! + 0.0722 * blue!;
}

describe('colours keep the order of values', () => {
  for (const isDark of [false, true]) {
    const theme = isDark ? 'dark' : 'light';
    test(`the sequential scale goes one way in lightness, ${theme}`, () => {
      const steps = [...colourTable('sequential', isDark)].map(luminance);
      const sign = isDark ? 1 : -1;
      // bytes are rounded: a step may stand still, never turn
      expect(steps.every((step, index) => index === 0 || sign * (step - steps[index - 1]!) > -0.004)).toBe(
        true,
      );
      expect(Math.abs(steps[255]! - steps[0]!)).toBeGreaterThan(0.6);
    });

    test(`the diverging scale is neutral in the middle and even at its ends, ${theme}`, () => {
      const table = colourTable('diverging', isDark);
      const middle = table[128]!;
      const parts = [middle & 255, (middle >> 8) & 255, (middle >> 16) & 255];
      expect(Math.max(...parts) - Math.min(...parts)).toBeLessThan(8);
      expect(Math.abs(luminance(table[0]!) - luminance(table[255]!))).toBeLessThan(0.12);
    });

    test(`every entry is opaque, ${theme}`, () => {
      expect([...colourTable('sequential', isDark)].every((rgba) => rgba >>> 24 === 255)).toBe(true);
    });
  }
});

describe('values find their colour', () => {
  const rows: readonly (readonly [string, number, number, number, number])[] = [
    ['the low end', -1, -1, 1, 0],
    ['the high end', 1, -1, 1, 255],
    ['the middle', 0, -1, 1, 128],
    ['below', -5, -1, 1, 0],
    ['above', 5, -1, 1, 255],
    ['all equal', 3, 3, 3, 128],
    ['a span beyond the largest double', 0, -1.7e308, 1.7e308, 128],
  ];
  test.each(rows)('%s', (_title, value, low, high, index) => {
    expect(colourIndex(value, low, high)).toBe(index);
  });
});

test('values on both sides of zero take the diverging scale, with zero in its middle', () => {
  expect([rangeFor(-1, 3), rangeFor(0, 3), rangeFor(-3, -1), rangeFor(undefined, undefined)]).toEqual([
    { kind: 'diverging', low: -3, high: 3 },
    { kind: 'sequential', low: 0, high: 3 },
    { kind: 'sequential', low: -3, high: -1 },
    { kind: 'sequential', low: 0, high: 0 },
  ]);
});
