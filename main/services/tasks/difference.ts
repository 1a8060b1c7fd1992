import { addDifference, emptyDifference, type DifferenceSums } from '#main/kernels/difference.ts';
import { withReader, type TensorPlan } from '#main/services/tensor-plan.ts';
import { windowsOf, type Pass } from '#main/services/windows.ts';

export interface DifferenceTask {
  readonly a: TensorPlan;
  /** Of A's shape; a transposed partner comes with its axes turned. */
  readonly b: TensorPlan;
  readonly tolerance?: readonly [number, number];
}

/** All figures of a pair of equal shapes, in one pass over both. */
export async function differenceTask(task: DifferenceTask, pass: Pass): Promise<DifferenceSums> {
  const { a, b, tolerance } = task;
  const options = {
    dtypeA: a.tensor.dtype,
    dtypeB: b.tensor.dtype,
    ...(tolerance ? { tolerance } : {}),
  };
  return withReader(a, (readerA) =>
    withReader(b, async (readerB) => {
      const sums = emptyDifference();
      for await (const { start, bytes } of windowsOf(readerA, pass)) {
        const count = bytes.byteLength / readerA.elementByteLength;
        const other = await readerB.read(start, count, pass.signal);
        pass.onRead?.(other.byteLength);
        addDifference(sums, bytes, other, options);
      }
      return sums;
    }),
  );
}
