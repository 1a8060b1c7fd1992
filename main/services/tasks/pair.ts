import { countInto, emptyBins, equalEdges } from '#main/kernels/binning.ts';
import { decode } from '#main/kernels/decode.ts';
import { placeInput } from '#main/kernels/analysis-module.ts';
import { heatSampler } from '#main/kernels/heat-map.ts';
import { countReader, finiteRange, requireReal } from '#main/services/tasks/histogram.ts';
import { asMatrix, heatGrid, pictureOf } from '#main/services/tasks/heat-map.ts';
import { withReader, type TensorPlan } from '#main/services/tensor-plan.ts';
import { windowsOf, type Pass } from '#main/services/windows.ts';
import type { TensorReader } from '#main/formats/read.ts';
import type { HeatMap, PairPicture } from '#shared/commands/tensor.ts';
import type { Histogram } from '#shared/statistics.ts';

export interface PairTask {
  readonly a: TensorPlan;
  readonly b: TensorPlan;
  readonly bins: number;
  readonly cells: number;
}

/** Histograms of two tensors on shared bins; where the shapes agree, histogram and picture of A - B. */
export async function pairTask(task: PairTask, pass: Pass): Promise<PairPicture> {
  const { a, b } = task;
  requireReal(a.tensor.name, a.tensor.dtype);
  requireReal(b.tensor.name, b.tensor.dtype);
  return withReader(a, (readerA) =>
    withReader(b, async (readerB) => {
      const rangeA = await finiteRange(readerA, a.tensor.dtype, pass);
      const rangeB = await finiteRange(readerB, b.tensor.dtype, pass);
      const edges = equalEdges(Math.min(rangeA[0], rangeB[0]), Math.max(rangeA[1], rangeB[1]), task.bins);
      const histograms = {
        a: await countReader(readerA, a.tensor.dtype, edges, pass),
        b: await countReader(readerB, b.tensor.dtype, edges, pass),
      };
      const isSameShape =
        a.tensor.shape.length === b.tensor.shape.length &&
        a.tensor.shape.every((dimension, axis) => dimension === b.tensor.shape[axis]);
      if (!isSameShape) return histograms;
      return { ...histograms, ...(await differencePicture(task, readerA, readerB, pass)) };
    }),
  );
}

type Window = Float64Array;

async function differencePicture(
  task: PairTask,
  readerA: TensorReader,
  readerB: TensorReader,
  pass: Pass,
): Promise<Pick<PairPicture, 'difference' | 'heatMap'>> {
  const { a, b } = task;
  const differences = async function* (): AsyncGenerator<{ start: number; values: Window }> {
    for await (const { start, bytes } of windowsOf(readerA, pass)) {
      const left = decode(a.tensor.dtype, bytes);
      const right = decode(b.tensor.dtype, await readerB.read(start, left.length, pass.signal));
      yield { start, values: Float64Array.from(left, (value, i) => value - right[i]!) };
    }
  };
  const grid = heatGrid(asMatrix(flattened(a.tensor.shape)), task.cells);
  const sampler = heatSampler(grid);
  let heatMap: HeatMap;
  try {
    for await (const { start, values } of differences()) {
      sampler.add(start, { at: placeInput(values), count: values.length, isDouble: true });
    }
    heatMap = pictureOf(sampler.cells(), grid);
  } finally {
    sampler.release();
  }
  const difference = await countDifferences(differences(), heatMap.min ?? 0, heatMap.max ?? 0, task.bins);
  return { difference, heatMap };
}

async function countDifferences(
  windows: AsyncIterable<{ values: Window }>,
  min: number,
  max: number,
  bins: number,
): Promise<Histogram> {
  const edges = equalEdges(min, max, bins);
  const counts = emptyBins(bins);
  for await (const { values } of windows) countInto(counts, edges, values);
  return { edges, ...counts, exact: true };
}

/** A matrix for the picture: leading axes are laid one under the other. */
function flattened(shape: readonly number[]): readonly number[] {
  if (shape.length <= 2) return shape;
  return [shape.slice(0, -1).reduce((product, size) => product * size, 1), shape[shape.length - 1]!];
}
