import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { runBench, type RunBench } from '#test/kit/run-service.ts';

let bench: RunBench;
beforeEach(async () => void (bench = await runBench()));
afterEach(() => bench.close());

describe('the built-in digits', () => {
  it('are learnt by the default settings: at least 93 % of the unseen thousand', async () => {
    const script = fileURLToPath(new URL('../../../../build/mnist.mjs', import.meta.url));
    execFileSync(process.execPath, [script, join(bench.folder, 'resources', 'mnist')]);
    const { events, snapshot } = await bench.train('digits', { config: { data: { source: 'mnist' } } });
    expect(snapshot.validation.at(-1)!.accuracy).toBeGreaterThanOrEqual(0.93);
    expect(events.at(-1)).toMatchObject({ event: 'done', state: 'finished', problems: 0 });
  }, 120_000);
});
