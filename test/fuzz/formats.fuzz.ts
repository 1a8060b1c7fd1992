/** Seeded damage at length: every input ends in a typed refusal or in a tree whose untouched tensors are as they were, and its X-ray in a list or a refusal. */
import { parseArgs } from 'node:util';
import { expect, it } from 'vitest';

import { baselineOf, judge, judgeXray, type Baseline } from '#test/kit/damage.ts';
import { mutate, randomFrom } from '#test/kit/mutation.ts';
import { seedsByFormat } from '#test/kit/seeds.ts';

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

/** Growth beyond this between two looks is a leak or a bomb, in bytes. */
const MOST_GROWTH = 256 * 2 ** 20;

const formats = [...seedsByFormat()].filter(
  ([format]) => values.format === undefined || format === values.format,
);
if (formats.length === 0) throw new Error(`there are no files of the format ${values.format}`);

it.each(formats)('%s', async (format, seeds) => {
  const baselines: Baseline[] = [];
  for (const one of seeds)
    await baselineOf(one).then(
      (baseline) => baselines.push(baseline),
      () => {},
    );
  if (baselines.length === 0) return;
  const random = randomFrom(seed);
  const counts = { inputs: 0, refused: 0, opened: 0, faults: 0, peakBytes: 0 };
  const faults: string[] = [];
  const before = process.memoryUsage().rss;
  const end = Date.now() + (minutes * 60_000) / formats.length;
  while (Date.now() < end) {
    const baseline = baselines[Math.floor(random() * baselines.length)]!;
    const original = baseline.seed.files.get(baseline.seed.name)!;
    const mutation = mutate(original, random);
    const verdict = await judge(baseline, mutation);
    counts.inputs++;
    if (typeof verdict === 'object') {
      counts.faults++;
      if (faults.length < 10) faults.push(`${baseline.seed.name}, ${mutation.title}: ${verdict.fault}`);
    } else counts[verdict]++;
    const xray = await judgeXray(baseline, mutation);
    if (typeof xray === 'object') {
      counts.faults++;
      if (faults.length < 10) faults.push(`X-ray of ${baseline.seed.name}, ${mutation.title}: ${xray.fault}`);
    }
    if (counts.inputs % 256 === 0)
      counts.peakBytes = Math.max(counts.peakBytes, process.memoryUsage().rss - before);
  }
  process.stdout.write(`${format}: ${JSON.stringify(counts)}\n`);
  expect(faults).toEqual([]);
  expect(counts.peakBytes).toBeLessThan(MOST_GROWTH);
});
