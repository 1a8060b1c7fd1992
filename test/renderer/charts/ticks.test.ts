import { describe, expect, test } from 'vitest';

import { ticksBetween } from '#renderer/charts/ticks.ts';

describe('axes have round numbers, written no longer than they need', () => {
  const rows: readonly (readonly [number, number, readonly string[]])[] = [
    [0, 1, ['0', '0.2', '0.4', '0.6', '0.8', '1.0']],
    [-0.22, 0.22, ['-0.2', '-0.1', '0', '0.1', '0.2']],
    [0, 255, ['0', '50', '100', '150', '200', '250']],
    [1e-7, 5e-7, ['1e-7', '2e-7', '3e-7', '4e-7', '5e-7']],
    [-3e38, 3e38, ['-3e38', '-2e38', '-1e38', '0', '1e38', '2e38', '3e38']],
    [1000000.5, 1000000.9, ['1.0000005e6', '1.0000006e6', '1.0000007e6', '1.0000008e6', '1.0000009e6']],
    [7, 7, ['7']],
  ];
  test.each(rows)('%d to %d', (low, high, labels) => {
    expect(ticksBetween(low, high, 6).map(({ label }) => label)).toEqual(labels);
  });

  test('a span that no double can step through has none', () => {
    expect(ticksBetween(0, 5e-324, 6)).toEqual([]);
  });
});
