/** A tensor in packed chunks is shared among threads: each chunk is one thread's, and the answers are the same however many there are. */
import { describe, expect, it, vi } from 'vitest';

import { createCompute, type Compute } from '#main/services/compute.ts';
import { secondPassOf } from '#main/services/second-passes.ts';
import { mergedNonFinite } from '#main/services/tasks/non-finite.ts';
import { summaryTask } from '#main/services/tasks/summary.ts';
import { tensorParts } from '#main/services/tensor-parts.ts';
import type { TensorPlan } from '#main/services/tensor-plan.ts';
import { mergedSketch } from '#main/kernels/sketch.ts';
import { inPackedChunks } from '#test/kit/packed-chunks.ts';
import { unpacked } from '#test/kit/unpackings.ts';

vi.mock('#main/bytes/limits.ts', async (original) => ({
  ...(await original<object>()),
  BOX_BYTES: 4096,
  SHARED_BOX_BYTES: 8192,
  CHUNK_CACHE_BYTES: 65_536,
  WINDOW_BYTES: 1024,
}));

vi.mock('#main/encodings/filters/filters.ts', async (original) => {
  const { counting } = await import('#test/kit/unpackings.ts');
  return counting(await original());
});

const inline = createCompute(undefined);
const withThreads = (width: number): Compute => ({ ...inline, width });
const WIDTHS = [1, 2, 3, 8];

const ROWS = 190;
const COLUMNS = 130;
const NAN_AT = [123 * COLUMNS + 7, 124 * COLUMNS + 1, 189 * COLUMNS + 129];
/** Of many magnitudes, so that every order of adding them has sums of its own. */
const valueAt = (index: number) => ((index * 7919) % 1009) * 1.1 ** (index % 97) - 300;

const inF32 = new DataView(new ArrayBuffer(4));

function plan(cell: readonly number[]): TensorPlan {
  return inPackedChunks('f32', [ROWS, COLUMNS], cell, false, (index) => {
    inF32.setFloat32(0, NAN_AT.includes(index) ? NaN : valueAt(index));
    return BigInt(inF32.getUint32(0));
  });
}

const GRIDS: Readonly<Record<string, readonly number[]>> = {
  'rows of chunks': [7, COLUMNS],
  'chunks that go down all rows': [ROWS, 4],
  'small chunks side by side': [10, 9],
  'large chunks': [64, 64],
};

describe('a tensor in packed chunks', () => {
  for (const [name, cell] of Object.entries(GRIDS)) {
    it(`of ${name} is cut so that each chunk goes to one thread and is unpacked once`, async () => {
      const whole = plan(cell);
      const { chunks } = whole.tensor.storage as { chunks: readonly { offset: number }[] };
      for (const width of WIDTHS.slice(1)) {
        unpacked.clear();
        const parts = tensorParts(whole, withThreads(width));
        expect(parts.length).toBe(width);
        const offsets = parts.flatMap(({ plan: { tensor } }) =>
          (tensor.storage as { chunks: readonly { offset: number }[] }).chunks.map(({ offset }) => offset),
        );
        expect(offsets.sort((a, b) => a - b)).toEqual(chunks.map(({ offset }) => offset));
        for (const part of parts) await inline.run('sketch', part, {});
        expect(unpacked.size).toBe(chunks.length);
        expect([...unpacked.values()].every((times) => times === 1)).toBe(true);
      }
    });

    it(`of ${name} has the same statistics, bins and finds to the last bit, whatever the number of threads`, async () => {
      const whole = plan(cell);
      const question = { plan: whole, quantiles: [], isDigestWanted: false, bins: 16 };
      const { summary, histogram } = await summaryTask(question, {});
      const edges = Float64Array.from(histogram!.edges);
      // NumPy's definitions over the values themselves
      const values = Array.from({ length: ROWS * COLUMNS }, (_, index) => Math.fround(valueAt(index)));
      const finite = values.filter((_, index) => !NAN_AT.includes(index));
      expect(Number(summary!.mean) * finite.length).toBeCloseTo(
        finite.reduce((sum, value) => sum + value, 0),
        3,
      );
      for (const width of WIDTHS) {
        const compute = withThreads(width);
        const parts = tensorParts(whole, compute);
        const sketch = mergedSketch(await Promise.all(parts.map((part) => inline.run('sketch', part, {}))));
        expect(sketch).toMatchObject({ min: summary!.min, max: summary!.max, mean: summary!.mean, nan: 3 });
        expect((await secondPassOf(compute, whole, { edges }, {})).histogram).toEqual(histogram);
        const answers = await Promise.all(parts.map((part) => inline.run('non-finite', part, {})));
        expect(mergedNonFinite(answers)).toEqual({
          nan: 3,
          positiveInfinity: 0,
          negativeInfinity: 0,
          first: NAN_AT[0],
        });
      }
    });
  }

  it('is cut in the same way where most chunks are not stored, and its parts know their own sources', async () => {
    const whole = plan([10, 9]);
    const storage = whole.tensor.storage as Extract<TensorPlan['tensor']['storage'], { kind: 'chunked' }>;
    const chunks = storage.chunks.slice(-3).map((chunk, index) => ({ ...chunk, source: index }));
    const sparse: TensorPlan = {
      tensor: { ...whole.tensor, storage: { ...storage, chunks } },
      sources: [whole.sources![0]!, whole.sources![0]!, whole.sources![0]!],
    };
    const { summary } = await summaryTask({ plan: sparse, quantiles: [], isDigestWanted: false }, {});
    for (const width of WIDTHS.slice(1)) {
      const parts = tensorParts(sparse, withThreads(width));
      expect(parts.length).toBe(width);
      expect(parts[0]!.plan.sources!.length).toBe(1);
      const sketch = mergedSketch(await Promise.all(parts.map((part) => inline.run('sketch', part, {}))));
      expect(sketch).toMatchObject({ count: ROWS * COLUMNS, zeros: summary!.zeros, mean: summary!.mean });
    }
  });
});
