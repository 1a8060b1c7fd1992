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
      optimizer: {
        name: 'adam',
        learningRate: 0.001,
        weightDecay: 0,
        betas: [0.9, 0.999],
        eps: 1e-8,
        amsgrad: false,
      },
      clipNorm: 0,
      batchSize: 32,
      seed: 7,
      epochs: 10,
      data: { source: 'random', validation: 0.1 },
      checkpoint: { everySteps: 100, everySeconds: 0, everyEpochs: 0, keepLast: 5, keepEvery: 0 },
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

  const check = (input: unknown, expected: string) =>
    it(`is refused: ${expected}`, () => {
      expect(() => parseRunConfig(input, 'run.json')).toThrow(expected);
    });
  check({ layer: [1, 2] }, 'unknown field layer');
  check({ ema: 0.9, dropout: 0.1 }, 'unknown field ema, dropout');
  check({ optimizer: { name: 'adam', momentum: 0.9 } }, 'unknown field optimizer.momentum');
  check({ optimizer: { name: 'sgd', betas: [0.9, 0.99] } }, 'unknown field optimizer.betas');
  check({ optimizer: { name: 'sgd', lr: 1 } }, 'unknown field optimizer.lr');
  check({ optimizer: { name: 'sgd', nesterov: true } }, 'optimizer.nesterov is not valid: nesterov needs');
  check({ checkpoint: { best: true } }, 'unknown field checkpoint.best');
  check({ checkpoint: { keepLast: 1 } }, 'checkpoint.keepLast is not valid');
  check({ layers: [20] }, 'layers is not valid');
  check({ layers: [20, 0, 10] }, 'layers.1 is not valid');
  check({ layers: [100_000, 100_000, 10] }, 'layers is not valid: the layers have');
  check({ activation: 'swish' }, 'activation is not valid');
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
