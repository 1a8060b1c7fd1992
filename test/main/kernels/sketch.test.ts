import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { equalEdges } from '#main/kernels/binning.ts';
import {
  mergedSketch,
  sketchedBins,
  sketchedQuantile,
  sketcher,
  type Sketch,
  type SketchPart,
} from '#main/kernels/sketch.ts';
import { symlogEdges } from '#main/kernels/symlog-edges.ts';
import { doubleWindows, floatWindows, shifted } from '#test/kit/kernel-windows.ts';

function bytesOf(values: Float32Array | Float64Array | Int32Array | Uint16Array): Uint8Array {
  return new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
}

type Window = Parameters<typeof bytesOf>[0];

function partOf(dtype: string, ...windows: readonly Window[]): SketchPart {
  const under = sketcher(dtype);
  windows.forEach((window) => under.add(bytesOf(window)));
  const part = under.part();
  under.release();
  return part;
}

function sketchOf(dtype: string, ...windows: readonly Window[]): Sketch {
  return mergedSketch([partOf(dtype, ...windows)]);
}

/** The upper half of the float that a number rounds to. */
function halfOf(value: number): number {
  return new Uint32Array(Float32Array.of(value).buffer)[0]! >>> 16;
}

function figures(values: readonly number[]) {
  const finite = values.filter((value) => Number.isFinite(value));
  return {
    nan: values.filter((value) => Number.isNaN(value)).length,
    positiveInfinity: values.filter((value) => value === Infinity).length,
    negativeInfinity: values.filter((value) => value === -Infinity).length,
    finite: finite.length,
    // zeros of either sign are one number
    min: finite.reduce((least, value) => (value < least ? value : least), Infinity) + 0,
    max: finite.reduce((most, value) => (value > most ? value : most), -Infinity) + 0,
  };
}

function told({ nan, positiveInfinity, negativeInfinity, finite, min, max }: Sketch) {
  return { nan, positiveInfinity, negativeInfinity, finite, min: min + 0, max: max + 0 };
}

function isTally(counts: Float64Array, codes: readonly number[]): boolean {
  const tally = tallied(codes);
  return counts.every((count, code) => count === (tally.get(code) ?? 0));
}

/** A bell of twelve uniform numbers, the same ones every time. */
function bell(length: number, center = 0, width = 1): Float32Array {
  let state = 12_345;
  const uniform = () => (state = (state * 1_103_515_245 + 12_345) % 2 ** 31) / 2 ** 31;
  return Float32Array.from({ length }, () => {
    let sum = -6;
    for (let i = 0; i < 12; i++) sum += uniform();
    return center + width * sum;
  });
}

describe('a sketch', () => {
  it('counts floats by their upper half, and tells what is not finite and the extremes', () => {
    fc.assert(
      fc.property(fc.array(floatWindows, { minLength: 1, maxLength: 3 }), fc.nat(3), (windows, by) => {
        const sketch = sketchOf('f32', ...windows.map((window) => shifted(window, by)));
        const values = windows.flatMap((window) => [...window]);
        expect(told(sketch)).toEqual(figures(values));
        // NaN may lose its payload on the way through a number, so it is left out here
        const codes = values.filter((value) => !Number.isNaN(value)).map(halfOf);
        const counts = sketch.codeCounts.map((count, code) => ((code & 0x7fff) > 0x7f80 ? 0 : count));
        expect(isTally(counts, codes)).toBe(true);
      }),
      { numRuns: 40 },
    );
  });

  it('counts doubles by that of the float that they round to', () => {
    fc.assert(
      fc.property(doubleWindows, fc.nat(3), (window, by) => {
        const sketch = sketchOf('f64', shifted(window, by));
        expect(told(sketch)).toEqual(figures([...window]));
        const codes = [...window].filter((value) => !Number.isNaN(value)).map(halfOf);
        const counts = sketch.codeCounts.map((count, code) => ((code & 0x7fff) > 0x7f80 ? 0 : count));
        expect(isTally(counts, codes)).toBe(true);
      }),
      { numRuns: 40 },
    );
  });

  it('of whole numbers counts them the same way', () => {
    const values = Int32Array.from([-2_147_483_648, -5, -1, 0, 0, 1, 255, 256, 257, 70_000, 2_147_483_647]);
    const sketch = sketchOf('i32', values);
    expect(told(sketch)).toEqual(figures([...values]));
    expect(isTally(sketch.codeCounts, [...values].map(halfOf))).toBe(true);
  });

  it('of all is that of its parts merged, to the last bit of its moments', () => {
    const values = bell(10_000);
    values.set([NaN, Infinity, -Infinity, -40, 40], 3000);
    const [a, b, c] = [values.subarray(0, 1), values.subarray(1, 4002), values.subarray(4002)];
    const whole = sketchOf('f32', a, b, c);
    expect(mergedSketch([partOf('f32', a, b), partOf('f32', c)])).toEqual(whole);
    expect(mergedSketch([partOf('f32', a), partOf('f32', b, c)])).toEqual(whole);
    expect([whole.count, whole.finite, whole.min, whole.minAt, whole.max]).toEqual([
      10_000, 9997, -40, 3003, 40,
    ]);
  });

  it('of nothing has no bins filled', () => {
    const sketch = sketchOf('f32', new Float32Array(0));
    expect(told(sketch)).toEqual(figures([]));
    expect([...sketchedBins(sketch, equalEdges(0, 1, 4))!.counts]).toEqual([0, 0, 0, 0]);
  });
});

