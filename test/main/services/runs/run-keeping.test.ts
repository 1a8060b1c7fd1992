import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import type { RunSnapshot } from '#shared/run.ts';
import { completeConfig, runBench, type RunBench } from '#test/kit/run-service.ts';
import { rejection } from '#test/kit/rejection.ts';

let bench: RunBench;
beforeEach(async () => void (bench = await runBench()));
afterEach(() => bench.close());

const SETTINGS = { layers: [20, 16, 10], checkpoint: { everySteps: 10, keepLast: 2 } };
const CONFIG = completeConfig(SETTINGS);
const never = () => new AbortController().signal;
const pathOf = (folder: string) => join(bench.folder, 'data', 'runs', folder);

async function finished(name: string, steps = 40): Promise<string> {
  const { id } = await bench.runs.start({ config: CONFIG, name, steps });
  await bench.runs.watch(id, () => {}, never());
  return id;
}

const kept = ({ checkpoints }: Pick<RunSnapshot, 'checkpoints'>) =>
  checkpoints.filter(({ status }) => status === 'kept').map(({ step, reasons }) => [step, reasons.join()]);

describe('another name', () => {
  it('stays with the run, its folder stays what it was, and its checkpoints are untouched', async () => {
    const run = await finished('First');
    const before = readFileSync(join(pathOf('first'), 'step-000040.safetensors'));
    expect((await bench.runs.rename(run, 'Second')).name).toBe('Second');
    expect(await bench.runs.list()).toMatchObject([{ name: 'Second', folder: 'first', totalSteps: 40 }]);
    expect(readFileSync(join(pathOf('first'), 'step-000040.safetensors')).equals(before)).toBe(true);
    expect((await bench.runs.verify(run, 40, never())).verdict).toBe('identical');
  });

  it('can be given while it trains', async () => {
    const { id } = await bench.runs.start({ config: CONFIG, name: 'First', steps: 1_000_000 });
    await bench.runs.rename(id, 'Second');
    expect((await bench.runs.act(id, 'stop')).name).toBe('Second');
  });
});

describe('a pin', () => {
  it('keeps a checkpoint at rest over what a resume saves after it, until it is taken out', async () => {
    const config = { ...SETTINGS, epochs: 1 };
    await bench.train('own', { config, steps: 40 });
    const folder = bench.files.grant(join(bench.folder, 'own')).file;
    const { run } = await bench.runs.prove(folder, never());
    expect(kept(await bench.runs.pin(run, 30, true))).toEqual([
      [30, 'one of the last 2,pinned'],
      [40, 'one of the last 2'],
    ]);
    await bench.train('own', { steps: 80, isResumed: true });
    const names = () => readdirSync(join(bench.folder, 'own')).filter((name) => name.startsWith('step-'));
    expect(names()).toEqual(
      ['step-000030', 'step-000070', 'step-000080'].map((name) => `${name}.safetensors`),
    );
    await bench.runs.prove(folder, never());
    expect(kept(await bench.runs.pin(run, 30, false))[0]).toEqual([30, '']);
    await bench.train('own', { steps: 90, isResumed: true });
    expect(names()).toEqual(['step-000080', 'step-000090'].map((name) => `${name}.safetensors`));
  });

  it('is told at once by a run that stands paused', async () => {
    const { id } = await bench.runs.start({ config: CONFIG, name: 'Pinned', steps: 1_000_000 });
    await bench.runs.act(id, 'pause');
    const saved = await bench.runs.act(id, 'save');
    const newest = saved.checkpoints.at(-1)!.step;
    const pinned = await bench.runs.pin(id, newest, true);
    expect(pinned.checkpoints.at(-1)).toMatchObject({ step: newest, isPinned: true });
    expect(pinned.checkpoints.at(-1)!.reasons).toContain('pinned');
    const unpinned = await bench.runs.pin(id, newest, false);
    expect(unpinned.checkpoints.at(-1)!.reasons).not.toContain('pinned');
    await bench.runs.act(id, 'stop');
  });

  it('leaves a run that is finished finished', async () => {
    const run = await finished('Pinned');
    expect((await bench.runs.pin(run, 40, true)).state).toBe('finished');
    expect(await bench.runs.list()).toMatchObject([{ state: 'finished' }]);
  });

  it('is refused for a step that is not there', async () => {
    const run = await finished('Pinned');
    expect((await rejection(bench.runs.pin(run, 10, true))).code).toBe('not-found');
    expect((await rejection(bench.runs.pin(run, 15, true))).code).toBe('not-found');
  });
});

