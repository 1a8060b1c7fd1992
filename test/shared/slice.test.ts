import { describe, expect, it } from 'vitest';

import { parseSlice, sliceShape } from '#shared/slice.ts';

/** Indices that each axis takes, as NumPy 2.4 gives them for the same text. */
describe('a slice takes what NumPy takes', () => {
  const rows: [text: string, shape: number[], indices: number[][], shapeOfResult: number[]][] = [
    [
      '',
      [2, 3],
      [
        [0, 1],
        [0, 1, 2],
      ],
      [2, 3],
    ],
    [
      '0:2',
      [4, 2],
      [
        [0, 1],
        [0, 1],
      ],
      [2, 2],
    ],
    ['-1', [4, 2], [[3], [0, 1]], [2]],
    ['::-1,1', [3, 2], [[2, 1, 0], [1]], [3]],
    ['...,0', [2, 2, 3], [[0, 1], [0, 1], [0]], [2, 2]],
    ['5:2', [10], [[]], [0]],
    ['2:100:3', [10], [[2, 5, 8]], [3]],
    ['-3:', [10], [[7, 8, 9]], [3]],
    ['100::-4', [10], [[9, 5, 1]], [3]],
    [':-20:-1', [3], [[2, 1, 0]], [3]],
    ['...', [2], [[0, 1]], [2]],
    ['0:3', [0], [[]], [0]],
  ];
  for (const [text, shape, indices, shapeOfResult] of rows) {
    it(`[${text}] of ${shape.join('×')}`, () => {
      const axes = parseSlice(text, shape);
      expect(
        axes.map(({ start, count, step }) => Array.from({ length: count }, (_, i) => start + i * step)),
      ).toEqual(indices);
      expect(sliceShape(axes)).toEqual(shapeOfResult);
    });
  }
});

describe('a slice is refused', () => {
  const rows: [text: string, shape: number[], message: RegExp][] = [
    ['4', [4], /index 4 is out of range for axis 0 with 4 elements/],
    ['-5', [4], /index -5 is out of range/],
    ['0,0,0', [4, 4], /3 parts for a tensor of 2 dimensions/],
    ['::0', [4], /a step cannot be 0/],
    ['a:b', [4], /neither an index nor a range/],
    ['...,...', [4], /an ellipsis can stand only once/],
  ];
  for (const [text, shape, message] of rows) {
    it(`[${text}] of ${shape.join('×')}`, () => expect(() => parseSlice(text, shape)).toThrow(message));
  }
});
