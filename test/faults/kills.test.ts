import { spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { checkpointName } from '#main/trainer/checkpoint-name.ts';
import type { RunConfigInput } from '#shared/commands/run-config.ts';
import { countOf, isFull, report } from '#test/faults/kit/report.ts';
import { sha256 } from '#test/faults/kit/run-scenario.ts';
import { bundleForNode } from '#test/kit/node-bundles.ts';

const KILLS = countOf('kills', 66, 10_000);
/** Steps after the kill at which the resumed run is held against the uninterrupted one; each in between is, too. */
const FURTHER = 10;
/** After some kills, at length, it goes on for this many. */
const FAR = 1000;
const FAR_RUNS = countOf('far', 0, 100);
const STRIDE = FAR_RUNS > 0 ? Math.max(1, Math.floor(KILLS / FAR_RUNS)) : Infinity;

interface KillScenario {
  readonly name: string;
  readonly config: RunConfigInput;
  /** What has been trained already when the process starts that is killed. */
  readonly before: number;
  readonly steps: number;
  /** Makes the folder what it is when that process starts. */
  readonly prepare?: (folder: string) => void;
}

const SMALL: RunConfigInput = {
  layers: [3, 4, 2],
  batchSize: 4,
  checkpoint: { everySteps: 1, keepLast: 2 },
};
const scenario = (
  name: string,
  config: RunConfigInput,
  before: number,
  steps: number,
  prepare?: (folder: string) => void,
): KillScenario => ({
  name,
  config: { ...SMALL, ...config },
  before,
  steps,
  ...(prepare ? { prepare } : {}),
});

const SCENARIOS: readonly KillScenario[] = [
  scenario('a fresh run', {}, 0, 3),
  scenario('a resumed run', {}, 2, 4),
  scenario('three stay', { checkpoint: { everySteps: 1, keepLast: 3 } }, 0, 5),
  scenario('multiples of two for good', { checkpoint: { everySteps: 1, keepLast: 2, keepEvery: 2 } }, 2, 5),
  scenario('SGD', { optimizer: { name: 'sgd' } }, 1, 4),
  scenario(
    'momentum, dropout and clipping',
    { optimizer: { name: 'nesterov' }, dropout: 0.3, clipNorm: 1 },
    2,
    4,
  ),
  scenario('RMSprop with accumulation', { optimizer: { name: 'rmsprop' }, accumulate: 3 }, 1, 3),
  scenario('moving averages and a schedule', { ema: 0.9, schedule: { name: 'cosine' }, dropout: 0.1 }, 2, 4),
  scenario(
    'the best, at the ends of epochs',
    { batchSize: 1600, checkpoint: { everySteps: 1, keepLast: 2, keepTop: 1, best: true } },
    1,
    4,
  ),
  scenario('a damaged newest one', {}, 3, 5, (folder) => {
    const path = join(folder, checkpointName(3));
    const bytes = readFileSync(path);
    bytes[bytes.byteLength - 3]! ^= 1;
    writeFileSync(path, bytes);
  }),
  scenario('a leftover and half a line', {}, 2, 4, (folder) => {
    const { id } = JSON.parse(readFileSync(join(folder, 'run.json'), 'utf8')) as { id: string };
    writeFileSync(join(folder, `.paramscope-${id}-0123.tmp`), 'half of something');
    writeFileSync(join(folder, 'run.jsonl'), readFileSync(join(folder, 'run.jsonl'), 'utf8').slice(0, -20));
  }),
];

let place: string;
beforeAll(async () => {
  place = mkdtempSync(join(tmpdir(), 'paramscope-kills-'));
  await bundleForNode(place, { training: 'test/faults/kit/training-process.ts' });
}, 120_000);
afterAll(() => rmSync(place, { recursive: true, force: true }));

interface Ended {
  readonly isKilled: boolean;
  /** SHA-256 by step, as acknowledged. */
  readonly told: ReadonlyMap<number, string>;
  readonly calls: number;
}

function train(
  folder: string,
  { config }: KillScenario,
  steps: number,
  killAt = 0,
  tracer: string[] = [],
): Ended {
  const [command, ...parameters] = [
    ...tracer,
    ...[process.execPath, join(place, 'training.cjs'), folder, JSON.stringify(config)],
    ...[String(steps), String(killAt)],
  ];
  const { status, stdout, stderr } = spawnSync(command!, parameters, { encoding: 'utf8' });
  const lines = stdout
    .trim()
    .split('\n')
    .map((line) => line.split(' '));
  const told = new Map(
    lines.filter(([word]) => Number(word) > 0).map(([step, digest]) => [Number(step), digest!]),
  );
  if (status !== null && status !== 0 && status !== 137 && tracer.length === 0) throw new Error(stderr);
  return { isKilled: status !== 0, told, calls: Number(lines.find(([word]) => word === 'calls')?.[1] ?? 0) };
}

/** What an uninterrupted run of the same configuration acknowledges, and the folder before the process that is killed. */
function setUp(scenario: KillScenario): {
  readonly reference: ReadonlyMap<number, string>;
  readonly calls: number;
} {
  const last = scenario.steps + 1 + Math.max(FURTHER, FAR_RUNS > 0 ? FAR : 0);
  const reference = train(join(place, `${scenario.name}-whole`), scenario, last).told;
  const start = join(place, `${scenario.name}-start`);
  if (scenario.before > 0) {
    train(start, scenario, scenario.before);
    scenario.prepare?.(start);
  }
  const whole = join(place, `${scenario.name}-calls`);
  if (scenario.before > 0) cpSync(start, whole, { recursive: true });
  return { reference, calls: train(whole, scenario, scenario.steps).calls };
}

interface Tally {
  kills: number;
  'with one in flight saved': number;
  resumed: number;
  /** Of those, how many went on for a thousand steps. */
  'resumed for 1,000 steps': number;
}

const noneYet = (): Tally => ({
  kills: 0,
  'with one in flight saved': 0,
  resumed: 0,
  'resumed for 1,000 steps': 0,
});

/** Kills one process at one moment, starts another, and holds what that does against the uninterrupted run. */
function killOnce(
  scenario: KillScenario,
  reference: ReadonlyMap<number, string>,
  killAt: number,
  tally: Tally,
  tracer: string[] = [],
): boolean {
  const folder = join(place, 'killed');
  rmSync(folder, { recursive: true, force: true });
  if (scenario.before > 0) cpSync(join(place, `${scenario.name}-start`), folder, { recursive: true });
  const killed = train(folder, scenario, scenario.steps, tracer.length > 0 ? 0 : killAt, tracer);
  if (!killed.isKilled) return false;
  tally.kills++;
  const further = tally.kills % STRIDE === 0 ? FAR : FURTHER;
  const at = `${scenario.name}, killed at call ${killAt}`;
  const before = scenario.prepare && scenario.before === 3 ? 2 : scenario.before;
  const newestTold = Math.max(before, ...killed.told.keys());
  const resumed = train(folder, scenario, newestTold + 1 + further);
  expect(resumed.isKilled, at).toBe(false);
  // it goes on from what was told, or from the one that was in flight, and never from before
  const first = Math.min(...resumed.told.keys()) - 1;
  expect(first, at).toBeGreaterThanOrEqual(newestTold);
  expect(first, at).toBeLessThanOrEqual(newestTold + 1);
  if (first > newestTold) tally['with one in flight saved']++;
  for (const [step, digest] of [...killed.told, ...resumed.told]) {
    expect(digest, `${at}, step ${step}`).toBe(reference.get(step));
  }
  expect(resumed.told.size, at).toBeGreaterThanOrEqual(further);
  const names = readdirSync(folder);
  expect(
    names.filter((name) => name.endsWith('.tmp') || name.startsWith('.paramscope')),
    at,
  ).toEqual([]);
  const newest = newestTold + 1 + further;
  expect(sha256(readFileSync(join(folder, checkpointName(newest)))), at).toBe(reference.get(newest));
  tally.resumed++;
  if (further === FAR) tally['resumed for 1,000 steps']++;
  return true;
}

describe('a process that is killed at any of its writing calls', () => {
  const tally = noneYet();
  const each = Math.ceil(KILLS / SCENARIOS.length);

  it.each(SCENARIOS.map((one) => [one.name, one] as const))(
    'goes on from what was acknowledged, to the bit: %s',
    (_, scenario) => {
      const { reference, calls } = setUp(scenario);
      expect(calls).toBeGreaterThan(15);
      for (let kill = 0; kill < each; kill++) {
        // all of them where there are enough kills, spread evenly where there are not; other ones in other scenarios
        const offset = (SCENARIOS.indexOf(scenario) * 3) % calls;
        const killAt =
          each >= calls ? 1 + (kill % calls) : 1 + ((Math.floor((kill * calls) / each) + offset) % calls);
        expect(killOnce(scenario, reference, killAt, tally)).toBe(true);
      }
      report(`so far, with ${scenario.name}`, { ...tally });
    },
    isFull ? 0 : 300_000,
  );

  it('and often enough to mean something', () => {
    report('SIGKILL by our own hand', { ...tally, scenarios: SCENARIOS.length });
    expect(tally.kills).toBeGreaterThanOrEqual(Math.min(KILLS, 60));
    expect(tally.resumed).toBe(tally.kills);
  });
});

const CALLS = 'openat,write,pwrite64,fsync,fdatasync,rename,unlink,mkdir';

/** A tracer that kills at the nth such call of the main thread knows nothing of our code. */
const tracerAt = (call: number, output: string) => [
  ...['strace', '-o', output, '-e', `trace=${CALLS}`],
  ...['-e', `inject=write,pwrite64,fsync,fdatasync,rename,unlink,mkdir:signal=SIGKILL:when=${call}`],
];

describe('a process that is killed from outside, at any system call that writes', () => {
  const hasTracer = spawnSync('strace', ['-V']).status === 0;
  const kills = countOf('traced', 3, 600);

  it(
    'goes on from what was acknowledged, to the bit',
    () => {
      if (!hasTracer) return report('SIGKILL by strace', { kills: 0, why: 'strace is not installed' });
      const tally = noneYet();
      const scenario = SCENARIOS[1]!;
      const { reference } = setUp({ ...scenario, name: 'traced' });
      const named = { ...scenario, name: 'traced' };
      for (let kill = 0; tally.kills < kills && kill < 10 * kills; kill++) {
        const call = isFull ? 1 + (kill % 120) : 5 + 9 * kill;
        killOnce(named, reference, call, tally, tracerAt(call, join(place, 'strace.txt')));
      }
      report('SIGKILL by strace', { ...tally });
      expect(tally.resumed).toBe(tally.kills);
      expect(tally.kills).toBeGreaterThan(0);
    },
    isFull ? 0 : 300_000,
  );
});
