import { describe, expect, it } from 'vitest';

import { summaryTask } from '#main/services/tasks/summary.ts';
import { fromOracle, readStatisticsOracle } from '#test/kit/statistics-oracle.ts';
import { hasOracles } from '#test/kit/shared-files.ts';
import type { StoredTensor } from '#main/formats/contract.ts';
import type { Summary } from '#shared/statistics.ts';

const PROBABILITIES = [0, 0.001, 0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99, 0.999, 1];

function inline(dtype: string, shape: readonly number[], bytes: Uint8Array): StoredTensor {
  return { name: 'value', dtype, shape, storage: { kind: 'inline', bytes } };
}

async function summarize(dtype: string, bytes: Uint8Array, count: number): Promise<Summary> {
  const plan = { tensor: inline(dtype, [count], bytes) };
  return (await summaryTask({ plan, quantiles: PROBABILITIES, isDigestWanted: false }, {})).summary!;
}

function near(actual: unknown, expected: number | bigint | undefined, scale: number): void {
  if (expected === undefined) expect(actual).toBeUndefined();
  else
    expect(Math.abs(Number(actual) - Number(expected))).toBeLessThanOrEqual(
      1e-12 * Math.max(scale, Math.abs(Number(expected))),
    );
}

describe.skipIf(!hasOracles)('statistics equal the ones of NumPy', () => {
  const oracle = hasOracles ? readStatisticsOracle() : undefined;
  for (const [name, expected] of Object.entries(oracle?.arrays ?? {})) {
    it(name, async () => {
      const { dtype, bytes } = oracle!.bytesOf(name);
      const summary = await summarize(dtype, bytes, expected.count);
      const { count, nan, positiveInfinity, negativeInfinity, zeros, min, max } = summary;
      expect({ count, nan, positiveInfinity, negativeInfinity, zeros }).toEqual({
        count: expected.count,
        nan: expected.nan,
        positiveInfinity: expected.posinf,
        negativeInfinity: expected.neginf,
        zeros: expected.zeros,
      });
      if (expected.denormals !== undefined) expect(summary.denormals).toBe(expected.denormals);
      // whole numbers beyond 2^53 come as bigint, smaller ones of 64-bit dtypes too
      const plain = (value: number | bigint | undefined) => (value === undefined ? undefined : BigInt(value));
      if (dtype === 'i64' || dtype === 'u64') {
        expect([plain(min), plain(max)]).toEqual([
          plain(fromOracle(expected.min)),
          plain(fromOracle(expected.max)),
        ]);
      } else {
        // which of two equal zeros NumPy takes depends on its vector width: + 0 makes both the same
        const unsigned = (value: number | bigint | undefined) =>
          value === undefined ? undefined : Number(value) + 0;
        expect([min, max].map(unsigned)).toEqual([expected.min, expected.max].map(fromOracle).map(unsigned));
      }
      const scale = Math.max(Math.abs(Number(min ?? 0)), Math.abs(Number(max ?? 0)));
      near(summary.mean, fromOracle(expected.mean), scale);
      near(summary.std, fromOracle(expected.std), 0);
      for (const [q, value] of Object.entries(expected.quantiles ?? {})) {
        near(summary.quantiles[q], fromOracle(value), 0);
      }
    });
  }
});

describe('a summary', () => {
  it('of nothing has counts only', async () => {
    expect(await summarize('f32', new Uint8Array(), 0)).toEqual({
      count: 0,
      nan: 0,
      positiveInfinity: 0,
      negativeInfinity: 0,
      zeros: 0,
      denormals: 0,
      quantiles: {},
      exact: true,
    });
  });

  it('does not lose a spread of 1 around a mean of 10^9 in doubles', async () => {
    const values = Float64Array.from({ length: 300_001 }, (_, i) => 1e9 + (i % 3) - 1);
    const summary = await summarize('f64', new Uint8Array(values.buffer), values.length);
    // the population deviation of -1, 0, 1 in equal shares is √(2/3); 300,001 is one value over
    expect(summary.std).toBeCloseTo(Math.sqrt(2 / 3), 5);
  });

  it('does not overflow where squares would', async () => {
    const values = Float64Array.of(1e300, -1e300);
    const summary = await summarize('f64', new Uint8Array(values.buffer), 2);
    expect([summary.std, summary.mean]).toEqual([1e300, 0]);
    expect(summary.l2! / 1e300).toBeCloseTo(Math.SQRT2, 14);
  });

  it('is exact for 64-bit integers beyond 2^53', async () => {
    const values = BigInt64Array.of(2n ** 62n + 1n, 2n ** 62n + 3n, -(2n ** 63n));
    const summary = await summarize('i64', new Uint8Array(values.buffer), 3);
    expect([summary.min, summary.max, summary.quantiles['0.5']]).toEqual([
      -(2n ** 63n),
      2n ** 62n + 3n,
      2n ** 62n + 1n,
    ]);
  });
});
