/**
 * Damage at length: the smallest file of each kind cut short, that of the format at every byte, then seeded changes of them.
 * Every input ends in a typed refusal or in a tree whose untouched tensors are as they were, and its X-ray in a list or a refusal.
 */
import { parseArgs } from 'node:util';
import { expect, it } from 'vitest';

import { baselineOf, judge, judgeXray, type Baseline } from '#test/kit/damage.ts';
import { mutate, randomFrom, truncations, type Mutation } from '#test/kit/mutation.ts';
import { openedSeeds } from '#test/kit/opened-seeds.ts';

const { values } = parseArgs({
  args: JSON.parse(process.env['FUZZ_ARGUMENTS'] ?? '[]') as string[],
  options: {
    format: { type: 'string' },
    minutes: { type: 'string', default: '1' },
    seed: { type: 'string', default: '1' },
  },
});
const minutes = Number(values.minutes);
const seed = Number(values.seed);

/** However few the minutes are. */
const FEWEST_MUTATIONS = 10_000;
/** Cuts of files that are not the smallest of their format, spread evenly. */
const MOST_CUTS = 500;
/** Growth of the process beyond this is a leak or a bomb, in bytes. */
const MOST_GROWTH = 256 * 2 ** 20;
const MIB = 2 ** 20;

const formats = [...(await openedSeeds())].filter(
  ([format]) => values.format === undefined || format === values.format,
);
if (formats.length === 0) throw new Error(`there are no files of the format ${values.format}`);

it.each(formats)('%s', async (format, seeds) => {
  const baselines: Baseline[] = [];
  for (const one of seeds) baselines.push(await baselineOf(one));
  const random = randomFrom(seed);
  const counts = { mutations: 0, truncations: 0, refused: 0, opened: 0, flagged: 0, faults: 0, longest: 0 };
  const faults: string[] = [];
  const before = process.memoryUsage.rss();

  const tryOn = async (baseline: Baseline, mutation: Mutation): Promise<void> => {
    const { name } = baseline.seed;
    const started = process.cpuUsage();
    const verdict = await judge(baseline, mutation);
    const { user, system } = process.cpuUsage(started);
    counts.longest = Math.max(counts.longest, (user + system) / 1000);
    const xray = await judgeXray(baseline, mutation);
    if (typeof verdict === 'object') faults.push(`${name}, ${mutation.title}: ${verdict.fault}`);
    else counts[verdict]++;
    if (typeof xray === 'object') faults.push(`X-ray of ${name}, ${mutation.title}: ${xray.fault}`);
  };

  const originalOf = ({ seed: { name, files } }: Baseline): Uint8Array => files.get(name)!;
  for (const [index, baseline] of baselines.entries()) {
    for (const mutation of truncations(originalOf(baseline), index === 0 ? Infinity : MOST_CUTS)) {
      await tryOn(baseline, mutation);
      counts.truncations++;
    }
  }
  const end = Date.now() + (minutes * 60_000) / formats.length;
  while (counts.mutations < FEWEST_MUTATIONS || Date.now() < end) {
    const baseline = baselines[counts.mutations % baselines.length]!;
    await tryOn(baseline, mutate(originalOf(baseline), random));
    counts.mutations++;
  }
  const growth = process.resourceUsage().maxRSS * 1024 - before;
  const told = [
    `${baselines.length} kinds of files`,
    `${counts.mutations} mutations`,
    `${counts.truncations} truncations`,
    `${counts.refused} refused`,
    `${counts.opened + counts.flagged} trees`,
    `${counts.flagged} flagged by a checksum`,
    `${faults.length} faults`,
    `${counts.longest.toFixed(0)} ms of computing for the longest`,
    `${(growth / MIB).toFixed(0)} MiB more memory at the most`,
  ];
  process.stdout.write(`${format}: ${told.join(', ')}\n`);
  expect(faults.slice(0, 10)).toEqual([]);
  expect(growth).toBeLessThan(MOST_GROWTH);
});
