/** Damaged files, in small: every truncation of the smallest file of each format, and some seeded damage. `npm run fuzz` goes on. */
import { describe, expect, it } from 'vitest';

import { baselineOf, judge } from '#test/kit/damage.ts';
import { mutate, randomFrom, type Mutation } from '#test/kit/mutation.ts';
import { seedsByFormat } from '#test/kit/seeds.ts';
import { openCheckpoint } from '#main/formats/detect.ts';
import { fileInput } from '#main/formats/input.ts';
import { memorySource } from '#main/bytes/memory-source.ts';
import { memoryFolder } from '#test/kit/memory-folder.ts';
import type { Seed } from '#test/kit/damage.ts';

const ROUNDS = 300;
/** Cuts of a file longer than this are sampled. */
const MOST_CUTS = 1500;

/** How many files of a format are damaged. */
const MOST_SEEDS = 3;

async function isOpened(seed: Seed): Promise<boolean> {
  const bytes = seed.files.get(seed.name)!;
  return openCheckpoint(
    await fileInput(memorySource(bytes, seed.name), memoryFolder('folder', seed.files)),
  ).then(
    () => true,
    () => false,
  );
}

/** A kind that is still to come opens nowhere; the suite of oracles tells which those are. */
const formats: [format: string, seeds: Seed[]][] = [];
for (const [format, seeds] of seedsByFormat()) {
  const opened: Seed[] = [];
  for (const seed of seeds) if (opened.length < MOST_SEEDS && (await isOpened(seed))) opened.push(seed);
  if (opened.length > 0) formats.push([format, opened]);
}

describe('a damaged file is refused by a typed error, or what was not damaged in it stays as it was', () => {
  it.each(formats)('%s', { timeout: 60_000 }, async (_format, seeds) => {
    const faults: string[] = [];
    for (const [index, seed] of seeds.entries()) {
      const baseline = await baselineOf(seed);
      for (const mutation of mutationsOf(seed, index)) {
        const verdict = await judge(baseline, mutation);
        if (typeof verdict === 'object') faults.push(`${seed.name}, ${mutation.title}: ${verdict.fault}`);
      }
    }
    expect(faults.slice(0, 5), `${faults.length} faults`).toEqual([]);
  });
});

function* mutationsOf(seed: Seed, index: number): Generator<Mutation> {
  const original = seed.files.get(seed.name)!;
  const random = randomFrom(2001 + index);
  for (let round = 0; round < ROUNDS; round++) yield mutate(original, random);
  if (index > 0) return;
  const stride = Math.max(1, Math.ceil(original.byteLength / MOST_CUTS));
  for (let at = 0; at < original.byteLength; at += stride) {
    yield { title: `cut at ${at}`, bytes: original.slice(0, at), touched: [at, original.byteLength] };
  }
}
