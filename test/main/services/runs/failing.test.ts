import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { nodeFileSystem, type FileSystem } from '#main/bytes/file-system.ts';
import { createRuns } from '#main/services/runs/runs.ts';
import { startInline } from '#main/services/runs/run-threads.ts';
import { isAppError } from '#shared/errors.ts';
import type { RunEvent } from '#shared/run.ts';
import { completeConfig, runBench, type RunBench } from '#test/kit/run-service.ts';

let bench: RunBench;
beforeEach(async () => void (bench = await runBench()));
afterEach(() => bench.close());

/** A rate at which the loss overflows after some steps. */
const DIVERGING = {
  layers: [20, 16, 10],
  loss: 'mse' as const,
  optimizer: { name: 'sgd' as const, learningRate: 1e6 },
  checkpoint: { everySteps: 1000, keepLast: 2 },
};
const checkpoints = (name: string) =>
  readdirSync(join(bench.folder, name)).filter((file) => file.endsWith('.safetensors'));
const failureOf = (work: Promise<unknown>) =>
  work.then(
    () => undefined,
    (error: unknown) => (isAppError(error) ? error : undefined),
  );

describe('a training whose loss is no number any more', () => {
  it('goes on unless it is told to stop, and says so', async () => {
    const { events } = await bench.train('a', { config: DIVERGING, steps: 40 });
    expect(events).toContainEqual(expect.objectContaining({ event: 'problem', code: 'not-finite' }));
    expect(events.at(-1)).toMatchObject({ event: 'done', state: 'finished', step: 40 });
  });

  it('stops before that step, with the state before it saved to the bit', async () => {
    const config = { ...DIVERGING, stopOnNonFinite: true };
    const events: RunEvent[] = [];
    const error = await failureOf(
      bench.train('a', { config, steps: 40, onEvent: (event) => void events.push(event) }),
    );
    expect(error?.message).toMatch(/^training stopped before step \d+: its loss is (NaN|Infinity)$/);
    const step = Number(/\d+/.exec(error!.message)![0]) - 1;
    expect(step).toBeGreaterThan(1);
    const file = `step-${String(step).padStart(6, '0')}.safetensors`;
    expect(checkpoints('a')).toEqual([file]);
    expect(events).toContainEqual(expect.objectContaining({ event: 'checkpoint', step }));
    // the very file of a run that ended there
    await bench.train('b', { config, steps: step });
    const bytes = (name: string) => readFileSync(join(bench.folder, name, file));
    expect(bytes('a').equals(bytes('b'))).toBe(true);
    // and where it is started again, it comes to the same end
    const again = await failureOf(bench.train('a', { isResumed: true }));
    expect(again?.message).toBe(error!.message);
  });

  it('saves nothing where the policy says so', async () => {
    const checkpoint = { ...DIVERGING.checkpoint, onError: false };
    const config = { ...DIVERGING, stopOnNonFinite: true, checkpoint };
    expect(await failureOf(bench.train('a', { config, steps: 40 }))).toBeDefined();
    expect(checkpoints('a')).toEqual([]);
  });

  it('is a matter of the configuration: what says nothing new has the bytes of before', () => {
    const config = completeConfig({ stopOnNonFinite: false, checkpoint: { onError: true } });
    expect(config).toEqual(completeConfig({}));
    expect(Object.keys(config)).not.toContain('stopOnNonFinite');
  });
});

describe('a disk with less room than a checkpoint takes', () => {
  it('is told of before anything is written, with the bytes needed and those free, and tried again', async () => {
    let free = 100;
    const created: string[] = [];
    const system: FileSystem = {
      ...nodeFileSystem,
      freeBytes: () => free,
      create: (path, mode) => {
        created.push(path);
        return nodeFileSystem.create(path, mode);
      },
    };
    const runs = createRuns({
      options: { resourceFolder: bench.folder },
      files: bench.files,
      startTrainer: (place) => startInline(place, system, quickClock()),
    });
    const events: RunEvent[] = [];
    const request = {
      folder: bench.files.grant(join(bench.folder, 'full')).file,
      config: completeConfig({ layers: [20, 16, 10], checkpoint: { everySteps: 10 } }),
      steps: 400,
    };
    await runs.train(
      request,
      (event) => {
        events.push(event);
        if (event.event === 'problem') free = 1e9;
      },
      new AbortController().signal,
    );
    const problems = events.filter((event) => event.event === 'problem');
    expect(problems).toHaveLength(1);
    expect(problems[0]).toMatchObject({
      step: 10,
      code: 'save-failed',
      message: expect.stringMatching(
        /^writing step-000010\.safetensors failed: the disk is full: [\d.]+ KiB are needed$/,
      ),
      hint: expect.stringContaining('100 B are free'),
    });
    expect(events.at(-1)).toMatchObject({ event: 'done', state: 'finished', problems: 0 });
    expect(existsSync(join(bench.folder, 'full', 'step-000400.safetensors'))).toBe(true);
    const saved = events.filter(({ event }) => event === 'checkpoint');
    expect(created.filter((path) => path.endsWith('.tmp'))).toHaveLength(saved.length);
    await runs.close();
  });
});

/** Every look at the clock is a little later than the one before. */
function quickClock(): () => number {
  let time = 0;
  return () => (time += 50);
}
