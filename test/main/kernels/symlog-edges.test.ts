import { describe, expect, it } from 'vitest';
import * as fc from 'fast-check';

import { countInto, emptyBins, equalEdges } from '#main/kernels/binning.ts';
import { symlogEdges } from '#main/kernels/symlog-edges.ts';

describe('edges are equally wide on the symlog axis', () => {
  // inner edges as NumPy computes them from the formula of Matplotlib's scale
  const rows: [low: number, high: number, threshold: number, edges: number[]][] = [
    [-5, 20, 0.001, [-5, -0.015811388300841896, 0.00030102999566398124, 0.0632455532033676, 20]],
    [
      0.001,
      1000,
      0.1,
      [
        0.001, 0.08416666666666667, 0.4713389536157405, 3.1988951096913976, 21.710342088869538,
        147.34429778199632, 1000,
      ],
    ],
  ];
  it.each(rows)('from %d to %d', (low, high, threshold, edges) => {
    const found = symlogEdges(low, high, edges.length - 1);
    expect(found.threshold).toBeCloseTo(threshold, 15);
    found.edges.forEach((edge, index) => {
      expect(Math.abs(edge - edges[index]!)).toBeLessThanOrEqual(1e-14 * Math.abs(edges[index]!));
    });
    expect([found.edges[0], found.edges[edges.length - 1]]).toEqual([low, high]);
  });

  it('ends are exact, edges ascend, and every finite value is counted, whatever the range', () => {
    const finite = fc.double({ noNaN: true, noDefaultInfinity: true });
    fc.assert(
      fc.property(finite, finite, fc.integer({ min: 1, max: 200 }), (a, b, bins) => {
        const [low, high] = a < b ? [a, b] : [b, a];
        fc.pre(low < high);
        const { edges } = symlogEdges(low, high, bins);
        expect([edges[0], edges[bins]]).toEqual([low, high]);
        for (let i = 1; i <= bins; i++) expect(edges[i]!).toBeGreaterThanOrEqual(edges[i - 1]!);
        const counted = emptyBins(bins);
        const middle = low / 2 + high / 2;
        countInto(counted, edges, Float64Array.of(low, high, middle, NaN));
        expect(counted.counts.reduce((sum, count) => sum + count, 0)).toBe(3);
      }),
    );
  });

  it('a range without width, or of denormals, has equally wide bins', () => {
    expect(symlogEdges(3, 3, 4)).toEqual({ edges: equalEdges(3, 3, 4) });
    expect(symlogEdges(0, 5e-324, 4).threshold).toBeUndefined();
  });
});
