import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { isAppError } from '#shared/errors.ts';
import type { RunPoint, RunSnapshot } from '#shared/run.ts';
import { completeConfig, runBench, type RunBench } from '#test/kit/run-service.ts';

let bench: RunBench;
beforeEach(async () => void (bench = await runBench()));
afterEach(() => bench.close());

const CONFIG = completeConfig({ layers: [20, 16, 10], checkpoint: { everySteps: 50, keepLast: 3 } });
const codeOf = (error: unknown) => (isAppError(error) ? error.code : error);

async function startRun(steps = 1_000_000): Promise<string> {
  return (await bench.runs.start({ config: CONFIG, name: 'My run', steps })).id;
}

/** Resolves with the first snapshot that is as wanted. */
async function snapshotThat(run: string, isWanted: (snapshot: RunSnapshot) => boolean): Promise<RunSnapshot> {
  const controller = new AbortController();
  let found: RunSnapshot | undefined;
  const watching = bench.runs.watch(
    run,
    (snapshot) => {
      if (found || !isWanted(snapshot)) return;
      found = snapshot;
      controller.abort();
    },
    controller.signal,
  );
  const last = await watching.catch(() => undefined);
  return found ?? last!;
}

describe('a run in the app', () => {
  it('lives in a folder named after it, and a second one beside it', async () => {
    const first = await bench.runs.start({ config: CONFIG, name: 'My run', steps: 10 });
    const second = await bench.runs.start({ config: CONFIG, name: 'My run', steps: 10 });
    expect([first.folder, second.folder]).toEqual(['my-run', 'my-run-2']);
    expect(first).toMatchObject({ name: 'My run', totalSteps: 10, config: CONFIG });
  });

  it('is watched with every point once, in order, until it ends', async () => {
    const run = await startRun(300);
    const points: RunPoint[] = [];
    const states = new Set<string>();
    const last = await bench.runs.watch(
      run,
      (snapshot) => {
        points.push(...snapshot.points);
        states.add(snapshot.state);
      },
      new AbortController().signal,
    );
    points.push(...last.points);
    expect(points.map(({ step }) => step)).toEqual(Array.from({ length: 300 }, (_, i) => i + 1));
    expect(last).toMatchObject({ state: 'finished', step: 300, isSaving: false });
    expect(last.checkpoints.map(({ step, status }) => [step, status])).toEqual([
      [50, 'dropped'],
      [100, 'dropped'],
      [150, 'dropped'],
      [200, 'kept'],
      [250, 'kept'],
      [300, 'kept'],
    ]);
    expect(last.checkpoints[5]!.reasons).toEqual(['one of the last 3']);
  });

  it('gives a late watcher what came before', async () => {
    const run = await startRun(120);
    const first = await bench.runs.watch(run, () => {}, new AbortController().signal);
    const again = await bench.runs.watch(run, () => expect.unreachable(), new AbortController().signal);
    expect(again.points).toHaveLength(120);
    expect(again.points[119]).toEqual({ step: 120, loss: expect.any(Number), accuracy: expect.any(Number) });
    expect(first.state).toBe('finished');
  });

  it('stands still while paused, saves when asked, and goes on', async () => {
    const run = await startRun();
    await snapshotThat(run, ({ step }) => step > 60);
    const paused = await bench.runs.act(run, 'pause');
    expect(paused.state).toBe('paused');
    const saved = await bench.runs.act(run, 'save');
    expect(saved.step).toBe(paused.step);
    expect(saved.checkpoints.at(-1)).toMatchObject({ step: paused.step, status: 'kept' });
    const resumed = await bench.runs.act(run, 'resume');
    expect(resumed.state).toBe('running');
    const later = await snapshotThat(run, ({ step }) => step > paused.step + 20);
    expect(later.step).toBeGreaterThan(paused.step);
    const stopped = await bench.runs.act(run, 'stop');
    expect(stopped).toMatchObject({ state: 'stopped', stepsPerSecond: 0 });
    expect(stopped.checkpoints.at(-1)!.step).toBe(stopped.step);
  });

  it('saves at the next boundary while it runs', async () => {
    const run = await startRun();
    const before = await snapshotThat(run, ({ step }) => step > 5);
    const after = await bench.runs.act(run, 'save');
    expect(after.checkpoints.some(({ step }) => step >= before.step)).toBe(true);
  });

  it('gives way to others after a few steps, by its clock', async () => {
    let looks = 0;
    const other = await runBench({ now: () => ++looks });
    const { id } = await other.runs.start({ config: CONFIG, steps: 1_000_000 });
    // the trainer shares this thread, and each of its steps looks at the clock: a slice of 12 ms has as many looks or fewer
    for (let turn = 0; turn < 50; turn++) {
      const before = looks;
      await new Promise((resolve) => setImmediate(resolve));
      expect(looks - before).toBeLessThan(60);
    }
    expect(looks).toBeGreaterThan(100);
    await other.runs.act(id, 'stop');
    await other.close();
  });

  it('goes on from its newest checkpoint after a stop, with its curve', async () => {
    const run = await startRun();
    await snapshotThat(run, ({ step }) => step > 60);
    const stopped = await bench.runs.act(run, 'stop');
    await bench.runs.act(run, 'resume');
    const first = await snapshotThat(run, ({ step }) => step > stopped.step);
    expect(first.problems).toEqual([]);
    const { points } = await bench.runs
      .act(run, 'stop')
      .then(() => bench.runs.watch(run, () => {}, new AbortController().signal));
    expect(points.map(({ step }) => step)).toEqual(points.map((_, i) => i + 1));
  });

  it('refuses what makes no sense in its state', async () => {
    const run = await startRun(10);
    await bench.runs.watch(run, () => {}, new AbortController().signal);
    for (const action of ['pause', 'resume', 'stop', 'save'] as const) {
      await expect(bench.runs.act(run, action)).rejects.toSatisfy(
        (error) => codeOf(error) === 'invalid-params',
      );
    }
    await expect(bench.runs.act('nobody', 'stop')).rejects.toSatisfy(
      (error) => codeOf(error) === 'not-found',
    );
  });

  it('cannot be started on data that the person has not chosen', async () => {
    const config = completeConfig({ data: { source: '/etc/passwd' } });
    await expect(bench.runs.start({ config })).rejects.toSatisfy(
      (error) => codeOf(error) === 'invalid-params',
    );
  });
});

