import { describe, expect, test } from 'vitest';

import {
  CHAPTER_ARCHITECTURE,
  architectureText,
  inferArchitecture,
} from '#renderer/views/compare/architecture-text.ts';
import type { TensorInfo } from '#shared/tensor.ts';
import { hasOracles, readOracles } from '#test/kit/shared-files.ts';

const tensor = (name: string, ...shape: number[]): TensorInfo => ({
  name,
  dtype: 'f32',
  shape,
  elementCount: shape.reduce((product, dimension) => product * dimension, 1),
  byteLength: 0,
});

describe('the architecture guessed from shapes', () => {
  const check = (
    tensors: readonly TensorInfo[],
    widths: readonly (readonly [number, number])[] | undefined,
  ) => {
    const linear = inferArchitecture(tensors)?.layers.flatMap((layer) =>
      'linear' in layer ? [layer.linear] : [],
    );
    expect(linear).toEqual(widths);
  };

  test('matrices that store outputs first', () =>
    check(
      [tensor('a', 256, 20), tensor('b', 256), tensor('c', 10, 256)],
      [
        [20, 256],
        [256, 10],
      ],
    ));
  test('matrices that store inputs first', () =>
    check(
      [tensor('a', 20, 256), tensor('c', 256, 10)],
      [
        [20, 256],
        [256, 10],
      ],
    ));
  test('an order of the file that is not the order of the layers', () =>
    check(
      [tensor('output', 10, 64), tensor('hidden1', 64, 20), tensor('x', 64, 64)],
      [
        [20, 64],
        [64, 64],
        [64, 10],
      ],
    ));
  test('biases tell inputs from outputs where the order in the file does not', () =>
    check(
      [tensor('b2', 10), tensor('w2', 256, 10), tensor('b1', 256), tensor('w1', 20, 256)],
      [
        [20, 256],
        [256, 10],
      ],
    ));
  test('matrices that do not meet', () => check([tensor('a', 3, 4), tensor('b', 5, 6)], undefined));
  test('no matrices', () => check([tensor('a', 3)], undefined));
  test('too many to be tried', () =>
    check(
      Array.from({ length: 30 }, (_, index) => tensor(`w${index}`, 8, 8)),
      undefined,
    ));

  test.skipIf(!hasOracles)('the chapter’s network, from the file of each framework', () => {
    const files = Object.entries(readOracles().files).filter(([path]) =>
      /^chapter\/.*mlp\.(params|npz)(\.index)?$/.test(path),
    );
    expect(files.length).toBeGreaterThan(4);
    for (const [path, { tensors }] of files) {
      const infos = Object.entries(tensors).map(([name, { shape }]) => tensor(name, ...shape));
      expect(inferArchitecture(infos), path).toEqual(CHAPTER_ARCHITECTURE);
    }
  });
});

test('the text is JSON that says the same, a layer a line', () => {
  const text = architectureText(CHAPTER_ARCHITECTURE);
  expect(JSON.parse(text)).toEqual(CHAPTER_ARCHITECTURE);
  expect(text.split('\n')).toHaveLength(5);
});
