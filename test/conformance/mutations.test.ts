/** Damaged files, in small: every truncation of the smallest file of each format, and some seeded damage. `npm run fuzz` goes on. */
import { describe, expect, it } from 'vitest';

import { baselineOf, judge, openSeed, type Seed } from '#test/kit/damage.ts';
import { mutate, randomFrom, type Mutation } from '#test/kit/mutation.ts';
import { seedsByFormat } from '#test/kit/seeds.ts';

const ROUNDS = 300;
/** Cuts of a file longer than this are sampled. */
const MOST_CUTS = 1500;

/** How many files of a format are damaged. */
const MOST_SEEDS = 3;

/** Of folders more files are, each less. */
const MOST_FOLDER_SEEDS = 16;
const FOLDER_ROUNDS = 60;
const MOST_FOLDER_CUTS = 80;

async function isOpened(seed: Seed): Promise<boolean> {
  return openSeed(seed, seed.files.get(seed.name)!).then(
    () => true,
    () => false,
  );
}

/** A kind that is still to come opens nowhere; the suite of oracles tells which those are. */
const formats: [format: string, seeds: Seed[]][] = [];
for (const [format, seeds] of seedsByFormat()) {
  const opened: Seed[] = [];
  const folders = spread(seeds.filter(({ isFolder }) => isFolder));
  for (const seed of seeds) {
    if (!seed.isFolder && opened.length < MOST_SEEDS && (await isOpened(seed))) opened.push(seed);
  }
  for (const seed of folders) if (await isOpened(seed)) opened.push(seed);
  if (opened.length > 0) formats.push([format, opened]);
}

/** Some of all sizes. */
function spread(seeds: readonly Seed[]): Seed[] {
  const step = Math.max(1, seeds.length / MOST_FOLDER_SEEDS);
  return Array.from(
    { length: Math.min(seeds.length, MOST_FOLDER_SEEDS) },
    (_, at) => seeds[Math.floor(at * step)]!,
  );
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
  const rounds = seed.isFolder ? FOLDER_ROUNDS : ROUNDS;
  for (let round = 0; round < rounds; round++) yield mutate(original, random);
  if (index > 0 && !seed.isFolder) return;
  const most = seed.isFolder ? MOST_FOLDER_CUTS : MOST_CUTS;
  const stride = Math.max(1, Math.ceil(original.byteLength / most));
  for (let at = 0; at < original.byteLength; at += stride) {
    yield { title: `cut at ${at}`, bytes: original.slice(0, at), touched: [at, original.byteLength] };
  }
}
