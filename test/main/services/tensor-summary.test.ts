import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeEach, describe, expect, it } from 'vitest';

import { createCheckpoints, type OpenCheckpoint } from '#main/services/checkpoints.ts';
import { createCompute, type Compute } from '#main/services/compute.ts';
import { createFiles } from '#main/services/files.ts';
import { histogramOf } from '#main/services/histograms.ts';
import { createSettings } from '#main/services/settings.ts';
import { summarizeTensor, type TensorSummaryOptions } from '#main/services/tensor-summary.ts';
import { plainSafetensors } from '#test/kit/write-plain-safetensors.ts';

const folder = mkdtempSync(join(tmpdir(), 'tensor-summary-'));
const path = join(folder, 'large.safetensors');
const COUNT = 5 * 2 ** 20 + 77;
/** Of many magnitudes, of both signs, with what is not finite among them. */
const VALUES = Float32Array.from({ length: COUNT }, (_, index) => {
  const mixed = Math.imul(index, 2_654_435_761) >>> 0;
  return ((mixed % 20_011) - 9000) * 2 ** ((mixed >>> 24) / 8 - 20);
});
VALUES.set([NaN, Infinity, -Infinity, 0, 1e-40], COUNT - 2_000_000);
const HALVES = new Uint16Array(new Uint32Array(VALUES.buffer).map((bits) => bits >>> 16));
const WIDE_COUNT = 2 ** 21 + 77;
/** Beyond the floats, too, with zeros and another value that are too many to be listed. */
const DOUBLES = Float64Array.from({ length: WIDE_COUNT }, (_, index) => {
  const spread = VALUES[index]! ** (1 + (index % 7));
  return index % 3 === 0 ? 0 : index % 3 === 1 ? 1.1 : spread;
});
const INTEGERS = BigInt64Array.from({ length: WIDE_COUNT }, (_, index) => {
  const mixed = BigInt(Math.imul(index, 2_654_435_761));
  return index % 2 === 0 ? 1000n + (mixed % 5n) : mixed << BigInt(index % 32);
});
const bytesOf = (values: Float32Array | Float64Array | Uint16Array | BigInt64Array) =>
  new Uint8Array(values.buffer);
writeFileSync(
  path,
  plainSafetensors([
    { name: 'f32', dtype: 'F32', shape: [COUNT], bytes: bytesOf(VALUES) },
    { name: 'bf16', dtype: 'BF16', shape: [COUNT], bytes: bytesOf(HALVES) },
    { name: 'f64', dtype: 'F64', shape: [WIDE_COUNT], bytes: bytesOf(DOUBLES) },
    { name: 'i64', dtype: 'I64', shape: [WIDE_COUNT], bytes: bytesOf(INTEGERS) },
  ]),
);
afterAll(() => rmSync(folder, { recursive: true }));

let open: OpenCheckpoint;
beforeEach(async () => {
  const files = createFiles(await createSettings(undefined));
  const checkpoints = createCheckpoints(files);
  open = await checkpoints.open(files.grant(path).file);
  return () => checkpoints.close();
});

/** Compute that says it has three threads, and remembers its tasks. */
function watched() {
  const inner = createCompute(undefined);
  const names: string[] = [];
  const run: Compute['run'] = (name, task, pass) => {
    names.push(name);
    return inner.run(name, task, pass);
  };
  return { compute: { ...inner, width: 3, run }, names };
}

const asked = { isDigestWanted: false, quantiles: [0, 0.01, 0.5, 0.9, 1], isSplit: true } as const;

function ask(compute: Compute, name: string, more: Partial<TensorSummaryOptions> = {}) {
  return summarizeTensor(open, compute, name, { ...asked, ...more });
}

describe('statistics of a large tensor', () => {
  for (const name of ['f32', 'bf16', 'f64', 'i64']) {
    it(`of ${name} are the same to the last bit, read by one thread or in parts by all`, async () => {
      const { compute, names } = watched();
      const parted = await ask(compute, name, { bins: 100 });
      expect(names.filter((task) => task === 'sketch').length).toBe(name === 'bf16' ? 1 : 2);
      expect(names).not.toContain('summary');
      open.cache.clear();
      const whole = await ask(compute, name, { bins: 100, isSplit: false });
      expect(names.at(-1)).toBe('summary');
      expect(parted).toEqual(whole);
    });
  }

  it('has the values at the ranks of its quantiles, many equal or few', async () => {
    const { compute } = watched();
    for (const [name, values] of Object.entries({ f32: VALUES, f64: DOUBLES, i64: INTEGERS })) {
      const sorted = (
        values instanceof BigInt64Array ? values.slice() : values.filter(Number.isFinite)
      ).sort();
      const ranks = [0, 0.001, 0.02, 0.3, 0.5, 0.51, 0.7, 0.99, 1].map((q) =>
        Math.round(q * (sorted.length - 1)),
      );
      const quantiles = ranks.map((rank) => rank / (sorted.length - 1));
      const { summary } = await ask(compute, name, { quantiles });
      // a rank may be a little off a whole number, and its quantile between two neighbours
      quantiles.forEach((q, index) => {
        const found = Number(summary!.quantiles[String(q)]);
        const [least, most] = [ranks[index]! - 1, ranks[index]! + 1].map((rank) =>
          Number(sorted[Math.min(sorted.length - 1, Math.max(0, rank))]),
        );
        expect(found).toBeGreaterThanOrEqual(least!);
        expect(found).toBeLessThanOrEqual(most!);
      });
    }
  });

  it('and its histogram begin with one sketch when they are asked for together', async () => {
    const { compute, names } = watched();
    const question = { name: 'f32', bins: 64, axis: 'linear', isClipped: false } as const;
    const pass = { signal: new AbortController().signal, onPlan: () => {}, onPartial: () => {} };
    const [histogram, { summary }] = await Promise.all([
      histogramOf(open, compute, question, pass),
      ask(compute, 'f32'),
    ]);
    expect(names.filter((task) => task === 'sketch').length).toBe(2);
    expect(histogram.edges[0]).toBe(summary!.min);
  });

  it('goes on for one who waits when another calls off, and ends when all do', async () => {
    const { compute, names } = watched();
    const [one, two] = [new AbortController(), new AbortController()];
    const first = ask(compute, 'f32', { signal: one.signal });
    const second = ask(compute, 'f32', { signal: two.signal });
    one.abort();
    await expect(first).rejects.toMatchObject({ code: 'cancelled' });
    expect((await second).summary!.count).toBe(COUNT);
    expect(names.filter((task) => task === 'sketch').length).toBe(2);

    open.cache.clear();
    const third = ask(compute, 'f32', { signal: two.signal });
    two.abort();
    await expect(third).rejects.toMatchObject({ code: 'cancelled' });
    expect((await ask(compute, 'f32')).summary!.count).toBe(COUNT);
  });

  it('with a digest is taken in one piece', async () => {
    const { compute, names } = watched();
    expect((await ask(compute, 'f32', { isDigestWanted: true })).sha256).toMatch(/^[0-9a-f]{64}$/);
    expect(names).toEqual(['summary']);
  });
});
