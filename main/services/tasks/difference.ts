import { addDifference, hasEqualBytes } from '#main/kernels/difference.ts';
import { emptyDifference, type DifferenceSums } from '#main/kernels/difference-sums.ts';
import type { DifferenceOptions } from '#main/kernels/pair-by-pair.ts';
import type { TensorReader } from '#main/formats/read.ts';
import { elementOfWhole } from '#main/services/boxes.ts';
import { withReader, withStoredReader, type TensorPlan } from '#main/services/tensor-plan.ts';
import { windowPairs } from '#main/services/window-pairs.ts';
import { silent, windowsOf, type ElementRange, type Pass } from '#main/services/windows.ts';
import { dtypeInfo } from '#shared/dtype.ts';
import type { SliceAxis } from '#shared/slice.ts';

export interface DifferenceTask extends ElementRange {
  readonly a: TensorPlan;
  /** Of A's shape; a transposed partner comes with its axes turned. Absent where its bits are known to be A's. */
  readonly b?: TensorPlan;
  readonly tolerance?: readonly [number, number];
  /** Where both tensors are a box of the whole ones: where it lies, and their shape. */
  readonly box?: BoxPlace;
  /** That the whole pair is not identical is known: figures are then wanted of what is, too. */
  readonly isDifferent?: boolean;
}

export interface BoxPlace {
  readonly slices: readonly SliceAxis[];
  readonly shape: readonly number[];
}

/** What one thread found in its part of a pair. */
export interface DifferencePart {
  /** All that is stored is the same, bit by bit. False where that was not looked at. */
  readonly isIdentical: boolean;
  /**
   * Figures of each window in turn, as the order of adding them is part of a result; places are those in the whole pair.
   * None where all is identical, unless that is packed: those are at hand before it is known to be.
   */
  readonly windows: readonly DifferenceSums[];
}

const IDENTICAL: DifferencePart = { isIdentical: true, windows: [] };

/** One pass over a pair of equal shapes, or over a part of it: up to the first window that differs, bits alone are compared. */
export async function differenceTask(task: DifferenceTask, pass: Pass): Promise<DifferencePart> {
  const { a, b = a, tolerance } = task;
  const options: WindowOptions = {
    dtypeA: a.tensor.dtype,
    dtypeB: b.tensor.dtype,
    ...(tolerance ? { tolerance } : {}),
    placeOf: placeFinder(task),
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
    withReader(b, (readerB) =>
      isPacked(a) || isPacked(b)
        ? windowsAtOnce(readerA, readerB, { ...options, mayBeIdentical }, pass, task)
        : comparedWindows(readerA, readerB, { ...options, mayBeIdentical }, pass, task),
    ),
  );
}

interface WindowOptions extends DifferenceOptions {
  /** The place of a task's element in the whole pair, both in C order. */
  readonly placeOf: (index: number) => number;
}

interface ComparedOptions extends WindowOptions {
  readonly mayBeIdentical: boolean;
}

function placeFinder({ a, box }: DifferenceTask): (index: number) => number {
  if (!box) return (index) => index;
  return (index) => elementOfWhole({ slices: box.slices, tensor: a.tensor }, index, box.shape);
}

/** Whether values have to be unpacked to be read: twice would take twice as long. */
function isPacked({ tensor: { storage }, sources = [] }: TensorPlan): boolean {
  return storage.kind === 'chunked' || sources.some(({ kind }) => kind === 'inflated' || kind === 'bzip2');
}

async function windowsAtOnce(
  a: TensorReader,
  b: TensorReader,
  { mayBeIdentical, ...options }: ComparedOptions,
  pass: Pass,
  range: ElementRange,
): Promise<DifferencePart> {
  const windows: DifferenceSums[] = [];
  let isIdentical = mayBeIdentical;
  for await (const { start, bytes, other } of windowPairs(a, b, pass, range)) {
    isIdentical &&= hasEqualBytes(bytes, other);
    windows.push(windowFigures(start, bytes, other, options));
  }
  return { isIdentical, windows };
}

async function comparedWindows(
  a: TensorReader,
  b: TensorReader,
  { mayBeIdentical, ...options }: ComparedOptions,
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
    windows.push(windowFigures(start, bytes, other, options));
  }
  if (equalEnd === undefined) return IDENTICAL;
  // what is identical throughout has no other figures; only where it is not, is its share of the norms needed
  const before = await ownFigures(a, options, silent(pass), { begin, end: equalEnd });
  return { isIdentical: false, windows: [...before, ...windows] };
}

/** Figures of windows whose partners have the same bits. */
async function ownFigures(
  reader: TensorReader,
  options: WindowOptions,
  pass: Pass,
  range: ElementRange,
): Promise<DifferenceSums[]> {
  const windows: DifferenceSums[] = [];
  for await (const { start, bytes } of windowsOf(reader, pass, range)) {
    windows.push(windowFigures(start, bytes, bytes, options));
  }
  return windows;
}

function windowFigures(
  start: number,
  bytes: Uint8Array,
  other: Uint8Array,
  { placeOf, ...options }: WindowOptions,
): DifferenceSums {
  const sums = emptyDifference();
  addDifference(sums, bytes, other, options);
  if (sums.maxAt < 0) return sums;
  const parts = dtypeInfo(options.dtypeA).kind === 'complex' ? 2 : 1;
  const part = sums.maxAt % parts;
  return { ...sums, maxAt: placeOf(start + (sums.maxAt - part) / parts) * parts + part };
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
