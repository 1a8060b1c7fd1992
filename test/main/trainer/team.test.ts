import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { takeContent } from '#main/trainer/checkpoint-content.ts';
import { createDataset } from '#main/trainer/dataset.ts';
import { createTrainer, takeStep, type Trainer } from '#main/trainer/loop.ts';
import { initialState } from '#main/trainer/state.ts';
import { parseRunConfig, type RunConfigInput } from '#shared/commands/run-config.ts';
import { bundleThreads } from '#test/kit/thread-bundles.ts';

const folder = mkdtempSync(join(tmpdir(), 'paramscope-team-'));
beforeAll(() => bundleThreads(folder), 60_000);
afterAll(() => rmSync(folder, { recursive: true }));

function trainerOf(input: RunConfigInput, available: number): Trainer {
  const config = parseRunConfig(input, 'x');
  return createTrainer(config, createDataset(config), initialState(config), available);
}

/** Losses and digests after so many steps with helpers in threads of their own. */
async function trained(input: RunConfigInput, available: number, steps: number) {
  const trainer = trainerOf(input, available);
  const { team, config, state } = trainer;
  const workers = team.helpers.map(
    (material) => new Worker(join(folder, 'trainer.cjs'), { workerData: { thread: 'helper', material } }),
  );
  await Promise.all(workers.map((worker) => new Promise((resolve) => worker.once('online', resolve))));
  const losses = Array.from({ length: steps }, () => takeStep(trainer).loss);
  // however slowly they start: each has had its hands on something
  const hasHelped = () => team.helpers.every(({ panels }) => panels.left.some((value) => value !== 0));
  const extra = trainerOf(input, 1);
  while (!hasHelped()) {
    losses.push(takeStep(trainer).loss);
    await new Promise((resolve) => setImmediate(resolve));
  }
  const ends = workers.map((worker) => new Promise((resolve) => worker.once('exit', resolve)));
  team.end();
  expect(await Promise.all(ends)).toEqual(workers.map(() => 0));
  const alone = losses.map(() => takeStep(extra).loss);
  return {
    losses,
    alone,
    digests: takeContent(config, state).digests,
    digestsAlone: takeContent(config, extra.state).digests,
    threads: team.threads,
  };
}

/** Enough for every phase to meet every other; on a busy machine a phase waits for whoever is held up. */
const STEPS = 4;

describe('several threads', () => {
  const check = (what: string, input: RunConfigInput, available: number) =>
    it(`compute the bits of one: ${what}, ${available} threads`, async () => {
      const { losses, alone, digests, digestsAlone, threads } = await trained(input, available, STEPS);
      expect(threads).toBe(available);
      expect(losses).toEqual(alone);
      expect(digests).toEqual(digestsAlone);
    }, 120_000);
  check('Adam', { layers: [200, 300, 10], batchSize: 256 }, 2);
  check(
    'odd widths with everything on',
    {
      layers: [137, 203, 101, 7],
      batchSize: 250,
      activation: 'gelu-tanh',
      dropout: 0.3,
      ema: 0.9,
      clipNorm: 0.5,
      accumulate: 2,
      optimizer: { name: 'momentum' },
      schedule: { name: 'cosine', warmupSteps: 4, tMax: 20 },
    },
    3,
  );
});

describe('helpers', () => {
  it('go home whenever they are sent, in the middle of looking for work too', async () => {
    const trainer = trainerOf({ layers: [200, 300, 10], batchSize: 256 }, 9);
    const { team } = trainer;
    const workers = team.helpers.map(
      (material) => new Worker(join(folder, 'trainer.cjs'), { workerData: { thread: 'helper', material } }),
    );
    await Promise.all(workers.map((worker) => new Promise((resolve) => worker.once('online', resolve))));
    const ends = workers.map((worker) => new Promise((resolve) => worker.once('exit', resolve)));
    takeStep(trainer);
    team.end();
    expect(await Promise.all(ends)).toEqual(workers.map(() => 0));
  }, 120_000);
});

describe('small networks', () => {
  it('take one thread however many there are', () => {
    expect(trainerOf({ layers: [20, 256, 10], batchSize: 32 }, 8).team.threads).toBe(1);
    expect(trainerOf({ layers: [64, 256, 10], batchSize: 64 }, 8).team.threads).toBe(1);
    expect(trainerOf({ layers: [784, 256, 10], batchSize: 256 }, 8).team.threads).toBe(8);
  });
});
