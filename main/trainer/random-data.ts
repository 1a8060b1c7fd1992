import type { Batch, Dataset } from '#main/trainer/dataset.ts';
import { randomNormals, randomStream, type RandomPurpose } from '#main/trainer/random.ts';
import type { RunConfig } from '#shared/run.ts';

/** New examples never end, so an epoch is this many by agreement: 100 batches of 32. */
export const RANDOM_EPOCH = 3200;

/**
 * The chapter's data: normally distributed inputs. A linear teacher, drawn from the seed, gives the labels
 * (its largest output) and the values (its outputs, of variance 1), so that there is something to learn.
 */
export function randomData(config: RunConfig): Dataset {
  const inputs = config.layers[0]!;
  const outputs = config.layers[config.layers.length - 1]!;
  const { seed } = config;
  const teacher = new Float64Array(outputs * inputs); // outputs x inputs
  const source = randomStream(seed, 'teacher');
  for (let i = 0; i < teacher.length; i++) teacher[i] = source.normal() / Math.sqrt(inputs);

  function write(batch: Batch, row: number, purpose: RandomPurpose, example: number): void {
    const x = batch.inputs.subarray(row * inputs, (row + 1) * inputs);
    x.set(randomNormals(seed, purpose, example, inputs));
    let best = 0;
    let highest = -Infinity;
    for (let output = 0; output < outputs; output++) {
      let sum = 0;
      for (let i = 0; i < inputs; i++) sum += teacher[output * inputs + i]! * x[i]!;
      batch.values[row * outputs + output] = sum;
      if (sum > highest) {
        highest = sum;
        best = output;
      }
    }
    batch.labels[row] = best;
  }

  const examples = (purpose: RandomPurpose, first: number, count: number) => ({
    count,
    fill: (batch: Batch, start: number, rows: number) => {
      for (let row = 0; row < rows; row++) write(batch, row, purpose, first + start + row);
    },
  });

  const unseenCount = Math.round(RANDOM_EPOCH * config.data.validation);
  return {
    epochLength: RANDOM_EPOCH,
    epoch: (epoch) => examples('data', epoch * RANDOM_EPOCH, RANDOM_EPOCH),
    ...(unseenCount > 0 ? { unseen: examples('validation', 0, unseenCount) } : {}),
  };
}
