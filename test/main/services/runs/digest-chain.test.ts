import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { runBench, type RunBench } from '#test/kit/run-service.ts';

let bench: RunBench;
beforeEach(async () => void (bench = await runBench()));
afterEach(() => bench.close());

const CONFIG = { layers: [3, 4, 2], checkpoint: { everySteps: 5, keepLast: 9 } };
const logOf = () => join(bench.folder, 'a', 'run.jsonl');
const lines = () => readFileSync(logOf(), 'utf8').trim().split('\n');
const isOf = (line: string, step: number) =>
  line.includes('"checkpoint"') && line.includes(`"step":${step},`);

function links(): readonly { step: number; sha256: string; previous?: string }[] {
  return lines()
    .map((line) => JSON.parse(line) as { event: string; step: number; sha256: string; previous?: string })
    .filter(({ event }) => event === 'checkpoint');
}

function digestOfFile(step: number): string {
  const name = `step-${String(step).padStart(6, '0')}.safetensors`;
  return createHash('sha256')
    .update(readFileSync(join(bench.folder, 'a', name)))
    .digest('hex');
}

describe('the log of a run', () => {
  it('has with each checkpoint its digest and that of the one before, across a resume', async () => {
    await bench.train('a', { config: CONFIG, steps: 10 });
    await bench.train('a', { isResumed: true, steps: 20 });
    expect(links().map(({ step, sha256, previous }) => [step, sha256, previous])).toEqual([
      [5, digestOfFile(5), undefined],
      [10, digestOfFile(10), digestOfFile(5)],
      [15, digestOfFile(15), digestOfFile(10)],
      [20, digestOfFile(20), digestOfFile(15)],
    ]);
  });

  it.each([
    ['a line that is gone', (all: string[]) => all.filter((line) => !isOf(line, 10))],
    [
      'a digest that is another',
      (all: string[]) =>
        all.map((line) => (isOf(line, 10) ? line.replace(/"sha256":"..../, '"sha256":"0000') : line)),
    ],
  ])('tells of %s at the next start, once, and in the proof', async (_, damage) => {
    await bench.train('a', { config: CONFIG, steps: 20 });
    const previous = digestOfFile(10);
    writeFileSync(logOf(), `${damage(lines()).join('\n')}\n`);
    const broken = {
      step: 15,
      code: 'chain-broken',
      file: 'step-000015.safetensors',
      message: expect.stringContaining(previous),
    };
    const first = await bench.train('a', { isResumed: true, steps: 22 });
    expect(first.events).toContainEqual({ event: 'problem', ...broken, hint: expect.any(String) });
    const second = await bench.train('a', { isResumed: true, steps: 24 });
    expect(second.events.filter(({ event }) => event === 'problem')).toEqual([]);
    const id = second.snapshot.run;
    const signal = new AbortController().signal;
    expect((await bench.runs.verify(id, 15, signal)).problems).toContainEqual(
      expect.objectContaining(broken),
    );
    expect((await bench.runs.verify(id, 20, signal)).problems).toEqual([]);
  });

  it('may have a line twice, as a write leaves it that failed half-way', async () => {
    await bench.train('a', { config: CONFIG, steps: 20 });
    const all = lines();
    const twice = all.filter((line) => isOf(line, 10) || isOf(line, 15));
    const end = all.findIndex((line) => isOf(line, 15)) + 1;
    writeFileSync(logOf(), `${[...all.slice(0, end), ...twice, ...all.slice(end)].join('\n')}\n`);
    const { events } = await bench.train('a', { isResumed: true, steps: 22 });
    expect(events.filter(({ event }) => event === 'problem')).toEqual([]);
  });
});
