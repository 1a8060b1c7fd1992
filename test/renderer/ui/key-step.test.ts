import { describe, expect, test } from 'vitest';

import { keyStep } from '#renderer/ui/key-step.ts';

describe('keys walk a list and stop at its ends', () => {
  const rows: readonly (readonly [string, number, number | undefined])[] = [
    ['ArrowDown', 4, 5],
    ['ArrowDown', 9, 9],
    ['ArrowDown', -1, 0],
    ['ArrowUp', 4, 3],
    ['ArrowUp', 0, 0],
    ['ArrowUp', -1, 9],
    ['PageDown', 1, 5],
    ['PageDown', 8, 9],
    ['PageUp', 2, 0],
    ['Home', 5, 0],
    ['End', 5, 9],
    ['a', 5, undefined],
  ];
  test.each(rows)('%s from %i', (key, from, to) => {
    expect(keyStep(key, from, 10, 4)).toBe(to);
  });

  test('in an empty list they lead nowhere', () => {
    expect(keyStep('End', -1, 0, 4)).toBeUndefined();
  });
});
