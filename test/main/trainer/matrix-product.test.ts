import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { multiply } from '#main/trainer/matrix-product.ts';
import { multiplySparse, sparseScratch, weightGradientSparse } from '#main/trainer/sparse-inputs.ts';
import { bytesOf } from '#main/trainer/values.ts';

const SIZE = fc.integer({ min: 1, max: 9 });

/** The definition: a of rows x depth, b of columns x depth, in f64 and rounded once. */
function plainProduct(
  a: Float32Array,
  b: Float32Array,
  rows: number,
  columns: number,
  depth: number,
): Float32Array {
  const c = new Float32Array(rows * columns);
  for (let i = 0; i < rows; i++) {
    for (let j = 0; j < columns; j++) {
      let sum = 0;
      for (let k = 0; k < depth; k++) sum += a[i * depth + k]! * b[j * depth + k]!;
      c[i * columns + j] = sum;
    }
  }
  return c;
}

function numbers(count: number, seed: number, zeros = 0): Float32Array {
  return Float32Array.from({ length: count }, (_, i) => {
    const value = Math.sin((i + 1) * 12.9898 + seed) * 43758.5453;
    return Math.abs(Math.sin(value)) < zeros ? 0 : Math.sin(value * 7);
  });
}

function turned(a: Float32Array, rows: number, columns: number): Float32Array {
  return Float32Array.from({ length: a.length }, (_, i) => a[(i % rows) * columns + Math.floor(i / rows)]!);
}

describe('a product of matrices', () => {
  it('is the definition to the bit, for every size and however the operands lie', () => {
    fc.assert(
      fc.property(SIZE, SIZE, SIZE, fc.nat(1000), (rows, columns, depth, seed) => {
        const a = numbers(rows * depth, seed);
        const b = numbers(columns * depth, seed + 1);
        const expected = plainProduct(a, b, rows, columns, depth);
        const straight = new Float32Array(rows * columns);
        multiply(a, depth, 1, b, depth, 1, straight, rows, columns, depth);
        expect(straight).toEqual(expected);
        const across = new Float32Array(rows * columns);
        multiply(
          turned(a, rows, depth),
          1,
          rows,
          turned(b, columns, depth),
          1,
          columns,
          across,
          rows,
          columns,
          depth,
        );
        expect(across).toEqual(expected);
      }),
    );
  });
});

describe('products that leave zeros out', () => {
  const rows = 6;
  const inputs = 40;
  const outputs = 9;
  const x = numbers(rows * inputs, 3, 0.9);
  const weight = numbers(outputs * inputs, 4);
  const flow = numbers(rows * outputs, 5);
  const room = () => sparseScratch(rows, inputs);

  it('have the bits of those that do not', () => {
    expect(x.filter((value) => value === 0).length).toBeGreaterThan(x.length / 2);
    const y = new Float32Array(rows * outputs);
    expect(multiplySparse(x, weight, y, rows, outputs, inputs, room())).toBe(true);
    expect(bytesOf(y)).toEqual(bytesOf(plainProduct(x, weight, rows, outputs, inputs)));

    const gradient = new Float32Array(outputs * inputs);
    const scratch = new Float32Array(rows * outputs);
    expect(weightGradientSparse(flow, x, gradient, rows, outputs, inputs, room(), scratch)).toBe(true);
    const expected = plainProduct(
      turned(flow, rows, outputs),
      turned(x, rows, inputs),
      outputs,
      inputs,
      rows,
    );
    expect(bytesOf(gradient)).toEqual(bytesOf(expected));
  });

  for (const odd of [NaN, Infinity, -Infinity]) {
    it(`are not taken where a factor is ${odd}, since 0 times that is no 0`, () => {
      const spoilt = Float32Array.from(weight);
      spoilt[17] = odd;
      const y = new Float32Array(rows * outputs);
      expect(multiplySparse(x, spoilt, y, rows, outputs, inputs, room())).toBe(false);
      const spoiltFlow = Float32Array.from(flow);
      spoiltFlow[3] = odd;
      const gradient = new Float32Array(outputs * inputs);
      const scratch = new Float32Array(rows * outputs);
      expect(weightGradientSparse(spoiltFlow, x, gradient, rows, outputs, inputs, room(), scratch)).toBe(
        false,
      );
    });
  }

  it('are not taken where zeros are few', () => {
    const dense = numbers(rows * inputs, 6);
    const y = new Float32Array(rows * outputs);
    expect(multiplySparse(dense, weight, y, rows, outputs, inputs, room())).toBe(false);
  });
});
