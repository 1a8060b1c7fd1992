import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { checkpointName } from '#main/trainer/checkpoint-name.ts';
import { isAppError } from '#shared/errors.ts';
import type { RestoreReport } from '#shared/run.ts';
import { completeConfig, runBench, type RunBench } from '#test/kit/run-service.ts';

let bench: RunBench;
beforeEach(async () => void (bench = await runBench()));
afterEach(() => bench.close());

const CONFIG = completeConfig({ layers: [20, 16, 10], checkpoint: { everySteps: 20, keepLast: 5 } });
const signal = new AbortController().signal;

/** A finished run of 60 steps in the folder `my-run`. */
async function finishedRun(): Promise<string> {
  const { id } = await bench.runs.start({ config: CONFIG, name: 'My run', steps: 60 });
  await bench.runs.watch(id, () => {}, signal);
  return id;
}

const pathOf = (step: number) => join(bench.folder, 'data', 'runs', 'my-run', checkpointName(step));

/** Changes one bit of the checkpoint's last element: of `output.weight`, since names are in order. */
function damage(step: number): void {
  const bytes = readFileSync(pathOf(step));
  bytes[bytes.byteLength - 1]! ^= 0x80;
  writeFileSync(pathOf(step), bytes);
}

const statesOf = (report: RestoreReport) =>
  Object.fromEntries(
    report.tensors.filter(({ state }) => state !== 'identical').map(({ name, state }) => [name, state]),
  );

describe('the proof of a restore', () => {
  it('holds tensors, outputs and ten further steps against the original', async () => {
    const report = await bench.runs.verify(await finishedRun(), 20, signal);
    expect(report).toMatchObject({
      verdict: 'identical',
      name: 'My run',
      step: 20,
      file: 'step-000020.safetensors',
      comparedWith: 'digests',
      digest: { isEqual: true },
      problems: [],
    });
    expect(report.digest.recorded).toBe(report.digest.found);
    expect(report.tensors).toHaveLength(12);
    for (const { sha256, cloneSha256, state } of report.tensors) {
      expect([state, cloneSha256]).toEqual(['identical', sha256]);
    }
    const { probe, steps } = report;
    expect(probe).toMatchObject({ shape: [8, 10], isEqual: true, maxAbs: 0 });
    expect(probe!.inputs.map((row) => row.length)).toEqual(new Array(8).fill(20));
    expect(probe!.clone).toEqual(probe!.original);
    expect(probe!.difference.flat()).toEqual(new Array(80).fill(0));
    expect(steps.isEqual).toBe(true);
    expect(steps.rows.map(({ step }) => step)).toEqual([21, 22, 23, 24, 25, 26, 27, 28, 29, 30]);
    for (const row of steps.rows) expect(row.clone).toBe(row.logged);
  });

  it('says that there is nothing after the last step', async () => {
    const { verdict, steps } = await bench.runs.verify(await finishedRun(), 60, signal);
    expect(verdict).toBe('identical');
    expect(steps).toEqual({ rows: [], isEqual: true, note: 'this is the last step of the run' });
  });

  it('is taken byte for byte from memory where the run is paused at that step', async () => {
    const { id } = await bench.runs.start({ config: CONFIG, name: 'My run', steps: 1_000_000 });
    const { step } = await bench.runs.act(id, 'pause');
    await bench.runs.act(id, 'save');
    const report = await bench.runs.verify(id, step, signal);
    expect(report).toMatchObject({ verdict: 'identical', comparedWith: 'memory', probe: { isEqual: true } });
    expect(report.tensors.map(({ changed }) => changed)).toEqual(new Array(12).fill(0));
    expect(report.steps.note).toBe('the run has not gone beyond this step yet');

    damage(step);
    const broken = await bench.runs.verify(id, step, signal);
    expect(broken).toMatchObject({
      verdict: 'different',
      comparedWith: 'memory',
      digest: { isEqual: false },
    });
    expect(broken.tensors.find(({ name }) => name === 'output.weight')).toMatchObject({
      state: 'different',
      changed: 1,
      at: [9, 15],
    });
    expect(broken.probe!.isEqual).toBe(false);
    expect(broken.probe!.maxAbs).toBeGreaterThan(0);
  });

  it('says no when one bit of the file is another, and where', async () => {
    const id = await finishedRun();
    damage(20);
    const report = await bench.runs.verify(id, 20, signal);
    expect(report.verdict).toBe('different');
    expect(report.digest.isEqual).toBe(false);
    expect(statesOf(report)).toEqual({ 'output.weight': 'different' });
    expect(report.probe!.isEqual).toBe(false);
    expect(report.steps).toMatchObject({ isEqual: false, firstDifferent: 21 });
  });

  it('says no when only the padding of the header is another', async () => {
    const id = await finishedRun();
    const bytes = readFileSync(pathOf(20));
    const end = 8 + Number(bytes.readBigUInt64LE(0));
    const padding = bytes.subarray(0, end).lastIndexOf('}'.charCodeAt(0)) + 1;
    expect(padding).toBeLessThan(end);
    bytes[padding] = 0x0a;
    writeFileSync(pathOf(20), bytes);
    const report = await bench.runs.verify(id, 20, signal);
    expect(report.verdict).toBe('different');
    expect(report.digest.isEqual).toBe(false);
  });

  it('says no, with the reason, when the file is no checkpoint any more', async () => {
    const id = await finishedRun();
    writeFileSync(pathOf(20), readFileSync(pathOf(20)).subarray(0, 1000));
    const report = await bench.runs.verify(id, 20, signal);
    expect(report.verdict).toBe('different');
    expect(report.problems).toMatchObject([{ code: 'not-restorable', file: 'step-000020.safetensors' }]);
    expect(new Set(report.tensors.map(({ state }) => state))).toEqual(new Set(['missing']));
    expect(report.steps.rows).toEqual([]);
  });

  it('says no when it is the checkpoint of another step under this name', async () => {
    const id = await finishedRun();
    writeFileSync(pathOf(20), readFileSync(pathOf(40)));
    expect((await bench.runs.verify(id, 20, signal)).verdict).toBe('different');
  });

  it('holds a checkpoint that the log does not know against its own digests, and says so', async () => {
    const id = await finishedRun();
    const log = join(bench.folder, 'data', 'runs', 'my-run', 'run.jsonl');
    const lines = readFileSync(log, 'utf8').split('\n');
    writeFileSync(log, lines.filter((line) => !line.includes('"checkpoint"')).join('\n'));
    await bench.runs.list();
    const report = await bench.runs.verify(id, 20, signal);
    expect(report.verdict).toBe('identical');
    expect(report.problems.map(({ code }) => code)).toEqual(['no-record']);
    expect(report.digest.recorded).toBeUndefined();
  });

  it('is refused for a step without a checkpoint', async () => {
    const id = await finishedRun();
    await expect(bench.runs.verify(id, 21, signal)).rejects.toSatisfy(
      (error) => isAppError(error) && error.code === 'not-found',
    );
  });
});