describe('the list of runs', () => {
  it('finds those of the past on disk, newest first, whatever else lies there', async () => {
    const run = await startRun(60);
    await bench.runs.watch(run, () => {}, new AbortController().signal);
    const home = join(bench.folder, 'data', 'runs');
    rmSync(join(home, 'nothing'), { force: true, recursive: true });
    writeFileSync(join(home, 'a file'), 'x');
    const again = await runBench();
    const { createRuns } = await import('#main/services/runs/runs.ts');
    const runs = createRuns({
      options: { dataFolder: join(bench.folder, 'data'), resourceFolder: bench.folder },
      files: again.files,
    });
    const list = await runs.list();
    expect(list).toHaveLength(1);
    expect(list[0]).toMatchObject({ name: 'My run', state: 'finished', step: 60, totalSteps: 60 });
    expect(list[0]!.byteLength).toBe(
      list[0]!.checkpoints.reduce((sum, { byteLength }) => sum + byteLength, 0),
    );
    const { name } = await runs.checkpointFile(list[0]!.id, 60);
    expect(name).toBe('step-000060.safetensors');
    await again.close();
  });

  it('calls a run stopped that was killed, and goes on with it', async () => {
    await bench.train('a', { config: { layers: [20, 8, 10], checkpoint: { everySteps: 10 } }, steps: 30 });
    const log = join(bench.folder, 'a', 'run.jsonl');
    const lines = readFileSync(log, 'utf8').trim().split('\n');
    const killed = lines.filter((line) => !line.includes('"done"'));
    writeFileSync(log, `${killed.join('\n')}\n`);
    rmSync(join(bench.folder, 'a', 'step-000030.safetensors'));
    const { events } = await bench.train('a', { isResumed: true });
    expect(events[0]).toEqual({ event: 'resumed', step: 20, file: 'step-000020.safetensors' });
    expect(existsSync(join(bench.folder, 'a', 'step-000030.safetensors'))).toBe(true);
  });
});
