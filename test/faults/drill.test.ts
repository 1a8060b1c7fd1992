import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { compareRuns } from '#main/services/runs/run-comparison.ts';
import { runPlace } from '#main/services/runs/run-place.ts';
import type { RunEvent } from '#shared/run.ts';
import { isFull, report } from '#test/faults/kit/report.ts';
import { bundleForNode } from '#test/kit/node-bundles.ts';

let place: string;
let program: string;
beforeAll(async () => {
  place = mkdtempSync(join(tmpdir(), 'paramscope-drill-'));
  const bundles = join(place, 'dist');
  mkdirSync(bundles);
  writeFileSync(join(place, 'package.json'), '{"version":"0.0.0"}');
  await bundleForNode(bundles, {
    paramscope: 'main/hosts/cli/cli.ts',
    trainer: 'main/trainer/worker.ts',
    saver: 'main/trainer/saver.ts',
    compute: 'main/services/compute-thread.ts',
    training: 'main/hosts/training/training.ts',
  });
  program = join(bundles, 'paramscope.cjs');
  const { stdout: out } = spawnSync(
    process.execPath,
    [program, 'train', '--drill', '--out', join(place, 'drill'), '--steps', '300', '--json'],
    { encoding: 'utf8' },
  );
  events = out
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as RunEvent);
}, 300_000);
afterAll(() => rmSync(place, { recursive: true, force: true }));

let events: readonly RunEvent[];

describe('a crash drill', () => {
  it('kills a process again and again, in the middle of saves too, and ends as if nothing had been', () => {
    const kills = events.filter((event) => event.event === 'killed');
    expect(kills.length).toBeGreaterThanOrEqual(isFull ? 4 : 3);
    const resumed = events.filter(({ event }) => event === 'resumed');
    expect(resumed.length).toBeGreaterThanOrEqual(kills.length);
    expect(events.at(-1)).toEqual({
      event: 'drill',
      step: 300,
      verdict: 'identical',
      kills: kills.length,
      compared: 300,
    });
    report('crash drill', {
      kills: kills.length,
      'in a save': kills.filter(({ isInSave }) => isInSave).length,
    });
  });

  it('leaves two runs whose last checkpoints are the same file', () => {
    const [one, other] = ['uninterrupted', 'killed'].map((name) =>
      readFileSync(join(place, 'drill', name, 'step-000300.safetensors')),
    );
    expect(one!.equals(other!)).toBe(true);
  });

  it('names the first step where two runs part', async () => {
    const killed = join(place, 'drill', 'killed');
    const whole = join(place, 'drill', 'uninterrupted');
    const log = join(killed, 'run.jsonl');
    const genuine = readFileSync(log, 'utf8');
    const changed = genuine.replace(/("step":123,[^\n]*"loss":\d\.\d{3})\d/g, '$10');
    writeFileSync(log, changed === genuine ? genuine.replace(/("step":123,.*"loss":)/g, '$11') : changed);
    const compared = await compareRuns(runPlace(whole), runPlace(killed), new AbortController().signal);
    expect(compared).toMatchObject({ verdict: 'different', firstDifferent: 123 });
    writeFileSync(log, genuine);
  });

  it('is refused in a folder that is not empty', () => {
    const { status, stderr } = spawnSync(
      process.execPath,
      [program, 'train', '--drill', '--out', join(place, 'drill')],
      { encoding: 'utf8' },
    );
    expect([status, stderr.includes('the folder is not empty')]).toEqual([2, true]);
  });
});

describe('paramscope prove', () => {
  const prove = (folder: string) =>
    spawnSync(process.execPath, [program, 'prove', folder, '--json'], { encoding: 'utf8' });

  it('says yes to every checkpoint of a run that was killed and resumed', () => {
    const { status, stdout } = prove(join(place, 'drill', 'killed'));
    const { verdict, reports } = JSON.parse(stdout) as { verdict: string; reports: { step: number }[] };
    expect([status, verdict, reports.at(-1).step]).toEqual([0, 'identical', 300]);
    expect(reports.length).toBeGreaterThanOrEqual(5);
  });

  it('says no where one bit is another', () => {
    const folder = join(place, 'drill', 'uninterrupted');
    const path = join(folder, 'step-000280.safetensors');
    const bytes = readFileSync(path);
    bytes[bytes.byteLength - 9]! ^= 4;
    writeFileSync(path, bytes);
    const { status, stdout } = prove(folder);
    expect([status, (JSON.parse(stdout) as { verdict: string }).verdict]).toEqual([1, 'different']);
  });
});
