import { describe, expect, it } from 'vitest';

import { philox } from '#main/trainer/philox.ts';
import { permutation, randomNormals, randomStream } from '#main/trainer/random.ts';
import { normalQuantile } from '#main/trainer/transcendental.ts';

describe('Philox4x32-10', () => {
  // Random123 1.14, tests/kat_vectors
  check([0, 0, 0, 0], [0, 0], [0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8]);
  check(
    [0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff],
    [0xffffffff, 0xffffffff],
    [0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd],
  );
  check(
    [0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344],
    [0xa4093822, 0x299f31d0],
    [0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1],
  );

  function check(counter: number[], key: number[], expected: number[]): void {
    it(`gives the reference's words for counter ${counter.map((word) => word.toString(16)).join(' ')}`, () => {
      const out = new Uint32Array(4);
      philox(counter[0]!, counter[1]!, counter[2]!, counter[3]!, key[0]!, key[1]!, out);
      expect(Array.from(out)).toEqual(expected);
    });
  }
});

describe('the normal quantile', () => {
  // Python 3.11, statistics.NormalDist().inv_cdf
  const ROWS: readonly (readonly [number, number])[] = [
    [1e-300, -37.0470962993612],
    [1e-20, -9.262340089798405],
    [1e-10, -6.361340902404056],
    [1e-5, -4.2648907939228256],
    [0.001, -3.090232306167813],
    [0.025, -1.9599639845400538],
    [0.0749, -1.4402382675279632],
    [0.0751, -1.4388253927525398],
    [0.2, -0.8416212335729142],
    [0.5, 0],
    [0.6, 0.2533471031357998],
    [0.9, 1.2815515655446008],
    [0.925, 1.439531470938456],
    [0.975, 1.9599639845400536],
    [0.999, 3.090232306167813],
    [0.9999999999, 6.361340889697421],
  ];
  for (const [probability, expected] of ROWS) {
    it(`at ${probability} is ${expected}`, () => {
      expect(Math.abs(normalQuantile(probability) - expected)).toBeLessThanOrEqual(
        4e-15 * Math.max(1, Math.abs(expected)),
      );
    });
  }
});

describe('a random stream', () => {
  const numbers = (seed: number, purpose: 'init' | 'data', index: number) => {
    const random = randomStream(seed, purpose, index);
    return Array.from({ length: 8 }, random.uniform);
  };

  it('is the same for the same seed, purpose and index', () => {
    expect(numbers(7, 'data', 3)).toEqual(numbers(7, 'data', 3));
  });

  it('is another one for another seed, purpose or index, beyond 32 bits too', () => {
    const all = [
      numbers(7, 'data', 3),
      numbers(8, 'data', 3),
      numbers(7 + 2 ** 32, 'data', 3),
      numbers(7, 'init', 3),
      numbers(7, 'data', 4),
      numbers(7, 'data', 3 + 2 ** 32),
    ];
    expect(new Set(all.map((row) => row[0])).size).toBe(all.length);
  });

  it('has the mean and the deviation that it should', () => {
    const random = randomStream(5, 'data');
    const count = 100_000;
    let sum = 0;
    let squares = 0;
    let uniforms = 0;
    for (let i = 0; i < count; i++) {
      const value = random.normal();
      sum += value;
      squares += value * value;
      uniforms += random.uniform();
    }
    expect(Math.abs(sum / count)).toBeLessThan(0.015);
    expect(Math.abs(squares / count - 1)).toBeLessThan(0.02);
    expect(Math.abs(uniforms / count - 0.5)).toBeLessThan(0.005);
  });

  it('gives normal numbers at once that are those one by one', () => {
    for (const [seed, index] of [
      [7, 3],
      [2 ** 53 - 1, 2 ** 40 + 5],
    ] as const) {
      const one = randomStream(seed, 'data', index);
      const expected = Array.from({ length: 301 }, () => one.normal());
      expect(Array.from(randomNormals(seed, 'data', index, 301))).toEqual(expected);
    }
  });

  it('shuffles so that everything is there once', () => {
    const order = permutation(1000, randomStream(1, 'shuffle', 2));
    expect(Array.from(order).sort((a, b) => a - b)).toEqual(Array.from({ length: 1000 }, (_, i) => i));
    expect(Array.from(order.subarray(0, 5))).not.toEqual([0, 1, 2, 3, 4]);
  });
});
