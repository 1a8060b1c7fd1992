import { addDifference, hasEqualBytes } from '#main/kernels/difference.ts';
import { emptyDifference, type DifferenceSums } from '#main/kernels/difference-sums.ts';
import type { DifferenceOptions } from '#main/kernels/pair-by-pair.ts';
import type { TensorReader } from '#main/formats/read.ts';
import { withReader, withStoredReader, type TensorPlan } from '#main/services/tensor-plan.ts';
import { windowPairs } from '#main/services/window-pairs.ts';
import { silent, windowsOf, type ElementRange, type Pass } from '#main/services/windows.ts';
import { dtypeInfo } from '#shared/dtype.ts';

export interface DifferenceTask extends ElementRange {
  readonly a: TensorPlan;
  /** Of A's shape; a transposed partner comes with its axes turned. Absent where its bits are known to be A's. */
  readonly b?: TensorPlan;
  readonly tolerance?: readonly [number, number];
  /** That the whole pair is not identical is known: figures are then wanted of what is, too. */
  readonly isDifferent?: boolean;
}

/** What one thread found in its part of a pair. */
export interface DifferencePart {
  /** All that is stored is the same, bit by bit. False where that was not looked at. */
  readonly isIdentical: boolean;
  /** Figures of each window in turn, as the order of adding them is part of a result; none where all is identical. */
  readonly windows: readonly DifferenceSums[];
}

const IDENTICAL: DifferencePart = { isIdentical: true, windows: [] };

/** One pass over a pair of equal shapes, or over a part of it: up to the first window that differs, bits alone are compared. */
export async function differenceTask(task: DifferenceTask, pass: Pass): Promise<DifferencePart> {
  const { a, b = a, tolerance } = task;
  const options: DifferenceOptions = {
    dtypeA: a.tensor.dtype,
    dtypeB: b.tensor.dtype,
    ...(tolerance ? { tolerance } : {}),
  };
  if (!task.b) {
    const windows = await withReader(a, (reader) => ownFigures(reader, options, pass, task));
    return { isIdentical: false, windows };
  }
  const isOfOneKind = a.tensor.dtype === b.tensor.dtype && a.blocks?.dtype === b.blocks?.dtype;
  const isSought = isOfOneKind && !task.isDifferent;
  if (isSought && a.blocks && (await haveSameBlocks(a, b, pass, task))) return IDENTICAL;
  // blocks may differ though their numbers do not, and then the norms are told
  const mayBeIdentical = isSought && !a.blocks;
  return withReader(a, (readerA) =>
    withReader(b, (readerB) => comparedWindows(readerA, readerB, { ...options, mayBeIdentical }, pass, task)),
  );
}

async function comparedWindows(
  a: TensorReader,
  b: TensorReader,
  { mayBeIdentical, ...options }: DifferenceOptions & { readonly mayBeIdentical: boolean },
  pass: Pass,
  range: ElementRange,
): Promise<DifferencePart> {
  const { begin = 0 } = range;
  const windows: DifferenceSums[] = [];
  let equalEnd = mayBeIdentical ? undefined : begin;
  for await (const { start, bytes, other } of windowPairs(a, b, pass, range)) {
    if (equalEnd === undefined) {
      if (hasEqualBytes(bytes, other)) continue;
      equalEnd = start;
    }
    windows.push(windowFigures(bytes, other, options));
  }
  if (equalEnd === undefined) return IDENTICAL;
  // what is identical throughout has no other figures; only where it is not, is its share of the norms needed
  const before = await ownFigures(a, options, silent(pass), { begin, end: equalEnd });
  return { isIdentical: false, windows: [...before, ...windows] };
}

/** Figures of windows whose partners have the same bits. */
async function ownFigures(
  reader: TensorReader,
  options: DifferenceOptions,
  pass: Pass,
  range: ElementRange,
): Promise<DifferenceSums[]> {
  const windows: DifferenceSums[] = [];
  for await (const { bytes } of windowsOf(reader, pass, range)) {
    windows.push(windowFigures(bytes, bytes, options));
  }
  return windows;
}

function windowFigures(bytes: Uint8Array, other: Uint8Array, options: DifferenceOptions): DifferenceSums {
  const sums = emptyDifference();
  addDifference(sums, bytes, other, options);
  return sums;
}

/**
 * Whether the blocks are the same in which a range of elements lies. A view with other axes has blocks of its own.
 * Tells of the range's numbers as read if so.
 */
async function haveSameBlocks(
  a: TensorPlan,
  b: TensorPlan,
  pass: Pass,
  { begin = 0, end }: ElementRange,
): Promise<boolean> {
  if (isView(a) || isView(b)) return false;
  return withStoredReader(a, (readerA, dtype) =>
    withStoredReader(b, async (readerB) => {
      const { blockElements = 1 } = dtypeInfo(dtype);
      const last = end === undefined ? readerA.elementCount : Math.ceil(end / blockElements);
      const range = { begin: Math.floor(begin / blockElements), end: last };
      for await (const { bytes, other } of windowPairs(readerA, readerB, silent(pass), range)) {
        if (!hasEqualBytes(bytes, other)) return false;
      }
      pass.onRead?.(2 * NUMBER_BYTES * (last * blockElements - begin));
      return true;
    }),
  );
}

/** What a block's numbers are read as: f32. */
const NUMBER_BYTES = 4;

function isView({ tensor: { storage } }: TensorPlan): boolean {
  return storage.kind === 'dense' && storage.strides !== undefined;
}
