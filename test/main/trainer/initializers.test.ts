import { describe, expect, it } from 'vitest';

import { initialState } from '#main/trainer/state.ts';
import { parseRunConfig } from '#shared/commands/run-config.ts';
import { INITIALIZERS, type InitializerName } from '#shared/run.ts';

const INPUTS = 400;
const OUTPUTS = 250;

function layerOf(initializer: InitializerName, seed = 7) {
  const config = parseRunConfig({ layers: [INPUTS, OUTPUTS], initializer, seed }, 'x');
  return initialState(config).mlp.layers[0]!;
}

function momentsOf(values: ArrayLike<number>) {
  let sum = 0;
  let squares = 0;
  let largest = 0;
  for (let i = 0; i < values.length; i++) {
    sum += values[i]!;
    squares += values[i]! ** 2;
    largest = Math.max(largest, Math.abs(values[i]!));
  }
  return { mean: sum / values.length, deviation: Math.sqrt(squares / values.length), largest };
}

/** Bound of a uniform distribution, or deviation of a normal one, as torch.nn.init states them (gain 1, or √2 for ReLU). */
const SCALES: Readonly<Record<InitializerName, { readonly bound?: number; readonly deviation: number }>> = {
  'pytorch-linear': uniform(1 / Math.sqrt(INPUTS)),
  'xavier-uniform': uniform(Math.sqrt(6 / (INPUTS + OUTPUTS))),
  'xavier-normal': { deviation: Math.sqrt(2 / (INPUTS + OUTPUTS)) },
  'kaiming-uniform': uniform(Math.SQRT2 * Math.sqrt(3 / INPUTS)),
  'kaiming-normal': { deviation: Math.SQRT2 / Math.sqrt(INPUTS) },
  normal: { deviation: 0.01 },
  zeros: { bound: 0, deviation: 0 },
};

function uniform(bound: number) {
  return { bound, deviation: bound / Math.sqrt(3) };
}

describe('initial weights', () => {
  for (const name of INITIALIZERS) {
    it(`are spread as ${name} says, biases as they should be`, () => {
      const { weight, bias } = layerOf(name);
      const { bound, deviation } = SCALES[name];
      const found = momentsOf(weight);
      // 100,000 numbers: five deviations of the mean and of the deviation
      expect(Math.abs(found.mean)).toBeLessThanOrEqual((5 * deviation) / Math.sqrt(INPUTS * OUTPUTS));
      expect(Math.abs(found.deviation - deviation)).toBeLessThanOrEqual(0.012 * deviation);
      if (bound !== undefined) {
        expect(found.largest).toBeLessThanOrEqual(Math.fround(bound));
        expect(found.largest).toBeGreaterThanOrEqual(0.999 * bound);
      }
      const ofBias = momentsOf(bias);
      if (name === 'pytorch-linear') expect(ofBias.largest).toBeGreaterThan(0.9 * bound!);
      else expect(ofBias.largest).toBe(0);
    });
  }

  it('come from the seed', () => {
    expect(layerOf('xavier-normal').weight).toEqual(layerOf('xavier-normal').weight);
    expect(layerOf('xavier-normal', 8).weight).not.toEqual(layerOf('xavier-normal').weight);
  });
});
