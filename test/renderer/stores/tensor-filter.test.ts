import { describe, expect, test } from 'vitest';

import { tensorFilter } from '#renderer/stores/tensor-filter.ts';
import type { TensorInfo } from '#shared/tensor.ts';

const tensors: readonly TensorInfo[] = [
  { name: 'hidden.weight', dtype: 'f32', shape: [256, 20], elementCount: 5120, byteLength: 20480 },
  { name: 'hidden.bias', dtype: 'f32', shape: [256], elementCount: 256, byteLength: 1024 },
  { name: 'Embed.f16_table', dtype: 'bf16', shape: [10, 256], elementCount: 2560, byteLength: 5120 },
  { name: 'step', label: 'Global Step', dtype: 'i64', shape: [], elementCount: 1, byteLength: 8 },
];

describe('what is typed finds tensors', () => {
  const rows: readonly (readonly [string, readonly number[]])[] = [
    ['hidden', [0, 1]],
    ['HIDDEN', [0, 1]],
    ['embed', [2]],
    ['256×20', [0]],
    ['256x20', [0]],
    ['256,20', [0]],
    ['[256, 20]', [0]],
    ['[256,20]', [0]],
    ['(256,)', [1]],
    ['256×*', [0]],
    ['*x256', [2]],
    ['256', [0, 1, 2]],
    ['f32', [0, 1]],
    ['f16', [2]],
    ['bf16', [2]],
    ['i64', [3]],
    ['hidden f32 256x20', [0]],
    ['hidden i64', []],
    ['h*n.w', [0]],
    ['?ias', [1]],
    ['global', [3]],
    ['*', [0, 1, 2, 3]],
    ['no such thing', []],
  ];
  test.each(rows)('%s', (text, expected) => {
    const filter = tensorFilter(text);
    expect(tensors.flatMap((tensor, index) => (filter?.(tensor) ? [index] : []))).toEqual(expected);
  });
});

test('nothing typed is no filter', () => {
  expect([tensorFilter(''), tensorFilter('   ')]).toEqual([undefined, undefined]);
});

test('a glob of many stars is quick on long names', () => {
  const filter = tensorFilter('*a*a*a*a*a*a*a*a*b');
  const name = 'a'.repeat(5_000);
  const started = performance.now();
  expect(filter?.({ name, dtype: 'f32', shape: [], elementCount: 1, byteLength: 4 })).toBe(false);
  expect(performance.now() - started).toBeLessThan(500);
});
