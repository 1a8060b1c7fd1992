import { addDifference, emptyDifference, type DifferenceSums } from '#main/kernels/difference.ts';
import { withReader, withStoredReader, type TensorPlan } from '#main/services/tensor-plan.ts';
import { windowsOf, type Pass } from '#main/services/windows.ts';

export interface DifferenceTask {
  readonly a: TensorPlan;
  /** Of A's shape; a transposed partner comes with its axes turned. */
  readonly b: TensorPlan;
  readonly tolerance?: readonly [number, number];
}

export interface DifferenceAnswer extends DifferenceSums {
  /** The blocks differ, whatever the numbers that they stand for. */
  readonly hasOtherBlocks?: true;
}

/** All figures of a pair of equal shapes, in one pass over both. */
export async function differenceTask(task: DifferenceTask, pass: Pass): Promise<DifferenceAnswer> {
  const sums = await valueDifference(task, pass);
  const { a, b } = task;
  const isWorthALook = sums.changed === 0 && a.blocks && a.blocks.dtype === b.blocks?.dtype;
  if (!isWorthALook || (await haveSameBlocks(a, b, pass))) return sums;
  return { ...sums, hasOtherBlocks: true };
}

function haveSameBlocks(a: TensorPlan, b: TensorPlan, pass: Pass): Promise<boolean> {
  return withStoredReader(a, (readerA) =>
    withStoredReader(b, async (readerB) => {
      for await (const { start, bytes } of windowsOf(readerA, pass)) {
        const other = await readerB.read(start, bytes.byteLength / readerA.elementByteLength, pass.signal);
        if (bytes.some((byte, index) => byte !== other[index])) return false;
      }
      return true;
    }),
  );
}

async function valueDifference(task: DifferenceTask, pass: Pass): Promise<DifferenceSums> {
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
