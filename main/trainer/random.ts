import { scalarFunctions } from '#main/kernels/training-module.ts';
import { philox } from '#main/trainer/philox.ts';
import { normalQuantile } from '#main/trainer/transcendental.ts';

/** One stream a purpose; the numbers are part of what a run means and never change. */
const PURPOSES = { init: 1, shuffle: 2, data: 3, teacher: 4, validation: 5, probe: 6, dropout: 7 } as const;

export type RandomPurpose = keyof typeof PURPOSES;

/** Numbers in order from the start of a stream. */
export interface RandomStream {
  /** From 0 inclusive to 1 exclusive, all 53 bits. */
  uniform(): number;
  /** Mean 0, standard deviation 1. */
  normal(): number;
  /** A whole number from 0 to `count` - 1. */
  below(count: number): number;
}

/**
 * The stream of a seed, a purpose and an index (an epoch, an example), always from its beginning:
 * whoever knows these three knows every number, so no generator state needs saving.
 */
export function randomStream(seed: number, purpose: RandomPurpose, index = 0): RandomStream {
  const key0 = seed % 0x1_0000_0000;
  const key1 = Math.floor(seed / 0x1_0000_0000);
  const indexLow = index % 0x1_0000_0000;
  const label = counterLabel(purpose, Math.floor(index / 0x1_0000_0000));
  const words = new Uint32Array(4);
  let block = 0;
  let used = 4;

  function word(): number {
    if (used === 4) {
      philox(block % 0x1_0000_0000, Math.floor(block / 0x1_0000_0000), indexLow, label, key0, key1, words);
      block++;
      used = 0;
    }
    return words[used++]!;
  }

  const uniform = () => {
    const high = word() >>> 5;
    const low = word() >>> 6;
    return (high * 0x400_0000 + low) / 0x20_0000_0000_0000;
  };

  return {
    uniform,
    normal: () => {
      let probability = uniform();
      while (probability === 0) probability = uniform();
      return normalQuantile(probability);
    },
    below: (count) => Math.floor(uniform() * count),
  };
}

/**
 * The first `count` normal numbers of a stream, as `randomStream` gives them one by one.
 * @param index below 2^53.
 * @returns a view that is valid until the next call.
 */
export function randomNormals(
  seed: number,
  purpose: RandomPurpose,
  index: number,
  count: number,
): Float64Array {
  const label = counterLabel(purpose, Math.floor(index / 0x1_0000_0000));
  const key1 = Math.floor(seed / 0x1_0000_0000);
  return scalarFunctions().normals(count, seed % 0x1_0000_0000, key1, index % 0x1_0000_0000, label);
}

/**
 * The last word of a stream's counter.
 * @param upper the index's bits above 32, below 2^21: indexes of up to 53 bits and 2^11 purposes do not meet.
 */
export function counterLabel(purpose: RandomPurpose, upper: number): number {
  return PURPOSES[purpose] * 0x20_0000 + upper;
}

/** A uniformly random order of 0 … `count` - 1: Fisher and Yates, from the back. */
export function permutation(count: number, random: RandomStream): Uint32Array {
  const order = Uint32Array.from({ length: count }, (_, index) => index);
  for (let last = count - 1; last > 0; last--) {
    const other = random.below(last + 1);
    const moved = order[last]!;
    order[last] = order[other]!;
    order[other] = moved;
  }
  return order;
}
