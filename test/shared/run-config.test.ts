import { describe, expect, it } from 'vitest';
import * as z from 'zod/mini';

import {
  DEFAULT_RUN_CONFIG,
  MNIST_RUN_CONFIG,
  parseRunConfig,
  RUN_CONFIG_SCHEMA,
} from '#shared/commands/run-config.ts';
import { RUN_ACTIONS, RUN_TRANSITIONS, type RunState } from '#shared/run.ts';

describe('a run configuration', () => {
  it('is the chapter network when nothing is given', () => {
    expect(DEFAULT_RUN_CONFIG).toEqual({
      layers: [20, 256, 10],
      activation: 'relu',
      loss: 'cross-entropy',
      labelSmoothing: 0,
      initializer: 'pytorch-linear',
      dropout: 0,
      optimizer: {
        name: 'adam',
        learningRate: 0.001,
        weightDecay: 0,
        betas: [0.9, 0.999],
        eps: 1e-8,
        amsgrad: false,
      },
      schedule: { name: 'constant', warmupSteps: 0, startFactor: 1 / 3 },
      clipNorm: 0,
      ema: 0,
      batchSize: 32,
      accumulate: 1,
      seed: 7,
      epochs: 10,
      earlyStop: { patience: 0, minDelta: 0 },
      data: { source: 'random', validation: 0.1 },
      checkpoint: {
        everySteps: 100,
        everySeconds: 0,
        everyEpochs: 0,
        best: false,
        keepLast: 5,
        keepTop: 0,
        keepEvery: 0,
      },
    });
  });

  it('has the widths of the digits when those are the data', () => {
    expect(MNIST_RUN_CONFIG.layers).toEqual([784, 256, 10]);
  });

  it('reads as itself when written as JSON', () => {
    expect(z.parse(RUN_CONFIG_SCHEMA, JSON.parse(JSON.stringify(DEFAULT_RUN_CONFIG)))).toEqual(
      DEFAULT_RUN_CONFIG,
    );
  });

  it('has an activation for each hidden layer where they differ', () => {
    const own = { layers: [4, 8, 8, 2], activation: ['tanh', 'leaky-relu'], negativeSlope: 0.2 };
    expect(z.parse(RUN_CONFIG_SCHEMA, own)).toMatchObject(own);
  });

  it('has one text for equal settings of activations', () => {
    const given = (settings: object) => JSON.stringify(z.parse(RUN_CONFIG_SCHEMA, settings));
    const layers = [4, 8, 8, 2];
    expect(given({ layers, activation: ['tanh', 'tanh'] })).toBe(given({ layers, activation: 'tanh' }));
    expect(given({ layers: [4, 2], activation: [] })).toBe(given({ layers: [4, 2] }));
    expect(given({ activation: 'leaky-relu', negativeSlope: 0.01 })).toBe(
      given({ activation: 'leaky-relu' }),
    );
  });

  const check = (input: unknown, expected: string) =>
    it(`is refused: ${expected}`, () => {
      expect(() => parseRunConfig(input, 'run.json')).toThrow(expected);
    });
  check({ layer: [1, 2] }, 'unknown field layer');
  check({ emma: 0.9, drop: 0.1 }, 'unknown field emma, drop');
  check({ optimizer: { name: 'adam', momentum: 0.9 } }, 'unknown field optimizer.momentum');
  check({ optimizer: { name: 'sgd', betas: [0.9, 0.99] } }, 'unknown field optimizer.betas');
  check({ optimizer: { name: 'sgd', lr: 1 } }, 'unknown field optimizer.lr');
  check({ optimizer: { name: 'sgd', nesterov: true } }, 'optimizer.nesterov is not valid: nesterov needs');
  check({ schedule: { name: 'step', tMax: 5 } }, 'unknown field schedule.tMax');
  check({ schedule: { name: 'linear' } }, 'schedule.name is not valid');
  check({ schedule: { startFactor: 0 } }, 'schedule.startFactor is not valid');
  check({ dropout: 1 }, 'dropout is not valid');
  check({ ema: 1 }, 'ema is not valid');
  check({ accumulate: 0 }, 'accumulate is not valid');
  check(
    { earlyStop: { patience: 3 }, data: { validation: 0 } },
    'earlyStop.patience is not valid: stopping early needs',
  );
  check({ checkpoint: { bestOf: 2 } }, 'unknown field checkpoint.bestOf');
  check({ checkpoint: { keepLast: 1 } }, 'checkpoint.keepLast is not valid');
  check({ layers: [20] }, 'layers is not valid');
  check({ layers: [20, 0, 10] }, 'layers.1 is not valid');
  check({ layers: [100_000, 100_000, 10] }, 'layers is not valid: the layers have');
  check({ activation: 'swish' }, 'activation is not valid: not one of relu, tanh');
  check({ layers: [4, 8, 8, 2], activation: ['relu', 'swish'] }, 'activation is not valid: not one of relu');
  check({ activation: ['relu', 'tanh'] }, 'activation is not valid: 2 names for 1 hidden layer');
  check(
    { layers: [4, 8, 8, 2], activation: ['relu'] },
    'activation is not valid: 1 name for 2 hidden layers',
  );
  check({ negativeSlope: 0.2 }, 'negativeSlope is not valid: no hidden layer is leaky-relu');
  check({ batchSize: 1.5 }, 'batchSize is not valid');
  check({ data: { validation: 1 } }, 'data.validation is not valid');
  check(JSON.parse('{"__proto__": {"seed": 3}}'), '__proto__');
});

describe('the states of a run', () => {
  const states = Object.keys(RUN_TRANSITIONS) as RunState[];
  it('lead only to states there are', () => {
    for (const state of states) for (const next of RUN_TRANSITIONS[state]) expect(states).toContain(next);
  });
  it('offer only what leads somewhere', () => {
    for (const state of states) {
      if (RUN_ACTIONS[state].includes('stop')) expect(RUN_TRANSITIONS[state]).toContain('stopping');
      if (RUN_ACTIONS[state].includes('pause')) expect(RUN_TRANSITIONS[state]).toContain('paused');
    }
  });
});
