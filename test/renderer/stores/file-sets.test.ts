import { describe, expect, test } from 'vitest';

import { indexesFirst, isSameSet, type SetMember } from '#renderer/stores/file-sets.ts';

test('indexes come before what they list, everything else stays in order', () => {
  const names = [
    'm-00001-of-00002.safetensors',
    'm.safetensors.index.json',
    'index.json',
    'c.data-00000-of-00001',
    'c.index',
  ];
  const picked = names.map((name, index) => ({ file: String(index), name }));
  expect(indexesFirst(picked).map(({ name }) => name)).toEqual([
    'm.safetensors.index.json',
    'c.index',
    'm-00001-of-00002.safetensors',
    'index.json',
    'c.data-00000-of-00001',
  ]);
});

describe('two open checkpoints are one set', () => {
  const member = (file: string, parts: readonly string[], ...names: readonly string[]): SetMember => ({
    file,
    parts,
    summary: {
      tensors: names.map((name) => ({ name, dtype: 'f32', shape: [1], elementCount: 1, byteLength: 4 })),
    },
  });
  const shard = member('s1', ['s1', 's2'], 'a', 'b');
  const rows: readonly (readonly [string, SetMember, boolean])[] = [
    ['another shard', member('s2', ['s1', 's2'], 'a', 'b'), true],
    ['the index', member('index', ['index', 's1', 's2'], 'a', 'b'), true],
    ['a model that keeps other tensors in one of them', member('model', ['model', 's1'], 'a'), false],
    ['a model beside it', member('model', ['model', 's2'], 'a', 'b'), false],
    ['another file', member('other', ['other'], 'a', 'b'), false],
  ];
  test.each(rows)('a shard and %s: %#', (_title, other, isSame) => {
    expect(isSameSet(shard, other)).toBe(isSame);
    expect(isSameSet(other, shard)).toBe(isSame);
  });
});
