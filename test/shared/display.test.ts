import fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import {
  escapeName,
  formatBytes,
  formatCount,
  formatFigure,
  formatFull,
  formatShape,
  shownName,
  formatValue,
  unescapeName,
} from '#shared/display.ts';
import type { TensorValue } from '#shared/commands/tensor.ts';
import type { Figure } from '#shared/statistics.ts';

describe('values are as short as tells them apart in their dtype', () => {
  // fractions are what NumPy 2 prints for the same bits
  const rows: readonly (readonly [TensorValue, string, string])[] = [
    [Math.fround(0.1), 'f32', '0.1'],
    [0.1, 'f64', '0.1'],
    [Math.fround(0.1), 'f64', '0.10000000149011612'],
    [Math.fround(1 / 3), 'f32', '0.33333334'],
    [16777216, 'f32', '16777216'],
    [Math.fround(3.4028234663852886e38), 'f32', '3.4028235e+38'],
    [1.401298464324817e-45, 'f32', '1e-45'],
    [0.0999755859375, 'f16', '0.1'],
    [65504, 'f16', '65504'],
    [5.960464477539063e-8, 'f16', '6e-8'],
    [0.10009765625, 'bf16', '0.1'],
    [448, 'f8_e4m3', '448'],
    [Math.fround(0.1), 'q4_k', '0.1'],
    [0, 'f32', '0'],
    [-0, 'f32', '-0'],
    [Number.NaN, 'f32', 'NaN'],
    [Number.NEGATIVE_INFINITY, 'f64', '-Inf'],
    [18446744073709551615n, 'u64', '18446744073709551615'],
    [true, 'bool', 'true'],
    [[Math.fround(0.1), -2], 'c64', '0.1-2i'],
    [[1, -0], 'c128', '1-0i'],
    ['a\u202eb', 'str', 'a\\u202eb'],
    ['2026-11-24', 'datetime64[D]', '2026-11-24'],
  ];
  test.each(rows)('%s as %s is %s', (value, dtype, text) => {
    expect(formatValue(value, dtype)).toBe(text);
  });

  test('every f32 comes back from its text', () => {
    fc.assert(
      fc.property(fc.float({ noNaN: true, noDefaultInfinity: true }), (value) => {
        expect(Math.fround(Number(formatValue(value, 'f32')))).toBe(value);
      }),
    );
  });
});

describe('statistics have four significant digits', () => {
  const rows: readonly (readonly [Figure, string])[] = [
    [0, '0'],
    [-0, '-0'],
    [0.5, '0.5'],
    [0.12899999, '0.1290'],
    [-0.22360679, '-0.2236'],
    [5120, '5120'],
    [123456.7, '123457'],
    [1234567890123, '1.235e12'],
    [0.00001234567, '1.235e-5'],
    [-9223372036854775808n, '-9223372036854775808'],
    [Number.POSITIVE_INFINITY, '+Inf'],
    [[0.5, -0.25], '0.5-0.25i'],
    [0.99999, '1.000'],
    [1e-4, '0.0001'],
  ];
  test.each(rows)('%s is %s', (value, text) => {
    expect(formatFigure(value)).toBe(text);
  });

  test('full digits are all of them', () => {
    expect([formatFull(0.1 + 0.2), formatFull(2n ** 63n), formatFull([1, 2])]).toEqual([
      '0.30000000000000004',
      '9223372036854775808',
      '1+2i',
    ]);
  });
});

test('counts are grouped in threes', () => {
  expect([0, 999, 1000, 7946, 1234567].map((count) => formatCount(count))).toEqual([
    '0',
    '999',
    '1,000',
    '7,946',
    '1,234,567',
  ]);
  expect(formatCount(2n ** 64n, '\u2009')).toBe('18\u2009446\u2009744\u2009073\u2009709\u2009551\u2009616');
});

test('bytes have binary units', () => {
  expect([0, 1023, 1024, 31784, 20480, 1024 ** 3, 150 * 1024 ** 2].map(formatBytes)).toEqual([
    '0 B',
    '1023 B',
    '1.0 KiB',
    '31.0 KiB',
    '20.0 KiB',
    '1.0 GiB',
    '150 MiB',
  ]);
});

test('shapes are read as products', () => {
  expect([formatShape([]), formatShape([4]), formatShape([256, 20])]).toEqual(['scalar', '4', '256 × 20']);
});

describe('names from files cannot change how the screen reads', () => {
  const rows: readonly (readonly [string, string])[] = [
    ['hidden.weight', 'hidden.weight'],
    ['층.weight', '층.weight'],
    ['a\nb', 'a\\u000ab'],
    ['a\u202egnp.exe', 'a\\u202egnp.exe'],
    ['zero\u200bwidth\ufeff', 'zero\\u200bwidth\\ufeff'],
    ['back\\slash', 'back\\\\slash'],
    ['lone \ud800', 'lone \\ud800'],
    ['tag \u{e0041}', 'tag \\udb40\\udc41'],
    ['😀', '😀'],
  ];
  test.each(rows)('%j', (name, escaped) => {
    expect(escapeName(name)).toBe(escaped);
  });

  test('the escaped form leads back to the name, whatever it is', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (name) => {
        expect(unescapeName(escapeName(name))).toBe(name);
      }),
    );
  });
});

test('an empty name is said to be one, others are escaped', () => {
  expect([shownName(''), shownName('a\u202eb')]).toEqual(['(empty name)', 'a\\u202eb']);
});
