import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { createCheckpoints, type Checkpoints, type OpenCheckpoint } from '#main/services/checkpoints.ts';
import { createCompute, type Compute } from '#main/services/compute.ts';
import { createFiles } from '#main/services/files.ts';
import { histogramOf, type HistogramQuestion } from '#main/services/histograms.ts';
import { createSettings } from '#main/services/settings.ts';
import type { Histogram } from '#shared/statistics.ts';
import { plainSafetensors } from '#test/kit/write-plain-safetensors.ts';

const folder = mkdtempSync(join(tmpdir(), 'histograms-'));
const path = join(folder, 'large.safetensors');
const COUNT = 5 * 2 ** 20 + 77;
/** From -1 to 1 in steps of a power of two, three infinities and a NaN among them. */
const VALUES = Float32Array.from({ length: COUNT }, (_, index) => ((index * 37) % 4097) / 2048 - 1);
VALUES.set([NaN, Infinity, -Infinity, Infinity], COUNT - 2_000_000);
const HALVES = new Uint16Array(new Uint32Array(VALUES.buffer).map((bits) => bits >>> 16));

let checkpoints: Checkpoints;
let open: OpenCheckpoint;

beforeAll(async () => {
  const bytesOf = (values: Float32Array | Uint16Array) => new Uint8Array(values.buffer);
  writeFileSync(
    path,
    plainSafetensors([
      { name: 'f32', dtype: 'F32', shape: [COUNT], bytes: bytesOf(VALUES) },
      { name: 'bf16', dtype: 'BF16', shape: [COUNT], bytes: bytesOf(HALVES) },
      { name: 'few', dtype: 'F32', shape: [4], bytes: bytesOf(Float32Array.of(1, 2, 3, 4)) },
    ]),
  );
  const files = createFiles(await createSettings(undefined));
  checkpoints = createCheckpoints(files);
  open = await checkpoints.open(files.grant(path).file);
});
afterAll(async () => {
  await checkpoints.close();
  rmSync(folder, { recursive: true });
});

/** Compute that says it has three threads, and remembers its tasks and how many elements they read. */
function watched() {
  const inner = createCompute(undefined);
  const names: string[] = [];
  let bytes = 0;
  const run: Compute['run'] = (name, task, pass) => {
    names.push(name);
    return inner.run(name, task, { ...pass, onRead: (read) => (bytes += read) });
  };
  return { compute: { ...inner, width: 3, run }, names, bytesRead: () => bytes };
}

const question = (name: string, more: Partial<HistogramQuestion> = {}): HistogramQuestion => ({
  name,
  bins: 64,
  axis: 'linear',
  isClipped: false,
  ...more,
});

async function ask(asked: HistogramQuestion, compute: Compute) {
  const partials: Histogram[] = [];
  const signal = new AbortController().signal;
  const pass = { signal, onPlan: () => {}, onPartial: (partial: Histogram) => void partials.push(partial) };
  return { exact: await histogramOf(open, compute, asked, pass), partials };
}

/** The plainest count there is, for bins as wide as a power of two. */
function counted(values: Iterable<number>, low: number, width: number, bins: number): number[] {
  const counts = new Array<number>(bins).fill(0);
  for (const value of values) {
    const bin = value === low + bins * width ? bins - 1 : Math.floor((value - low) / width);
    if (bin >= 0 && bin < bins) counts[bin]!++;
  }
  return counts;
}

describe('the histogram of a large tensor', () => {
  it('is told binned after one pass, then exact after a second, each read in parts', async () => {
    const { compute, names, bytesRead } = watched();
    const { exact, partials } = await ask(question('f32'), compute);
    expect(names.filter((name) => name === 'sketch').length).toBe(2);
    expect(names.filter((name) => name === 'second-pass').length).toBe(2);
    expect(bytesRead()).toBe(2 * VALUES.byteLength);
    expect(partials.map((partial) => partial.exact)).toEqual([false]);
    expect(exact).toMatchObject({
      nan: 1,
      positiveInfinity: 2,
      negativeInfinity: 1,
      below: 0,
      above: 0,
      exact: true,
    });
    expect([...exact.counts]).toEqual(counted(VALUES, -1, 1 / 32, 64));
    expect([...partials[0]!.edges]).toEqual([...exact.edges]);
    const sum = (counts: Iterable<number>) => [...counts].reduce((all, count) => all + count, 0);
    expect(sum(partials[0]!.counts)).toBe(COUNT - 4);
  });

  it('with other bins, another axis or range is told from the same sketch', async () => {
    const { compute, names } = watched();
    const others = [{ bins: 128 }, { axis: 'symlog' }, { range: [-0.5, 0.5] }] as const;
    for (const more of others) {
      const { partials } = await ask(question('f32', more), compute);
      expect(partials.length).toBe(1);
    }
    expect(names).not.toContain('sketch');
    expect(names.length).toBe(2 * others.length);
  });

  it('of sixteen bits is exact after one pass, and needs none for other bins', async () => {
    const { compute, names, bytesRead } = watched();
    const numbers = new Float32Array(new Uint32Array(HALVES).map((half) => half << 16).buffer);
    expect([...(await ask(question('bf16'), compute)).exact.counts]).toEqual(
      counted(numbers, -1, 1 / 32, 64),
    );
    expect([...(await ask(question('bf16', { bins: 16 }), compute)).exact.counts]).toEqual(
      counted(numbers, -1, 1 / 8, 16),
    );
    expect(new Set(names)).toEqual(new Set(['sketch']));
    expect(bytesRead()).toBe(HALVES.byteLength);
  });

  it('clipped to its middle is told from the sketch and counted from the exact percentiles', async () => {
    const { compute } = watched();
    const { exact, partials } = await ask(question('f32', { isClipped: true }), compute);
    const [low, high] = [exact.edges[0]!, exact.edges[64]!];
    // the 1st and the 99th of a hundred even parts from -1 to 1
    expect([low, high].map((edge) => Math.abs(Math.abs(edge) - 0.98) < 1e-3)).toEqual([true, true]);
    expect(Math.abs(partials[0]!.edges[0]! - low)).toBeLessThan(0.01);
    expect(exact.below).toBe(VALUES.filter((value) => value < low && value > -Infinity).length);
  });
});

describe('a small tensor', () => {
  it('is counted at once, without a first picture', async () => {
    const { compute, names } = watched();
    const { exact, partials } = await ask(question('few', { bins: 3 }), compute);
    expect([names, partials, [...exact.counts]]).toEqual([['histogram'], [], [1, 1, 2]]);
  });
});
