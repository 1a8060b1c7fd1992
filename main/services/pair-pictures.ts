/** Histograms of two tensors on shared bins; where the shapes agree, histogram and picture of A - B, by all compute threads. */
import { equalEdges, finiteRangeOf } from '#main/kernels/binning.ts';
import { joinedCells } from '#main/kernels/heat-parts.ts';
import { sketchedBins, type Sketch } from '#main/kernels/sketch.ts';
import type { Compute } from '#main/services/compute.ts';
import { pairParts } from '#main/services/pair-parts.ts';
import { secondPassOf } from '#main/services/second-passes.ts';
import { sideBySide } from '#main/services/side-by-side.ts';
import { wholeSketch } from '#main/services/sketches.ts';
import { asMatrix, heatGrid, pictureOf } from '#main/services/tasks/heat-map.ts';
import { mergedHistogram, requireReal } from '#main/services/tasks/histogram.ts';
import type { PairBins } from '#main/services/tasks/pair-bins.ts';
import { mergedExtent, type Extent, type PairPicturePart } from '#main/services/tasks/pair-picture.ts';
import type { TensorPlan } from '#main/services/tensor-plan.ts';
import type { ElementRange, Pass } from '#main/services/windows.ts';
import type { PairPicture } from '#shared/commands/tensor.ts';
import type { Histogram } from '#shared/statistics.ts';

export interface PairPictureQuestion {
  readonly a: TensorPlan;
  readonly b: TensorPlan;
  readonly bins: number;
  /** The most along either side of the picture. */
  readonly cells: number;
}

/** Two passes over either side. @throws AppError `unsupported` for values without an order. */
export async function pairPictureFor(
  compute: Compute,
  question: PairPictureQuestion,
  pass: Pass,
): Promise<PairPicture> {
  for (const { tensor } of [question.a, question.b]) requireReal(tensor.name, tensor.dtype);
  const shapes = [question.a.tensor.shape, question.b.tensor.shape] as const;
  const isSameShape =
    shapes[0].length === shapes[1].length && shapes[0].every((size, axis) => size === shapes[1][axis]);
  return isSameShape ? pictured(compute, question, pass) : apart(compute, question, pass);
}

async function pictured(
  compute: Compute,
  { a, b, bins, cells }: PairPictureQuestion,
  pass: Pass,
): Promise<PairPicture> {
  const parts = pairParts(a, b, compute);
  const grid = heatGrid(asMatrix(flattened(a.tensor.shape)), cells);
  const found = await ofParts<PairPicturePart>(compute, parts, (part) =>
    compute.run('pair-picture', { a, b, grid, ...part }, pass),
  );
  const edges = sharedEdges(
    found.map((part) => part.a).reduce(mergedExtent),
    found.map((part) => part.b).reduce(mergedExtent),
    bins,
  );
  const stretches = found.flatMap(({ difference }) => difference);
  const heatMap = pictureOf(joinedCells(stretches, grid), grid);
  const differenceEdges = equalEdges(heatMap.min ?? 0, heatMap.max ?? 0, bins);
  const counted = await ofParts<PairBins>(compute, parts, (part) =>
    compute.run('pair-bins', { a, b, edges, differenceEdges, ...part }, pass),
  );
  const histogramOf = (which: keyof PairBins) => counted.map((part) => part[which]).reduce(mergedHistogram);
  return { a: histogramOf('a'), b: histogramOf('b'), difference: histogramOf('difference'), heatMap };
}

/** What is found of each part in turn; a task or two for each thread are under way at a time. */
async function ofParts<Found>(
  { width }: Compute,
  parts: readonly ElementRange[],
  find: (part: ElementRange) => Promise<Found>,
): Promise<Found[]> {
  const found = new Array<Found>(parts.length);
  await sideBySide(parts, 2 * width, async (part, index) => {
    found[index] = await find(part);
  });
  return found;
}

/** Either side alone: there is nothing between tensors of other shapes. */
async function apart(
  compute: Compute,
  { a, b, bins }: PairPictureQuestion,
  pass: Pass,
): Promise<PairPicture> {
  const sketches = [await wholeSketch(compute, a, pass), await wholeSketch(compute, b, pass)] as const;
  const edges = sharedEdges(...sketches, bins);
  return {
    a: await countedBins(compute, a, sketches[0], edges, pass),
    b: await countedBins(compute, b, sketches[1], edges, pass),
  };
}

async function countedBins(
  compute: Compute,
  plan: TensorPlan,
  sketch: Sketch,
  edges: Float64Array,
  pass: Pass,
): Promise<Histogram> {
  const known = sketchedBins(sketch, edges);
  if (known?.exact) return known;
  const { histogram } = await secondPassOf(compute, plan, { edges }, pass);
  return histogram!;
}

function sharedEdges(a: Extent, b: Extent, bins: number): Float64Array {
  const [rangeA, rangeB] = [finiteRangeOf(a), finiteRangeOf(b)];
  return equalEdges(Math.min(rangeA[0], rangeB[0]), Math.max(rangeA[1], rangeB[1]), bins);
}

/** A matrix for the picture: leading axes are laid one under the other. */
function flattened(shape: readonly number[]): readonly number[] {
  if (shape.length <= 2) return shape;
  return [shape.slice(0, -1).reduce((product, size) => product * size, 1), shape[shape.length - 1]!];
}
