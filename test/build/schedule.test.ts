import { expect, test } from 'vitest';

import { runParts } from '#build/schedule.mjs';

interface Step {
  readonly name: string;
  readonly cores: number;
  readonly after?: readonly string[];
  readonly ticks?: number;
}

/** Runs parts that take so many ticks each, and tells how they overlapped. */
async function record(
  steps: readonly Step[],
  cores: number,
): Promise<{ events: string[]; most: number; results: Map<string, string> }> {
  const events: string[] = [];
  let busy = 0;
  let most = 0;
  const parts = steps.map(({ ticks = 1, ...step }) => ({
    ...step,
    run: async () => {
      events.push(`+${step.name}`);
      most = Math.max(most, (busy += Math.min(step.cores, cores)));
      for (let tick = 0; tick < ticks; tick++) await new Promise((resolve) => setImmediate(resolve));
      busy -= Math.min(step.cores, cores);
      events.push(`-${step.name}`);
      return `result of ${step.name}`;
    },
  }));
  const results = await runParts(parts, cores);
  return { events, most, results };
}

test('parts wait for those they need and never take more cores than there are', async () => {
  const steps = [
    { name: 'machine', cores: 0, ticks: 9 },
    { name: 'build', cores: 1, ticks: 2 },
    { name: 'lint', cores: 1, ticks: 5 },
    { name: 'unit', cores: 2, after: ['build'] },
    { name: 'journeys', cores: 2, after: ['machine', 'build'] },
  ];
  const { events, most, results } = await record(steps, 2);
  const at = (event: string) => events.indexOf(event);
  expect(most).toBe(2);
  expect(at('+unit')).toBeGreaterThan(at('-build'));
  expect(at('+journeys')).toBeGreaterThan(Math.max(at('-machine'), at('-build')));
  expect(events.slice(0, 3)).toEqual(['+machine', '+build', '+lint']);
  expect(results.get('unit')).toBe('result of unit');
  expect(results.size).toBe(5);
});

test('a part that wants more than the machine has runs alone', async () => {
  const { events } = await record(
    [
      { name: 'a', cores: 1, ticks: 3 },
      { name: 'large', cores: 8 },
    ],
    2,
  );
  expect(events).toEqual(['+a', '-a', '+large', '-large']);
});

test('waiting for a part that does not exist is an error, not a hang', async () => {
  await expect(
    runParts([{ name: 'a', cores: 1, after: ['b'], run: () => Promise.resolve() }], 2),
  ).rejects.toThrow(/a$/);
});
