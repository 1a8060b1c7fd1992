import { describe, expect, it } from 'vitest';

import { takeContent } from '#main/trainer/checkpoint-content.ts';
import { createDataset, type Dataset } from '#main/trainer/dataset.ts';
import {
  beginValidation,
  createTrainer,
  hasStoppedEarly,
  takeStep,
  type Trainer,
} from '#main/trainer/loop.ts';
import { parametersOf } from '#main/trainer/mlp.ts';
import { initialState } from '#main/trainer/state.ts';
import { parseRunConfig, type RunConfigInput } from '#shared/commands/run-config.ts';

const SMALL: RunConfigInput = { layers: [20, 13, 10], batchSize: 8, activation: 'tanh' };

function trainerOf(input: RunConfigInput, dataset?: Dataset): Trainer {
  const config = parseRunConfig({ ...SMALL, ...input }, 'x');
  return createTrainer(config, dataset ?? createDataset(config), initialState(config));
}

function take(trainer: Trainer, steps: number): readonly number[] {
  return Array.from({ length: steps }, () => takeStep(trainer).loss);
}

describe('accumulation', () => {
  for (const dropout of [0, 0.3]) {
    it(`is one large batch to the last bit, with dropout ${dropout}`, () => {
      const pieces = trainerOf({ batchSize: 8, accumulate: 4, dropout });
      const whole = trainerOf({ batchSize: 32, dropout });
      expect(take(pieces, 6)).toEqual(take(whole, 6));
      const digests = ({ config, state }: Trainer) => takeContent(config, state).digests;
      expect(digests(pieces)).toEqual(digests(whole));
    });
  }

  it('takes what is left at the end of an epoch', () => {
    const trainer = trainerOf({ batchSize: 1000, accumulate: 3 });
    const results = [takeStep(trainer), takeStep(trainer)];
    expect(results.map(({ isEpochEnd }) => isEpochEnd)).toEqual([false, true]);
    expect([trainer.state.epoch, trainer.state.position]).toEqual([1, 0]);
  });
});

describe('moving averages', () => {
  it('begin as the parameters and go a share of the way at every step', () => {
    const trainer = trainerOf({ ema: 0.75, optimizer: { name: 'sgd' } });
    const { mlp, average } = trainer.state;
    const expected = parametersOf(mlp).map(({ values }) => new Float32Array(values.length));
    for (let step = 0; step < 4; step++) {
      takeStep(trainer);
      parametersOf(mlp).forEach(({ values }, index) => {
        const own = expected[index]!;
        own.forEach(
          (old, i) => (own[i] = step === 0 ? values[i]! : old + Math.fround(values[i]! - old) * 0.25),
        );
      });
    }
    expect(parametersOf(average!).map(({ values }) => Float32Array.from(values))).toEqual(expected);
  });

  it('are what validation measures', () => {
    const withAverage = trainerOf({ ema: 0.999, optimizer: { name: 'sgd', learningRate: 0.5 } });
    const without = trainerOf({ optimizer: { name: 'sgd', learningRate: 0.5 } });
    const losses = [withAverage, without].map((trainer) => {
      const losses = take(trainer, 50);
      const validation = beginValidation(trainer, { ...takeStep(trainer), isEpochEnd: true })!;
      while (!validation.advance());
      return { losses, validation: trainer.state.metrics.validation!.loss };
    });
    expect(losses[0]!.losses).toEqual(losses[1]!.losses);
    expect(losses[0]!.validation).toBeGreaterThan(losses[1]!.validation * 1.1);
  });
});

describe('the learning rate', () => {
  it('follows its schedule', () => {
    const rates = [0.1 * 0.25, 0.1 * 0.625, 0.1, 0.1 * 0.5];
    const scheduled = trainerOf({
      optimizer: { name: 'sgd' },
      schedule: { name: 'step', stepSize: 1, gamma: 0.5, warmupSteps: 2, startFactor: 0.25 },
    });
    // the same steps, each by an optimizer that is set to that rate
    const { mlp } = scheduled.state;
    const before = () => parametersOf(mlp).map(({ values }) => Float64Array.from(values));
    for (const rate of rates) {
      const old = before();
      takeStep(scheduled);
      const gradients = scheduled.workspace.gradients;
      const expected = old.map((values, index) =>
        Float32Array.from(
          values,
          (value, i) => value - Math.fround(Math.fround(rate) * gradients[index]![i]!),
        ),
      );
      expect(parametersOf(mlp).map(({ values }) => Float32Array.from(values))).toEqual(expected);
    }
  });
});

describe('dropout', () => {
  it('leaves out its share of the hidden elements, other ones at every step, and none in validation', () => {
    const trainer = trainerOf({ layers: [20, 250, 10], batchSize: 400, dropout: 0.3 });
    const zeros: string[] = [];
    for (let step = 0; step < 2; step++) {
      takeStep(trainer);
      const kept = trainer.workspace.kept[0]!;
      const activated = trainer.workspace.activated[0]!;
      const share = kept.filter((value) => value === 0).length / kept.length;
      expect(Math.abs(share - 0.3)).toBeLessThan(0.005);
      expect(kept.every((value, i) => value === 0 || value === Math.fround(activated[i]! / 0.7))).toBe(true);
      zeros.push(Array.from(kept.subarray(0, 1000), (value) => value === 0).join());
    }
    expect(zeros[0]).not.toBe(zeros[1]);
  });
});

describe('stopping early', () => {
  /** Unseen examples that fit worse and worse, since their answers turn round after an epoch. */
  function turning(lossesRise: (epoch: number) => boolean): Dataset {
    const { dataset } = trainerOf({});
    let epochs = 0;
    return {
      epochLength: 64,
      epoch: (epoch) => {
        epochs = epoch;
        return dataset.epoch(0);
      },
      unseen: {
        count: 64,
        fill: (batch, start, rows) => {
          dataset.epoch(0).fill(batch, start, rows);
          if (!lossesRise(epochs)) return;
          for (let row = 0; row < rows; row++) batch.labels[row] = (batch.labels[row]! + 1) % 10;
        },
      },
    };
  }

  it('waits for as many epochs as it is patient, counted from the best', () => {
    const config: RunConfigInput = {
      earlyStop: { patience: 3 },
      optimizer: { name: 'sgd', learningRate: 0.3 },
    };
    const trainer = trainerOf(
      config,
      turning((epoch) => epoch >= 4),
    );
    const stops: boolean[] = [];
    for (let epoch = 0; epoch < 8; epoch++) {
      let result = takeStep(trainer);
      while (!result.isEpochEnd) result = takeStep(trainer);
      const validation = beginValidation(trainer, result)!;
      while (!validation.advance());
      stops.push(hasStoppedEarly(trainer.config, trainer.state));
    }
    expect(stops.indexOf(true)).toBe(6);
  });
});
