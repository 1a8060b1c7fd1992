import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { emptyBins } from '#main/kernels/binning.ts';
import {
  binCodes,
  codeCounter,
  momentsOfCodes,
  upperHalfCounter,
  valuesAtRanks,
  valuesOfCodes,
} from '#main/kernels/code-counts.ts';

const bytes = fc.oneof(
  fc.uint8Array({ maxLength: 80 }),
  fc
    .uint8Array({ minLength: 1, maxLength: 8 })
    .map((few) => Uint8Array.from({ length: 5000 }, (_, i) => few[i % few.length]!)),
);

function tally(codes: Iterable<number>, length: number): number[] {
  const counts = new Array<number>(length).fill(0);
  for (const code of codes) counts[code]!++;
  return counts;
}

/** The codes that occur, in order, and how often they do. */
function occurring(all: readonly number[]): { codes: Uint32Array; counts: Float64Array } {
  const codes = [...new Set(all)].sort((a, b) => a - b);
  return {
    codes: Uint32Array.from(codes),
    counts: Float64Array.from(codes, (code) => all.filter((other) => other === code).length),
  };
}

/** Little-endian, two bytes each. */
function halvesOf(window: Uint8Array): number[] {
  return Array.from({ length: window.length >> 1 }, (_, i) => window[2 * i]! | (window[2 * i + 1]! << 8));
}

describe('codes', () => {
  it('of one byte are counted, window after window', () => {
    fc.assert(
      fc.property(fc.array(bytes, { maxLength: 3 }), (windows) => {
        const counter = codeCounter('f8_e5m2');
        windows.forEach((window) => counter.add(window));
        expect([...counter.counts()]).toEqual(
          tally(
            windows.flatMap((window) => [...window]),
            256,
          ),
        );
        counter.release();
      }),
    );
  });

  it('of two bytes are counted, and a counter lent again starts from nothing', () => {
    fc.assert(
      fc.property(bytes, (window) => {
        const even = window.subarray(0, window.length & ~1);
        const counter = codeCounter('bf16');
        counter.add(even);
        expect(counter.counts().reduce((sum, count) => sum + count, 0)).toBe(even.length / 2);
        const halves = tally(halvesOf(even), 65_536);
        expect(counter.counts().every((count, code) => count === halves[code])).toBe(true);
        expect(counter.occurring()).toEqual(occurring(halvesOf(even)));
        counter.release();
      }),
      { numRuns: 30 },
    );
  });

  it('are the upper halves of f32', () => {
    fc.assert(
      fc.property(bytes, (window) => {
        const whole = window.subarray(0, window.length & ~3);
        const uppers = halvesOf(whole).filter((_, index) => index % 2 === 1);
        const counter = upperHalfCounter();
        counter.add(whole);
        const expected = tally(uppers, 65_536);
        expect(counter.counts().every((count, code) => count === expected[code])).toBe(true);
        counter.release();
      }),
      { numRuns: 15 },
    );
  });
});

describe('figures of counted codes', () => {
  const cases = ['f16', 'bf16', 'i16', 'u16', 'i8', 'u8', 'bool', 'f8_e4m3', 'f8_e5m2fnuz', 'f8_e8m0'];
  it.each(cases)('of %s equal those of the values one by one', (dtype) => {
    const values = valuesOfCodes(dtype);
    const code = fc.nat(values.length - 1);
    fc.assert(
      fc.property(fc.array(code, { maxLength: 60 }), (codes) => {
        const counted = occurring(codes);
        const all = codes.map((at) => values[at]!);
        const finite = all.filter(Number.isFinite).sort((a, b) => a - b);
        const moments = momentsOfCodes({ dtype, ...counted });
        expect([moments.count, moments.nan, moments.finite, moments.zeros]).toEqual([
          all.length,
          all.filter(Number.isNaN).length,
          finite.length,
          all.filter((value) => value === 0).length,
        ]);
        if (finite.length === 0) return;
        const edges = Float64Array.of(finite[0]!, (finite[0]! + finite.at(-1)) / 2, finite.at(-1));
        const bins = emptyBins(2);
        binCodes({ dtype, ...counted }, bins, edges);
        expect([...bins.counts]).toEqual([
          finite.filter((value) => value < edges[1]!).length,
          finite.filter((value) => value >= edges[1]!).length,
        ]);
        const ranks = finite.map((_, rank) => rank);
        const found = valuesAtRanks({ dtype, ...counted }, ranks);
        expect(ranks.map((rank) => found.get(rank)! + 0)).toEqual(finite.map((value) => value + 0));
      }),
      { numRuns: values.length > 256 ? 15 : 60 },
    );
  });
});
