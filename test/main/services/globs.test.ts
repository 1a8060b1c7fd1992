import { describe, expect, it } from 'vitest';

import { globMatcher } from '#main/services/globs.ts';

describe('a glob', () => {
  const rows: [pattern: string, name: string, isMatch: boolean][] = [
    ['*', '', true],
    ['*.weight', 'hidden.weight', true],
    ['*.weight', 'hidden.weight_g', false],
    ['layer?.bias', 'layer1.bias', true],
    ['layer?.bias', 'layer10.bias', false],
    ['layer[0-3].*', 'layer2.w', true],
    ['layer[0-3].*', 'layer4.w', false],
    ['layer[!0-3].*', 'layer4.w', true],
    ['[]]x', ']x', true],
    ['a\\*b', 'a*b', true],
    ['a\\*b', 'axb', false],
    ['*a*a*a*a*a*b', 'a'.repeat(2000), false],
    ['😀?', '😀x', true],
  ];
  for (const [pattern, name, isMatch] of rows) {
    it(`${pattern} ${isMatch ? 'matches' : 'does not match'} ${name.slice(0, 20)}`, () =>
      expect(globMatcher(pattern)(name)).toBe(isMatch));
  }

  it('with an unfinished set is refused', () =>
    expect(() => globMatcher('a[b')).toThrow(/a set that does not end/));
});
