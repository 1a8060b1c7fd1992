import { describe, expect, it } from 'vitest';

import {
  createDataset,
  type Batch,
  type DataFiles,
  type Examples,
  type ExampleSet,
} from '#main/trainer/dataset.ts';
import { parseRunConfig, type RunConfigInput } from '#shared/commands/run-config.ts';
import { isAppError } from '#shared/errors.ts';
import type { RunConfig } from '#shared/run.ts';

/** Pictures of 2 x 2 whose first pixel is their number. */
function pictures(count: number, label: (index: number) => number): Examples {
  const inputs = new Uint8Array(count * 4);
  for (let i = 0; i < count; i++) inputs[4 * i] = i;
  const targets = Uint8Array.from({ length: count }, (_, i) => label(i));
  return { name: 'train-images.idx', count, width: 4, inputs, targetWidth: 1, targets };
}

function batchFor({ layers }: RunConfig, rows: number): Batch {
  return {
    inputs: new Float32Array(rows * layers[0]!),
    labels: new Int32Array(rows),
    values: new Float32Array(rows * layers[layers.length - 1]!),
  };
}

const FILES: DataFiles = { train: pictures(20, (i) => i % 3), sha256: 'x' };
const CONFIG: RunConfigInput = {
  layers: [4, 5, 3],
  data: { source: 'a.idx', validation: 0.25 },
  batchSize: 6,
};

/** The numbers of the pictures in the order in which they come, with their labels checked on the way. */
function order(set: ExampleSet, config = parseRunConfig(CONFIG, 'x')): number[] {
  const batch = batchFor(config, 1);
  return Array.from({ length: set.count }, (_, i) => {
    set.fill(batch, i, 1);
    const number = Math.round(batch.inputs[0]! * 255 * 0.3081);
    expect(batch.labels[0]).toBe(number % 3);
    expect(Array.from(batch.values)).toEqual([0, 1, 2].map((value) => (value === number % 3 ? 1 : 0)));
    return number;
  });
}

describe('examples from files', () => {
  const dataset = createDataset(parseRunConfig(CONFIG, 'x'), FILES);

  it('are split once and for all: no epoch sees what validates', () => {
    const unseen = order(dataset.unseen!);
    const seen = order(dataset.epoch(0));
    expect([unseen.length, seen.length, dataset.epochLength]).toEqual([5, 15, 15]);
    expect([...unseen, ...seen].sort((a, b) => a - b)).toEqual(Array.from({ length: 20 }, (_, i) => i));
    expect(order(dataset.epoch(1)).sort((a, b) => a - b)).toEqual([...seen].sort((a, b) => a - b));
  });

  it('come in another order in every epoch, and in the same one every time', () => {
    expect(order(dataset.epoch(1))).not.toEqual(order(dataset.epoch(0)));
    const again = createDataset(parseRunConfig(CONFIG, 'x'), FILES);
    expect(order(again.epoch(1))).toEqual(order(dataset.epoch(1)));
    const other = createDataset(parseRunConfig({ ...CONFIG, seed: 8 }, 'x'), FILES);
    expect(order(other.epoch(1))).not.toEqual(order(dataset.epoch(1)));
  });

  it('are validated on their own unseen set where they have one, whole and in order', () => {
    const own = createDataset(parseRunConfig(CONFIG, 'x'), { ...FILES, unseen: pictures(9, (i) => i % 3) });
    expect(own.epochLength).toBe(20);
    expect(order(own.unseen!)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8]);
  });

  it('are not validated where the share is 0', () => {
    const config = parseRunConfig({ ...CONFIG, data: { source: 'a.idx', validation: 0 } }, 'x');
    expect(createDataset(config, { ...FILES, unseen: FILES.train }).unseen).toBeUndefined();
  });

  it('come with the values beside them where those are what is learnt', () => {
    const config = parseRunConfig({ ...CONFIG, loss: 'mse', data: { source: 'a.csv', validation: 0 } }, 'x');
    const targets = Float32Array.from({ length: 60 }, (_, i) => i / 7);
    const inputs = Float32Array.from({ length: 80 }, (_, i) => -i);
    const train = { ...FILES.train, inputs, targetWidth: 3, targets };
    const set = createDataset(config, { train, sha256: 'x' }).epoch(0);
    const batch = batchFor(config, 20);
    set.fill(batch, 0, 20);
    for (let row = 0; row < 20; row++) {
      const number = batch.inputs[4 * row]! / -4;
      expect(batch.inputs.subarray(4 * row, 4 * row + 4)).toEqual(
        inputs.subarray(4 * number, 4 * number + 4),
      );
      expect(batch.values.subarray(3 * row, 3 * row + 3)).toEqual(
        targets.subarray(3 * number, 3 * number + 3),
      );
    }
  });

  refuse('that are wider than the first layer', { ...CONFIG, layers: [5, 3] }, FILES, 'invalid-params');
  refuse('with labels beyond the last layer', { ...CONFIG, layers: [4, 2] }, FILES, 'invalid-params');
  refuse(
    'that have values where classes are asked for',
    CONFIG,
    { ...FILES, train: { ...FILES.train, targetWidth: 2, targets: new Float32Array(40) } },
    'invalid-params',
  );
  refuse(
    'with other values than there are outputs',
    { ...CONFIG, loss: 'mse' },
    { ...FILES, train: { ...FILES.train, targetWidth: 2, targets: new Float32Array(40) } },
    'invalid-params',
  );
  refuse(
    'with values that are no numbers',
    { ...CONFIG, loss: 'mse' },
    { ...FILES, train: { ...FILES.train, targetWidth: 3, targets: new Float32Array(60).fill(NaN) } },
    'invalid-params',
  );
  refuse(
    'of which none is left to train on',
    { ...CONFIG, data: { source: 'a.idx', validation: 0.99 } },
    { ...FILES, train: pictures(3, (i) => i) },
    'invalid-params',
  );

  function refuse(what: string, config: RunConfigInput, files: DataFiles, code: string): void {
    it(`${what} are refused as ${code}`, () => {
      try {
        createDataset(parseRunConfig(config, 'x'), files);
        expect.unreachable();
      } catch (error) {
        expect(isAppError(error) && error.code).toBe(code);
      }
    });
  }
});

describe('the chapter’s random examples', () => {
  const config = parseRunConfig({}, 'x');
  const dataset = createDataset(config);
  const take = (set: ExampleSet, start: number, rows: number) => {
    const batch = batchFor(config, rows);
    set.fill(batch, start, rows);
    return batch;
  };

  it('depend on their number alone, not on how they are taken', () => {
    const whole = take(dataset.epoch(2), 0, 10);
    const part = take(createDataset(config).epoch(2), 4, 3);
    expect(part.inputs).toEqual(whole.inputs.slice(4 * 20, 7 * 20));
    expect(part.labels).toEqual(whole.labels.slice(4, 7));
  });

  it('never come again, and never validate', () => {
    const sets = [dataset.epoch(0), dataset.epoch(1), dataset.unseen!].map((set) =>
      take(set, 0, 1).inputs.join(),
    );
    expect(new Set(sets).size).toBe(3);
    expect(dataset.unseen!.count).toBe(320);
  });

  it('are of every class', () => {
    const { labels } = take(dataset.epoch(0), 0, 500);
    expect(new Set(labels).size).toBe(10);
  });
});
