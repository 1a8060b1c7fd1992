import { spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import type { RunEvent } from '#shared/run.ts';
import { report } from '#test/faults/kit/report.ts';
import { runBench, type RunBench } from '#test/kit/run-service.ts';

let bench: RunBench;
beforeEach(async () => void (bench = await runBench()));
afterEach(() => bench.close());

const problemsOf = (events: readonly RunEvent[]) => events.filter((event) => event.event === 'problem');

/** Trains until told to stop; gives back what was told. */
function trainUntil(name: string, everySteps: number) {
  const controller = new AbortController();
  const events: RunEvent[] = [];
  const config = { layers: [20, 256, 10], batchSize: 1024, checkpoint: { everySteps, keepLast: 2 } };
  const ended = bench
    .train(name, {
      config,
      steps: 10_000_000,
      signal: controller.signal,
      onEvent: (event) => void events.push(event),
    })
    .catch((error: unknown) => error);
  const seen = (kind: RunEvent['event'], count = 1) =>
    expect
      .poll(() => events.filter(({ event }) => event === kind).length, { timeout: 20_000 })
      .toBeGreaterThanOrEqual(count);
  return { events, seen, stop: () => controller.abort(), ended };
}

describe('a disk of one mebibyte', () => {
  it('that is full stops no training: it is told once, with the bytes needed, and saving recovers', async () => {
    const disk = join(bench.folder, 'small');
    mkdirSync(disk);
    const mounted = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', disk]);
    if (mounted.status !== 0) {
      report('a really full disk', { mounted: 'no: this account may not' });
      expect(process.getuid?.() === 0 && mounted.error === undefined).toBe(false);
      return;
    }
    const run = trainUntil('small/run', 4);
    try {
      await run.seen('checkpoint', 2);
      // what fills it is somebody else's, and takes what a dropped checkpoint leaves, too
      const fill = () => void spawnSync('sh', ['-c', `cat /dev/zero >> ${disk}/filler`]);
      const isFull = () => problemsOf(run.events).some(({ code }) => code === 'save-failed');
      for (const end = Date.now() + 20_000; !isFull() && Date.now() < end;) {
        fill();
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
      const before = run.events.length;
      const stepThen = run.events.at(-1).step;
      // training goes on all the while
      await expect.poll(() => run.events.at(-1).step, { timeout: 20_000 }).toBeGreaterThan(stepThen + 10);
      // one message of the save; the log may have had no room while a checkpoint still had
      const [problem, ...more] = problemsOf(run.events).filter(({ code }) => code === 'save-failed');
      expect(more).toEqual([]);
      expect(problem!.message).toMatch(/failed: the disk is full: [\d.]+ KiB are needed$/);
      expect(problemsOf(run.events).length).toBeLessThanOrEqual(2);
      rmSync(join(disk, 'filler'));
      const saved = run.events.filter(({ event }) => event === 'checkpoint').length;
      await run.seen('checkpoint', saved + 1);
      expect(run.events.length).toBeGreaterThan(before);
      run.stop();
      await run.ended;
      expect(run.events.at(-1)).toMatchObject({ event: 'done', problems: 0 });
      expect(readdirSync(join(disk, 'run')).filter((name) => name.endsWith('.tmp'))).toEqual([]);
      report('a really full disk', { mounted: 'yes', messages: 1, 'saved again': 'yes' });
    } finally {
      run.stop();
      await run.ended;
      spawnSync('umount', [disk]);
    }
  }, 120_000);
});

describe('a folder that vanishes', () => {
  it('stops no training, is told of once, and is written to again when it is back, its log too', async () => {
    const run = trainUntil('gone', 4);
    const folder = join(bench.folder, 'gone');
    await run.seen('checkpoint', 2);
    renameSync(folder, `${folder}-away`);
    await run.seen('problem');
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(new Set(problemsOf(run.events).map(({ code }) => code)).size).toBe(problemsOf(run.events).length);
    expect(problemsOf(run.events)[0]).toMatchObject({ code: 'save-failed' });
    renameSync(`${folder}-away`, folder);
    const saved = run.events.filter(({ event }) => event === 'checkpoint').length;
    await run.seen('checkpoint', saved + 1);
    run.stop();
    await run.ended;
    expect(run.events.at(-1)).toMatchObject({ event: 'done', problems: 0 });
  }, 120_000);
});
