/** The first pass over a pair of one shape: how far the values of either side reach, and a picture of what is between them. */
import { heatSampler, type HeatGrid } from '#main/kernels/heat-map.ts';
import { cellRowsOf, type HeatPart } from '#main/kernels/heat-parts.ts';
import { windowMoments } from '#main/kernels/moments.ts';
import { numbersView, placePair, type PlacedNumbers } from '#main/kernels/numbers.ts';
import { subtractPair } from '#main/kernels/subtraction.ts';
import type { TensorReader } from '#main/formats/read.ts';
import { rangesOf } from '#main/services/pair-parts.ts';
import { withReader, type TensorPlan } from '#main/services/tensor-plan.ts';
import { windowPairs } from '#main/services/window-pairs.ts';
import { windowLength, type ElementRange, type Pass } from '#main/services/windows.ts';

export interface PairPictureTask extends ElementRange {
  readonly a: TensorPlan;
  /** Of A's shape. Of both, the values have an order. */
  readonly b: TensorPlan;
  /** Over all elements of the pair. */
  readonly grid: HeatGrid;
}

/** Of finite values. */
export interface Extent {
  readonly finite: number;
  /** Infinity and -Infinity where there are none. */
  readonly min: number;
  readonly max: number;
}

export interface PairPicturePart {
  readonly a: Extent;
  readonly b: Extent;
  /** A - B in stretches that do not depend on how a pair is cut into ranges of whole ones. */
  readonly difference: readonly HeatPart[];
}

/** Cells are added up by so many windows at a time: parts of a pair are a multiple of it. */
const STRETCH_WINDOWS = 8;

export async function pairPictureTask(
  { a, b, grid, begin = 0, ...range }: PairPictureTask,
  pass: Pass,
): Promise<PairPicturePart> {
  const dtypes = [a.tensor.dtype, b.tensor.dtype] as const;
  return withReader(a, (readerA) =>
    withReader(b, async (readerB) => {
      const { end = readerA.elementCount } = range;
      const size = STRETCH_WINDOWS * windowLength(readerA.elementByteLength);
      const extents = { a: NOTHING, b: NOTHING };
      const difference: HeatPart[] = [];
      for (const stretch of rangesOf(begin, end, size)) {
        const onPair = (left: PlacedNumbers, right: PlacedNumbers) => {
          extents.a = extended(extents.a, left, dtypes[0]);
          extents.b = extended(extents.b, right, dtypes[1]);
        };
        difference.push(await pictureOf(readerA, readerB, dtypes, grid, stretch, onPair, pass));
      }
      return { ...extents, difference };
    }),
  );
}

async function pictureOf(
  readerA: TensorReader,
  readerB: TensorReader,
  [dtypeA, dtypeB]: readonly [string, string],
  grid: HeatGrid,
  stretch: Required<ElementRange>,
  onPair: (left: PlacedNumbers, right: PlacedNumbers) => void,
  pass: Pass,
): Promise<HeatPart> {
  const [from, to] = cellRowsOf(grid, stretch.begin, stretch.end);
  const sampler = heatSampler(grid, from, to);
  try {
    for await (const { start, bytes, other } of windowPairs(readerA, readerB, pass, stretch)) {
      const [left, right] = placePair(dtypeA, bytes, dtypeB, other);
      onPair(left, right);
      subtractPair(left, right, (before, between) => sampler.add(start + before, between));
    }
    return { from, records: sampler.records() };
  } finally {
    sampler.release();
  }
}

const NOTHING: Extent = { finite: 0, min: Infinity, max: -Infinity };

function extended(extent: Extent, numbers: PlacedNumbers, dtype: string): Extent {
  return mergedExtent(extent, windowMoments(numbersView(numbers), dtype));
}

export function mergedExtent(first: Extent, second: Extent): Extent {
  return {
    finite: first.finite + second.finite,
    min: Math.min(first.min, second.min),
    max: Math.max(first.max, second.max),
  };
}
