import { describe, expect, it } from 'vitest';

import { paramscopeJson } from '#test/kit/command-line.ts';
import { ORACLES, hasOracles, readOracles, type OraclePair } from '#test/kit/shared-files.ts';
import type { Comparison, ComparisonRow } from '#shared/statistics.ts';

/** Formats that are read; the others' pairs come with them. */
const READ = /\.(?:pt|safetensors|npz|params|index)$/;

function rowOf(comparison: Comparison, name: string): ComparisonRow | undefined {
  return comparison.rows.find((row) => row.name === name);
}

async function diff(pair: { readonly a: string; readonly b: string }, ...options: string[]) {
  return paramscopeJson<Comparison>('diff', `${ORACLES}${pair.a}`, `${ORACLES}${pair.b}`, ...options);
}

interface SameWeights extends OraclePair {
  readonly tensors: readonly { readonly a: string; readonly b: string; readonly transposed: boolean }[];
}

describe.skipIf(!hasOracles)('one network written by several frameworks is found equal', () => {
  const pairs = hasOracles ? readOracles().pairs : [];
  for (const pair of pairs.filter(
    ({ relation, a, b }) => relation === 'same weights' && READ.test(a) && READ.test(b),
  )) {
    it(`${pair.a} and ${pair.b}`, async () => {
      const { code, document } = await diff(pair);
      const matched = document.rows.map(({ name, other, state, transposed }) => ({
        a: name,
        b: other ?? name,
        transposed: transposed === true,
        state,
      }));
      const wanted = (pair as SameWeights).tensors.map((row) => ({ ...row, state: 'identical' }));
      const byName = (x: { a: string }, y: { a: string }) => (x.a < y.a ? -1 : 1);
      expect(matched.sort(byName)).toEqual(wanted.sort(byName));
      expect([document.verdict, code]).toEqual(['identical', 0]);
    });
  }
});

describe.skipIf(!hasOracles)('copies that differ in one known way', () => {
  const pairs = hasOracles ? readOracles().pairs : [];
  for (const pair of pairs.filter(
    (one) => one.relation !== 'same weights' && READ.test(one.a) && READ.test(one.b),
  )) {
    it(`${pair.a} and ${pair.b}: ${pair.relation}`, async () => {
      const { code, document } = await diff(pair);
      const { differences, renamed, missing, cast, transposed } = pair as unknown as {
        differences?: { tensor: string; index: number[] }[];
        renamed?: readonly (readonly [a: string, b: string])[];
        missing?: string[];
        cast?: { tensor: string; max_abs_difference: number; elements_that_differ: number }[];
        transposed?: string[];
      };
      const places = new Map<string, number[][]>();
      for (const { tensor, index } of differences ?? [])
        places.set(tensor, [...(places.get(tensor) ?? []), index]);
      for (const [tensor, indices] of places) {
        const row = rowOf(document, tensor)!;
        expect([tensor, row.changed]).toEqual([tensor, indices.length]);
        // minus zero against zero is no distance, so it has no place
        if (row.state === 'different') expect(indices).toContainEqual(row.at);
      }
      for (const name of missing ?? []) expect(rowOf(document, name)?.state).toBe('only-a');
      for (const { tensor, max_abs_difference: most, elements_that_differ: count } of cast ?? []) {
        const row = rowOf(document, tensor)!;
        expect({ state: row.state, cast: row.cast, maxAbs: row.maxAbs, changed: row.changed }).toEqual({
          state: 'dtype',
          cast: true,
          maxAbs: most,
          changed: count,
        });
      }
      for (const name of transposed ?? [])
        expect(rowOf(document, name)).toMatchObject({ state: 'shape', transposed: true });
      for (const [a, b] of renamed ?? [])
        expect(rowOf(document, a)).toMatchObject({ state: 'only-a', other: b });
      const isZero = pair.relation.startsWith('+0');
      expect([document.verdict, code]).toEqual([isZero ? 'equal-values' : 'different', 1]);
      const touched = [
        ...places.keys(),
        ...(missing ?? []),
        ...(transposed ?? []),
        ...(renamed ?? []).flat(),
        ...(cast ?? []).map(({ tensor }) => tensor),
      ];
      const untouched = document.rows.filter(({ name }) => !touched.includes(name));
      expect(untouched.every(({ state }) => state === 'identical')).toBe(true);
    });
  }
});
