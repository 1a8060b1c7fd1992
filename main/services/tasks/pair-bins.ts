/** The second pass over a pair of one shape: both sides, and what is between them, in bins. */
import { countInto, emptyBins } from '#main/kernels/binning.ts';
import { numbersView, placePair } from '#main/kernels/numbers.ts';
import { subtractPair } from '#main/kernels/subtraction.ts';
import { withReader, type TensorPlan } from '#main/services/tensor-plan.ts';
import { windowPairs } from '#main/services/window-pairs.ts';
import type { ElementRange, Pass } from '#main/services/windows.ts';
import type { Histogram } from '#shared/statistics.ts';

export interface PairBinsTask extends ElementRange {
  readonly a: TensorPlan;
  /** Of A's shape. Of both, the values have an order. */
  readonly b: TensorPlan;
  /** Of the bins of both sides. */
  readonly edges: Float64Array;
  /** Of the bins of A - B. */
  readonly differenceEdges: Float64Array;
}

export interface PairBins {
  readonly a: Histogram;
  readonly b: Histogram;
  readonly difference: Histogram;
}

export async function pairBinsTask(
  { a, b, edges, differenceEdges, ...range }: PairBinsTask,
  pass: Pass,
): Promise<PairBins> {
  const [left, right] = [emptyBins(edges.length - 1), emptyBins(edges.length - 1)];
  const difference = emptyBins(differenceEdges.length - 1);
  await withReader(a, (readerA) =>
    withReader(b, async (readerB) => {
      for await (const { bytes, other } of windowPairs(readerA, readerB, pass, range)) {
        const [numbersA, numbersB] = placePair(a.tensor.dtype, bytes, b.tensor.dtype, other);
        countInto(left, edges, numbersView(numbersA));
        countInto(right, edges, numbersView(numbersB));
        subtractPair(numbersA, numbersB, (_, between) =>
          countInto(difference, differenceEdges, numbersView(between)),
        );
      }
    }),
  );
  return {
    a: { edges, ...left, exact: true },
    b: { edges, ...right, exact: true },
    difference: { edges: differenceEdges, ...difference, exact: true },
  };
}