describe('deleting a run', () => {
  it('takes its folder and all that is its own', async () => {
    const run = await finished('Gone');
    writeFileSync(join(pathOf('gone'), 'step-000010.safetensors.damaged-2'), 'damaged');
    expect(await bench.runs.remove(run)).toBe(true);
    expect(existsSync(pathOf('gone'))).toBe(false);
    expect(await bench.runs.list()).toEqual([]);
  });

  it('leaves what is not its own, and the folder with it', async () => {
    const run = await finished('Gone');
    const foreign = ['notes.txt', 'step-10.safetensors', 'step-000010.safetensors.bak', 'model.safetensors'];
    for (const name of foreign) writeFileSync(join(pathOf('gone'), name), name);
    expect(await bench.runs.remove(run)).toBe(false);
    expect(readdirSync(pathOf('gone')).sort()).toEqual([...foreign].sort());
    expect(await bench.runs.list()).toEqual([]);
  });

  it('is refused while it trains', async () => {
    const { id } = await bench.runs.start({ config: CONFIG, name: 'Live', steps: 1_000_000 });
    const error = await rejection(bench.runs.remove(id));
    expect([error.code, error.hint]).toEqual(['invalid-params', 'stop it first']);
    await bench.runs.act(id, 'stop');
    expect(await bench.runs.remove(id)).toBe(true);
  });
});

describe('a run that another process trains', () => {
  let other: ChildProcess;
  afterEach(() => void other.kill('SIGKILL'));

  /** Holds up a flag as the product's claim does: a listening socket of its name, which answers `h`. */
  async function raiseFlag(folder: string): Promise<void> {
    const script = `
      const flag = '.paramscope-writer-' + process.pid + '-' + Date.now().toString(36) + '-0123abcd';
      process.chdir(${JSON.stringify(folder)});
      require('node:net').createServer((socket) => socket.end('h')).listen(flag, () => console.log('up'));`;
    other = spawn(process.execPath, ['-e', script], { stdio: ['ignore', 'pipe', 'inherit'] });
    await once(other.stdout!, 'data');
  }

  it('is shown as such, can be read, and can be neither resumed, renamed, pinned nor deleted', async () => {
    const run = await finished('Theirs');
    await raiseFlag(pathOf('theirs'));
    const [listed] = await bench.runs.list();
    expect(listed!.writer).toMatchObject({ pid: other.pid });
    expect(Number.isNaN(Date.parse(listed!.writer!.since))).toBe(false);
    expect((await bench.runs.verify(run, 40, never())).verdict).toBe('identical');
    for (const call of [
      () => bench.runs.rename(run, 'Mine'),
      () => bench.runs.pin(run, 40, true),
      () => bench.runs.remove(run),
    ]) {
      const error = await rejection(call());
      expect([error.code, error.message]).toEqual(['io', 'another process trains in theirs']);
    }
    expect(existsSync(join(pathOf('theirs'), 'step-000040.safetensors'))).toBe(true);
  });

  it('is followed by what it writes, until it ends', async () => {
    const run = await finished('Theirs');
    await raiseFlag(pathOf('theirs'));
    const steps: number[] = [];
    const end = await bench.runs.watch(
      run,
      (snapshot) => {
        steps.push(snapshot.step);
        const line = { event: 'step', step: 41, epoch: 0, loss: 0.5 };
        if (steps.length === 1)
          writeFileSync(join(pathOf('theirs'), 'run.jsonl'), `${JSON.stringify(line)}\n`, { flag: 'a' });
        if (snapshot.step === 41) other.kill('SIGKILL');
      },
      never(),
    );
    expect([steps[0], steps.at(-1), end.step, end.writer]).toEqual([40, 41, 41, undefined]);
  });
});
