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
const bytesOf = (values: Float32Array | Uint16Array) => new Uint8Array(values.buffer);
writeFileSync(
  path,
  plainSafetensors([
    { name: 'f32', dtype: 'F32', shape: [COUNT], bytes: bytesOf(VALUES) },
    { name: 'bf16', dtype: 'BF16', shape: [COUNT], bytes: bytesOf(HALVES) },
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
  for (const name of ['f32', 'bf16']) {
    it(`of ${name} are the same to the last bit, read by one thread or in parts by all`, async () => {
      const { compute, names } = watched();
      const parted = await ask(compute, name, { bins: 100 });
      expect(names.filter((task) => task === 'sketch').length).toBe(name === 'f32' ? 2 : 1);
      expect(names).not.toContain('summary');
      open.cache.clear();
      const whole = await ask(compute, name, { bins: 100, isSplit: false });
      expect(names.at(-1)).toBe('summary');
      expect(parted).toEqual(whole);
    });
  }

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
