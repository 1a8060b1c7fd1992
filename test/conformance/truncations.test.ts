/** Files that are cut short: the smallest one of a format at every byte, those of each other kind here and there. */
import { describe, expect, it } from 'vitest';

import { baselineOf, judge } from '#test/kit/damage.ts';
import { truncations } from '#test/kit/mutation.ts';
import { openedSeeds } from '#test/kit/opened-seeds.ts';

/** Cuts of the other kinds of files, spread evenly. */
const MOST_CUTS = 40;

const formats = await openedSeeds();

describe('a file that is cut short is refused by a typed error, or what is left of it stays as it was', () => {
  it.each([...formats])('%s', { timeout: 120_000 }, async (_format, seeds) => {
    const faults: string[] = [];
    for (const [index, seed] of seeds.entries()) {
      const baseline = await baselineOf(seed);
      const original = seed.files.get(seed.name)!;
      for (const mutation of truncations(original, index === 0 ? Infinity : MOST_CUTS)) {
        const verdict = await judge(baseline, mutation);
        if (typeof verdict === 'object') faults.push(`${seed.name}, ${mutation.title}: ${verdict.fault}`);
      }
    }
    expect(faults.slice(0, 5), `${faults.length} faults`).toEqual([]);
  });
});
