import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';

import type { RunConfigInput } from '#shared/commands/run-config.ts';
import { isAppError } from '#shared/errors.ts';
import { completeConfig, runBench, type RunBench } from '#test/kit/run-service.ts';
import { bundleThreads } from '#test/kit/thread-bundles.ts';

const threads = mkdtempSync(join(tmpdir(), 'paramscope-threads-'));
let bench: RunBench;
beforeAll(() => bundleThreads(threads), 60_000);
afterAll(() => rmSync(threads, { recursive: true }));
beforeEach(async () => void (bench = await runBench({ threadFolder: threads })));
afterEach(() => bench.close());

const CONFIG: RunConfigInput = { layers: [20, 16, 10], checkpoint: { everySteps: 10, keepLast: 3 } };
const signal = new AbortController().signal;

describe('a trainer and a saver in threads of their own', () => {
  it('write what they write in one thread', async () => {
    await bench.train('a', { config: CONFIG, steps: 30 });
    const inline = await runBench();
    await inline.train('a', { config: CONFIG, steps: 30 });
    for (const file of ['step-000010.safetensors', 'step-000020.safetensors', 'step-000030.safetensors']) {
      expect(
        readFileSync(join(bench.folder, 'a', file)).equals(readFileSync(join(inline.folder, 'a', file))),
      ).toBe(true);
    }
    await inline.close();
  });

  it('resume to the bit', async () => {
    await bench.train('whole', { config: CONFIG, steps: 30 });
    await bench.train('parts', { config: CONFIG, steps: 10 });
    await bench.train('parts', { isResumed: true, steps: 30 });
    const file = 'step-000030.safetensors';
    expect(
      readFileSync(join(bench.folder, 'parts', file)).equals(readFileSync(join(bench.folder, 'whole', file))),
    ).toBe(true);
  });

  it('are proven against their memory while they stand still, and go on', async () => {
    const { id } = await bench.runs.start({ config: completeConfig(CONFIG), name: 'x', steps: 1_000_000 });
    const { step } = await bench.runs.act(id, 'pause');
    await bench.runs.act(id, 'save');
    const report = await bench.runs.verify(id, step, signal);
    expect(report).toMatchObject({ verdict: 'identical', comparedWith: 'memory', digest: { isEqual: true } });
    await bench.runs.act(id, 'resume');
    const { state } = await bench.runs.act(id, 'stop');
    expect(state).toBe('stopped');
  });

  it('train and save while this thread stands still', async () => {
    const config = completeConfig({ ...CONFIG, checkpoint: { everySteps: 100 } });
    const { id } = await bench.runs.start({ config, name: 'x', steps: 1_000_000 });
    const { step } = await bench.runs.act(id, 'pause');
    await bench.runs.act(id, 'resume');
    const next = String(100 * (Math.floor(step / 100) + 3)).padStart(6, '0');
    const path = join(bench.folder, 'data', 'runs', 'x', `step-${next}.safetensors`);
    const nobody = new Int32Array(new SharedArrayBuffer(4));
    // no turn for anybody else in this thread; the test's time is up long before the looks are
    for (let look = 0; look < 5000 && !existsSync(path); look++) Atomics.wait(nobody, 0, 0, 10);
    expect(existsSync(path)).toBe(true);
    await bench.runs.act(id, 'stop');
  });

  it('take the digests of a large network beside each other, with the same files', async () => {
    const config: RunConfigInput = { layers: [20, 1024, 300, 10], checkpoint: { everySteps: 2 } };
    await bench.train('a', { config, steps: 4 });
    const inline = await runBench();
    await inline.train('a', { config, steps: 4 });
    for (const file of ['step-000002.safetensors', 'step-000004.safetensors']) {
      const ours = readFileSync(join(bench.folder, 'a', file));
      expect(ours.byteLength).toBeGreaterThan(3 * 1024 * 1024);
      expect(ours.equals(readFileSync(join(inline.folder, 'a', file)))).toBe(true);
    }
    const { events } = await bench.train('a', { isResumed: true, steps: 5 });
    expect(events.filter(({ event }) => event === 'problem')).toEqual([]);
    await inline.close();
  });

  it('fail by name when the trainer cannot start, and the run can be resumed', async () => {
    const broken = join(bench.folder, 'broken');
    mkdirSync(broken);
    writeFileSync(join(broken, 'trainer.cjs'), 'throw new Error("no")');
    const other = await runBench({ threadFolder: broken });
    await expect(other.train('a', { config: CONFIG, steps: 10 })).rejects.toSatisfy(
      (error) => isAppError(error) && error.code === 'internal' && error.message === 'the trainer crashed',
    );
    writeFileSync(join(broken, 'trainer.cjs'), readFileSync(join(threads, 'trainer.cjs')));
    writeFileSync(join(broken, 'saver.cjs'), 'throw new Error("no")');
    await expect(other.train('b', { config: CONFIG, steps: 10 })).rejects.toSatisfy(isAppError);
    writeFileSync(join(broken, 'saver.cjs'), readFileSync(join(threads, 'saver.cjs')));
    const { events } = await other.train('b', { isResumed: true });
    expect(events.at(-1)).toMatchObject({ event: 'done', state: 'finished', step: 10 });
    await other.close();
  });
});
