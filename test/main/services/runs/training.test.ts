import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { runBench, type RunBench } from '#test/kit/run-service.ts';

let bench: RunBench;
beforeEach(async () => void (bench = await runBench()));
afterEach(() => bench.close());

const SMALL = { layers: [20, 16, 10], checkpoint: { everySteps: 10, keepLast: 3 } };

describe('training to the end', () => {
  it('leaves the last checkpoints, the log and the description', async () => {
    const { events, snapshot } = await bench.train('a', { config: SMALL, steps: 55 });
    expect(readdirSync(join(bench.folder, 'a')).sort()).toEqual([
      'run.json',
      'run.jsonl',
      'step-000040.safetensors',
      'step-000050.safetensors',
      'step-000055.safetensors',
    ]);
    expect(snapshot).toMatchObject({ state: 'finished', step: 55, totalSteps: 55 });
    expect(events.filter(({ event }) => event === 'step')).toHaveLength(55);
    expect(events.at(-1)).toMatchObject({ event: 'done', step: 55, state: 'finished', problems: 0 });
    console.table;
  });
});