function tallied<Key>(keys: Iterable<Key>): Map<Key, number> {
  const tally = new Map<Key, number>();
  for (const key of keys) tally.set(key, (tally.get(key) ?? 0) + 1);
  return tally;
}

/** How many of ascending numbers are less. */
function countBelow(sorted: Float32Array, edge: number): number {
  const at = sorted.findIndex((value) => value >= edge);
  return at < 0 ? sorted.length : at;
}

describe('bins of a sketch', () => {
  const values = bell(12_000).sort();
  const sketch = sketchOf('f32', values);
  const sharing = tallied([...values].map(halfOf));
  const edgesOf = {
    linear: (bins: number) => equalEdges(sketch.min, sketch.max, bins),
    symlog: (bins: number) => symlogEdges(sketch.min, sketch.max, bins).edges,
    zoomed: (bins: number) => equalEdges(-0.75, 1.5, bins),
  };

  it.each([
    ['linear', 16],
    ['linear', 64],
    ['linear', 300],
    ['symlog', 64],
    ['symlog', 200],
    ['zoomed', 100],
  ] as const)(
    'on a %s axis hold every value once, none further off than its upper half: %i bins',
    (axis, bins) => {
      const edges = edgesOf[axis](bins);
      const histogram = sketchedBins(sketch, edges)!;
      expect(histogram.exact).toBe(false);
      let below = histogram.below;
      for (let bin = 0; bin <= bins; bin++) {
        const exact = countBelow(values, edges[bin]!);
        // rounding to whole numbers may add one
        const slack = (sharing.get(halfOf(edges[bin]!)) ?? 0) + 1;
        if (bin < bins) expect(Math.abs(below - exact)).toBeLessThanOrEqual(slack);
        below += histogram.counts[bin] ?? histogram.above;
      }
      expect(below).toBe(values.length);
      expect([...histogram.counts].every((count) => Number.isInteger(count) && count >= 0)).toBe(true);
    },
  );

  it('are exact where a dtype has no more bits than are counted', () => {
    const codes = Uint16Array.from(values, halfOf);
    const numbers = [...codes].map((code) => new Float32Array(Uint32Array.of(code << 16).buffer)[0]!);
    const bf16 = sketchOf('bf16', codes);
    const edges = equalEdges(bf16.min, bf16.max, 33);
    const expected = new Array<number>(33).fill(0);
    for (const number of numbers) {
      const bin = edges.findIndex(
        (edge, index) => number >= edge && (number < edges[index + 1]! || index === 32),
      );
      expected[bin]!++;
    }
    const histogram = sketchedBins(bf16, edges)!;
    expect([histogram.exact, [...histogram.counts]]).toEqual([true, expected]);
  });

  it('have the least and the greatest value in the first bin and the last', () => {
    const few = sketchOf('f32', Float32Array.of(-1, -1, -1, 2, 3, 3));
    const { counts, below, above } = sketchedBins(few, equalEdges(-1, 3, 4))!;
    expect([...counts, below, above]).toEqual([3, 0, 0, 3, 0, 0]);
  });

  it('are not given where upper halves are too wide to tell the values apart', () => {
    const far = sketchOf('f32', bell(12_000, 1e6));
    expect(sketchedBins(far, equalEdges(far.min, far.max, 64))).toBeUndefined();
  });

  it('are not given where doubles lie beyond the floats', () => {
    const wide = sketchOf('f64', Float64Array.of(-1e300, 0, 1, 2, 1e300));
    expect(sketchedBins(wide, equalEdges(wide.min, wide.max, 4))).toBeUndefined();
  });

  it('count what is not finite beside them', () => {
    const odd = sketchOf('f32', Float32Array.of(NaN, 0, Infinity, NaN, 1, -Infinity, 0.5));
    expect(sketchedBins(odd, equalEdges(0, 1, 2))).toMatchObject({
      nan: 2,
      positiveInfinity: 1,
      negativeInfinity: 1,
    });
  });
});

describe('a quantile of a sketch', () => {
  it('shares its upper half, or the next one, with the value at that rank', () => {
    const values = bell(12_000);
    const sketch = sketchOf('f32', values);
    const sorted = values.slice().sort();
    for (const probability of [0.01, 0.25, 0.5, 0.99]) {
      const exact = sorted[Math.round(probability * (sorted.length - 1))]!;
      expect(Math.abs(sketchedQuantile(sketch, probability)! - exact)).toBeLessThanOrEqual(
        Math.abs(exact) / 64,
      );
    }
  });
});
