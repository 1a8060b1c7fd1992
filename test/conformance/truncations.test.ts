/** Files that are cut short, at every byte of the smallest one of each kind. */
import { describe, expect, it } from 'vitest';

import { baselineOf, judge } from '#test/kit/damage.ts';
import { openedSeeds } from '#test/kit/opened-seeds.ts';

/** Cuts of a file longer than this are spread evenly. */
const MOST_CUTS = 1500;

const kinds = await openedSeeds('kind', 1);

describe('a file that is cut short is refused by a typed error, or what is left of it stays as it was', () => {
  it.each([...kinds])('%s', { timeout: 60_000 }, async (_kind, [seed]) => {
    const faults: string[] = [];
    const baseline = await baselineOf(seed!);
    const original = seed!.files.get(seed!.name)!;
    const stride = Math.max(1, Math.ceil(original.byteLength / MOST_CUTS));
    for (let at = 0; at < original.byteLength; at += stride) {
      const title = `cut at ${at}`;
      const verdict = await judge(baseline, {
        title,
        bytes: original.slice(0, at),
        touched: [at, original.byteLength],
      });
      if (typeof verdict === 'object') faults.push(`${seed!.name}, ${title}: ${verdict.fault}`);
    }
    expect(faults.slice(0, 5), `${faults.length} faults`).toEqual([]);
  });
});
