/** The lattices that the IQ dtypes choose their points from, laid out where kernels read them. */
import { analysisKernels, memoryRegion } from '#main/kernels/analysis-module.ts';
import { IQ1_GRID, IQ1_STEPS } from '#main/kernels/dequantise/iq1-grid.ts';
import { IQ2_S_GRID, IQ2_STEPS, IQ2_XS_GRID, IQ2_XXS_GRID } from '#main/kernels/dequantise/iq2-grids.ts';
import { IQ3_S_GRID, IQ3_S_STEPS, IQ3_XXS_GRID, IQ3_XXS_STEPS } from '#main/kernels/dequantise/iq3-grids.ts';

interface Lattice {
  /** Four hexadecimal digits a point, which its coordinates share evenly, the first one lowest. */
  readonly grid: string;
  /** Coordinates of a point. */
  readonly rank: 4 | 8;
  /** What each code of a coordinate stands for. */
  readonly steps: readonly number[];
}

export type LatticeName = 'iq1' | 'iq2_xxs' | 'iq2_xs' | 'iq2_s' | 'iq3_xxs' | 'iq3_s';

const LATTICES: Readonly<Record<LatticeName, Lattice>> = {
  // in eighths, by which points are moved
  iq1: { grid: IQ1_GRID, rank: 8, steps: IQ1_STEPS.map((step) => 8 * step) },
  iq2_xxs: { grid: IQ2_XXS_GRID, rank: 8, steps: IQ2_STEPS },
  iq2_xs: { grid: IQ2_XS_GRID, rank: 8, steps: IQ2_STEPS },
  iq2_s: { grid: IQ2_S_GRID, rank: 8, steps: IQ2_STEPS },
  iq3_xxs: { grid: IQ3_XXS_GRID, rank: 4, steps: IQ3_XXS_STEPS },
  iq3_s: { grid: IQ3_S_GRID, rank: 4, steps: IQ3_S_STEPS },
};

/** Most files need none of them. */
const placed = new Map<LatticeName, number>();

/** @returns the address of the coordinates of all points, a signed byte each, one point after the other. */
export function placeLattice(name: LatticeName): number {
  const known = placed.get(name);
  if (known !== undefined) return known;
  const points = pointsOf(LATTICES[name]);
  const at = memoryRegion().reserve(points.byteLength);
  new Int8Array(analysisKernels().memory.buffer, at, points.length).set(points);
  placed.set(name, at);
  return at;
}

function pointsOf({ grid, rank, steps }: Lattice): Int8Array {
  const bits = 16 / rank;
  const points = new Int8Array((grid.length / 4) * rank);
  for (let at = 0; at < points.length; at++) {
    const point = Math.floor(at / rank);
    const codes = Number.parseInt(grid.slice(4 * point, 4 * point + 4), 16);
    points[at] = steps[(codes >> (bits * (at % rank))) & (2 ** bits - 1)]!;
  }
  return points;
}
