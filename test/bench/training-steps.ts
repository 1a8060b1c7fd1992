/** Steps of the product's own training loop on data in memory, as the peers' scripts time theirs. */
import type { Dataset } from '#main/trainer/dataset.ts';
import { createTrainer, takeStep, type Trainer } from '#main/trainer/loop.ts';
import { randomStream } from '#main/trainer/random.ts';
import { initialState } from '#main/trainer/state.ts';
import { parseRunConfig } from '#shared/commands/run-config.ts';
import type { OptimizerName } from '#shared/run.ts';

/** Networks and batches by the letters of the peers' scripts. */
export const TRAINING_CASES = {
  a: { layers: [20, 256, 10], batchSize: 32 },
  b: { layers: [64, 256, 10], batchSize: 64 },
  c: { layers: [784, 256, 10], batchSize: 256 },
  d: { layers: [784, 1024, 1024, 10], batchSize: 256 },
} as const;

export type TrainingCase = keyof typeof TRAINING_CASES;

/** Batches that come in turn. */
const BATCHES = 16;
/** Seconds before and while it is timed, as in the peers' scripts. */
const WARM_UP = 0.25;
const SLICE = 0.25;

/** @param threads that there are to share its steps. */
export function benchTrainer(name: TrainingCase, optimizer: OptimizerName, threads = 1): Trainer {
  const { layers, batchSize } = TRAINING_CASES[name];
  const config = parseRunConfig(
    {
      layers: [...layers],
      batchSize,
      optimizer: { name: optimizer, learningRate: 1e-3 },
      data: { source: 'random', validation: 0 },
    },
    'the bench',
  );
  return createTrainer(config, dataInMemory(layers[0], batchSize), initialState(config), threads);
}

function dataInMemory(width: number, batchSize: number): Dataset {
  const count = BATCHES * batchSize;
  const random = randomStream(1, 'data');
  const inputs = Float32Array.from({ length: count * width }, () => random.normal());
  const labels = Int32Array.from({ length: count }, () => random.below(10));
  const examples = {
    count,
    fill: (batch: Trainer['batch'], start: number, rows: number) => {
      batch.inputs.set(inputs.subarray(start * width, (start + rows) * width));
      batch.labels.set(labels.subarray(start, start + rows));
    },
  };
  return { epochLength: count, epoch: () => examples };
}

/** Steps per second over a slice of time, after a warm-up. */
export function stepRate(trainer: Trainer): number {
  const clock = () => Number(process.hrtime.bigint()) / 1e9;
  let begun = clock();
  let warm = 0;
  while (clock() - begun < WARM_UP) {
    takeStep(trainer);
    warm++;
  }
  const piece = Math.max(1, warm >> 2);
  let done = 0;
  begun = clock();
  for (;;) {
    for (let i = 0; i < piece; i++) takeStep(trainer);
    done += piece;
    const elapsed = clock() - begun;
    if (elapsed >= SLICE) return done / elapsed;
  }
}
