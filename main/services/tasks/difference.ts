import { borrowWindow } from '#main/kernels/analysis-module.ts';
import { addDifference, hasEqualBytes } from '#main/kernels/difference.ts';
import { emptyDifference, type DifferenceSums } from '#main/kernels/pair-by-pair.ts';
import type { TensorReader } from '#main/formats/read.ts';
import { withReader, withStoredReader, type TensorPlan } from '#main/services/tensor-plan.ts';
import { readWindow, silent, windowsOf, type Pass, type Window } from '#main/services/windows.ts';

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
      const equal = await equalPrefix(readerA, readerB, silent(pass));
      return equal === readerA.elementCount;
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
      // blocks may differ though their numbers do not, and then the norms are told
      const mayBeIdentical = options.dtypeA === options.dtypeB && !a.blocks;
      const equal = mayBeIdentical ? await equalPrefix(readerA, readerB, pass) : 0;
      // what is identical throughout has no other figures; only where it is not, is its share of the norms needed
      if (equal === readerA.elementCount) return { ...sums, compared: equal };
      for await (const { bytes } of windowsOf(readerA, silent(pass), { end: equal })) {
        addDifference(sums, bytes, bytes, options);
      }
      for await (const { bytes, other } of pairsOf(readerA, readerB, pass, equal)) {
        addDifference(sums, bytes, other, options);
      }
      return sums;
    }),
  );
}

/** How many elements there are before the first window whose bytes differ. */
async function equalPrefix(a: TensorReader, b: TensorReader, pass: Pass): Promise<number> {
  for await (const { start, bytes, other } of pairsOf(a, b, pass, 0)) {
    if (!hasEqualBytes(bytes, other)) return start;
  }
  return a.elementCount;
}

interface WindowPair extends Window {
  readonly other: Uint8Array;
}

async function* pairsOf(
  a: TensorReader,
  b: TensorReader,
  pass: Pass,
  begin: number,
): AsyncGenerator<WindowPair, void, undefined> {
  const input = borrowWindow();
  try {
    for await (const { start, bytes } of windowsOf(a, pass, { begin })) {
      const other = await readWindow(b, start, bytes.byteLength / a.elementByteLength, pass, input);
      pass.onRead?.(other.byteLength);
      yield { start, bytes, other };
    }
  } finally {
    input.release();
  }
}
