import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi, type MockInstance } from 'vitest';

import { claimWriter } from '#main/bytes/writer-claim.ts';
import type { RunEvent } from '#shared/run.ts';
import { countOf, isFull, report } from '#test/faults/kit/report.ts';
import { runBench, type RunBench } from '#test/kit/run-service.ts';
import { steadyClock } from '#test/kit/steady-clock.ts';

const SAVES = countOf('saves', 250, 10_000);
const SMALL = { layers: [3, 2], batchSize: 4 };

/** Names much like ours, and contents that must never change. */
const FOREIGN = [
  ...[
    'step-5.safetensors',
    'step-000001.safetensors.bak',
    'STEP-000002.safetensors',
    'step-000003.safetensor',
  ],
  ...['.paramscope-ffff-1.tmp', 'run.json.bak', 'notes.txt', 'step-0000007.safetensors', '.hidden'],
];

let bench: RunBench;
let clock: MockInstance | undefined;
beforeEach(async () => void (bench = await runBench()));
afterEach(async () => {
  clock?.mockRestore();
  await bench.close();
});

describe('thousands of saves', () => {
  it(
    'leave as many files as they shall, and touch none that is not theirs',
    async () => {
      await bench.close();
      // a disk that is slow by the clock lets training go on, and a save takes in several steps
      bench = await runBench({ now: steadyClock() });
      const config = { ...SMALL, checkpoint: { everySteps: 1, keepLast: 3 } };
      await bench.train('a', { config, steps: 3 });
      const folder = join(bench.folder, 'a');
      for (const name of FOREIGN) writeFileSync(join(folder, name), `mine: ${name}`);
      const expected = readdirSync(folder).length;
      let most = 0;
      const saved: number[] = [];
      await bench.train('a', {
        isResumed: true,
        steps: 3 + SAVES,
        onEvent: ({ event, step }) => {
          if (event !== 'checkpoint') return;
          saved.push(step);
          if (saved.length % 50 === 0) most = Math.max(most, readdirSync(folder).length);
        },
      });
      expect(readdirSync(folder)).toHaveLength(expected);
      // while one is being saved there is one more, and its predecessor may not be gone yet; and a flag of the writer
      expect(most).toBeLessThanOrEqual(expected + 3);
      for (const name of FOREIGN) expect(readFileSync(join(folder, name), 'utf8')).toBe(`mine: ${name}`);
      expect(saved).toEqual(Array.from({ length: SAVES }, (_, index) => 4 + index));
      report('saves with retention', { saves: saved.length, 'foreign files': FOREIGN.length, touched: 0 });
    },
    isFull ? 0 : 120_000,
  );
});

describe('a clock that jumps', () => {
  const YEARS = 10 * 365.25 * 24 * 3600 * 1000;
  const decisions = (events: readonly RunEvent[]) =>
    events.flatMap((event) =>
      ['checkpoint', 'kept', 'dropped', 'done'].includes(event.event) ? [JSON.stringify(event)] : [],
    );

  it.each([
    ['ten years ahead', () => YEARS],
    ['ten years back', () => -YEARS],
    ['from one to the other at every look', (look: number) => (look % 2 === 0 ? YEARS : -YEARS)],
    ['an hour back at every look', (look: number) => -3_600_000 * look],
  ] as const)('%s changes neither what is saved nor what stays', async (_, jump) => {
    const config = { ...SMALL, checkpoint: { everySteps: 2, keepLast: 2, keepEvery: 6 } };
    const plain = decisions((await bench.train('plain', { config, steps: 20 })).events);
    const genuine = Date.now.bind(Date);
    let looks = 0;
    clock = vi.spyOn(Date, 'now').mockImplementation(() => genuine() + jump(looks++));
    const first = await bench.train('jumping', { config, steps: 9 });
    const second = await bench.train('jumping', { isResumed: true, steps: 20 });
    const both = [...decisions(first.events).slice(0, -1), ...decisions(second.events)];
    // the last step of the first part is saved, too, and goes again
    const isExtra = (text: string) => text.includes('"step":9,') || text.includes('step-000009');
    expect(both.filter((text) => !isExtra(text)).at(-1)).toBe(plain.at(-1));
    expect(both.filter((text) => text.includes('"checkpoint"') && !isExtra(text))).toEqual(
      plain.filter((text) => text.includes('"checkpoint"')),
    );
    const left = (name: string) =>
      readdirSync(join(bench.folder, name)).filter((file) => file.startsWith('step-'));
    expect(left('jumping')).toEqual(left('plain'));
  });

  it('neither takes the right to write away nor gives it back', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'paramscope-clock-'));
    const genuine = Date.now.bind(Date);
    clock = vi.spyOn(Date, 'now').mockImplementation(() => genuine() - YEARS);
    const claim = await claimWriter(folder);
    clock.mockImplementation(() => genuine() + YEARS);
    await expect(claimWriter(folder)).rejects.toThrow('another process trains');
    claim.release();
    (await claimWriter(folder)).release();
    rmSync(folder, { recursive: true });
  });
});
