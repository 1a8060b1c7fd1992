import { describe, expect, test } from 'vitest';

import { oneOfEachSet } from '#renderer/stores/file-sets.ts';

describe('of files that open as one, one is opened', () => {
  const rows: readonly (readonly [string, readonly string[], readonly string[]])[] = [
    [
      'a TensorFlow checkpoint by its index',
      ['mlp.params.data-00000-of-00001', 'mlp.params.index'],
      ['mlp.params.index'],
    ],
    [
      'its data file where the index is elsewhere',
      ['m.data-00000-of-00002', 'm.data-00001-of-00002'],
      ['m.data-00000-of-00002'],
    ],
    ['two checkpoints', ['a.index', 'b.index', 'a.data-00000-of-00001'], ['a.index', 'b.index']],
    ['files of other kinds', ['mlp.params', 'x-file', 'x-file.npy'], ['mlp.params', 'x-file', 'x-file.npy']],
    ['nothing', [], []],
  ];
  test.each(rows)('%s', (_title, names, opened) => {
    const picked = names.map((name, index) => ({ file: String(index), name }));
    expect(oneOfEachSet(picked).map(({ name }) => name)).toEqual(opened);
  });

  test('files of one name from two places are two files', () => {
    const picked = [
      { file: 'here', name: 'mlp.params' },
      { file: 'there', name: 'mlp.params' },
    ];
    expect(oneOfEachSet(picked)).toEqual(picked);
  });
});
