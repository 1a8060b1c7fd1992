/** Damaged files, in small: seeded changes of the smallest file of each kind that a format reads. `npm run fuzz` goes on. */
import { describe, expect, it } from 'vitest';

import { FORMATS } from '#main/formats/registry.ts';
import { baselineOf, judge, type Baseline } from '#test/kit/damage.ts';
import { mutate, randomFrom } from '#test/kit/mutation.ts';
import { openedSeeds } from '#test/kit/opened-seeds.ts';

const MUTATIONS = 2000;

const formats = await openedSeeds();

describe('a damaged file is refused by a typed error, or what was not damaged in it stays as it was', () => {
  it('is tried on every format', () => {
    expect([...formats.keys()].sort()).toEqual(FORMATS.map(({ name }) => name).sort());
  });

  it.each([...formats])('%s', { timeout: 120_000 }, async (_format, seeds) => {
    const faults: string[] = [];
    const baselines: Baseline[] = [];
    for (const seed of seeds) baselines.push(await baselineOf(seed));
    const random = randomFrom(2001);
    let judged = 0;
    for (; judged < MUTATIONS && faults.length < 5; judged++) {
      const baseline = baselines[judged % baselines.length]!;
      const { name, files } = baseline.seed;
      const mutation = mutate(files.get(name)!, random);
      const verdict = await judge(baseline, mutation);
      if (typeof verdict === 'object') faults.push(`${name}, ${mutation.title}: ${verdict.fault}`);
    }
    expect(faults).toEqual([]);
    expect(judged).toBe(MUTATIONS);
  });
});
