/** What a comparison tells of one pair of tensors. */
import { byteLengthOf, type Match } from '#main/services/alignment.ts';
import type { OpenCheckpoint } from '#main/services/checkpoints.ts';
import type { Compute } from '#main/services/compute.ts';
import { pairDifference, type TensorPair } from '#main/services/pair-difference.ts';
import { transposedTensor } from '#main/services/sliced-tensor.ts';
import { viewPlan } from '#main/services/tensor-plan.ts';
import { isTensorProblem } from '#main/services/tensor-problem.ts';
import type { Turns } from '#main/services/turns.ts';
import type { Pass } from '#main/services/windows.ts';
import type { DifferenceSums } from '#main/kernels/difference-sums.ts';
import { dtypeInfo, elementByteLength, isReal, valueDtype } from '#shared/dtype.ts';
import type { ComparisonRow, RowState } from '#shared/statistics.ts';
import { coordinateOf, type TensorInfo } from '#shared/tensor.ts';

export interface PairOptions extends Pass {
  readonly tolerance?: readonly [number, number] | undefined;
  /** Of the whole comparison. */
  readonly inTurn: Turns;
}

/** The row of two tensors that are to be each other's counterparts. `onRead` is told bytes as they are stored. */
export async function comparedRow(
  openA: OpenCheckpoint,
  openB: OpenCheckpoint,
  match: Match,
  compute: Compute,
  { tolerance, inTurn, ...pass }: PairOptions,
): Promise<ComparisonRow> {
  const { a, b, isTransposed } = match;
  const base = {
    name: a.name,
    ...(a.name === b.name ? {} : { other: b.name }),
    ...(isTransposed ? { transposed: true } : {}),
    ...(a.dtype === b.dtype ? {} : { dtypes: [a.dtype, b.dtype] as const }),
    elementCount: a.elementCount,
  };
  const shapeB = isTransposed ? [...b.shape].reverse() : b.shape;
  const isSameShape =
    a.shape.length === shapeB.length && a.shape.every((size, axis) => size === shapeB[axis]);
  if (!isSameShape) return { ...base, state: 'shape', shapes: [a.shape, b.shape], ...turnedHint(a, b) };
  if (a.noData || b.noData) return { ...base, state: a.noData === b.noData ? 'identical' : 'different' };
  const planA = openA.plan(a.name);
  const planB = isTransposed ? viewPlan(openB.plan(b.name), transposedTensor) : openB.plan(b.name);
  const { storage } = planA.tensor;
  if (storage.kind === 'strings' || planB.tensor.storage.kind === 'strings') {
    return { ...base, ...compareTexts(storage, planB.tensor.storage) };
  }
  if (!isComparable(a.dtype, b.dtype)) return { ...base, state: 'dtype' };
  try {
    const pair = { a: planA, b: planB, ...(tolerance ? { tolerance } : {}) };
    const sums = await pairDifference(pair, compute, inTurn, asStored(match, pair, pass));
    return { ...base, ...(sums ? figuresOf(sums, a, b, tolerance) : IDENTICAL) };
  } catch (error) {
    if (!isTensorProblem(error)) throw error;
    return { ...base, state: 'different', problem: error.message };
  }
}

const IDENTICAL = { state: 'identical', changed: 0, maxAbs: 0 } as const;

/** The same pass, told of bytes as they are stored when bytes of numbers are read. */
function asStored(match: Match, { a, b }: TensorPair, { onRead, ...pass }: Pass): Pass {
  const width = elementByteLength(a.tensor.dtype) + elementByteLength(b.tensor.dtype);
  const share = byteLengthOf(match) / Math.max(1, match.a.elementCount * width);
  return onRead ? { ...pass, onRead: (byteLength) => onRead(byteLength * share) } : pass;
}

/** In one dialect a transposed layer is a difference of shape; that it is one is worth telling. */
function turnedHint(a: TensorInfo, b: TensorInfo): { transposed?: true } {
  const isTurned =
    a.shape.length === 2 && b.shape.length === 2 && a.shape[0] === b.shape[1] && a.shape[1] === b.shape[0];
  return isTurned ? { transposed: true } : {};
}

/** Numbers compare with numbers; raw bytes and times only with their own kind. */
function isComparable(a: string, b: string): boolean {
  if (a === b) return dtypeInfo(a).kind !== 'void' || elementByteLength(a) <= 1;
  const isComplex = (dtype: string) => dtypeInfo(dtype).kind === 'complex';
  return (isReal(a) && isReal(b)) || (isComplex(a) && isComplex(b));
}

function compareTexts(a: unknown, b: unknown): { state: RowState; changed?: number } {
  const [left, right] = [textsOf(a), textsOf(b)];
  if (!left || !right) return { state: 'dtype' };
  const changed = left.filter((text, index) => text !== right[index]).length;
  return changed === 0 ? { state: 'identical' } : { state: 'different', changed };
}

function textsOf(storage: unknown): string[] | undefined {
  const { values } = storage as { values?: readonly (string | Uint8Array)[] };
  return values?.map((value) => Buffer.from(value as Uint8Array).toString('hex'));
}

function figuresOf(
  sums: DifferenceSums,
  a: TensorInfo,
  b: TensorInfo,
  tolerance: readonly [number, number] | undefined,
): Omit<ComparisonRow, 'name'> {
  const isSameDtype = a.dtype === b.dtype;
  // blocks may differ though their numbers do not
  const hasBlocks = dtypeInfo(a.dtype).kind === 'block';
  if (isSameDtype && sums.changed === 0 && !hasBlocks) return IDENTICAL;
  const isOtherNumber = valueDtype(a.dtype) !== valueDtype(b.dtype);
  const isClose = tolerance !== undefined && sums.excess <= 0;
  const state: RowState =
    sums.unequal === 0 ? 'equal-values' : isClose ? 'within-tolerance' : isSameDtype ? 'different' : 'dtype';
  const parts = dtypeInfo(a.dtype).kind === 'complex' ? 2 : 1;
  const norms = Math.sqrt(sums.squaresA) * Math.sqrt(sums.squaresB);
  return {
    state,
    ...(isOtherNumber && sums.isCast ? { cast: true } : {}),
    maxAbs: sums.maxAbs,
    ...(sums.maxAt >= 0 ? { at: coordinateOf(Math.floor(sums.maxAt / parts), a.shape) } : {}),
    ...(sums.squaresA > 0 ? { relativeL2: Math.sqrt(sums.squaresDifference / sums.squaresA) } : {}),
    ...(norms > 0 ? { cosine: Math.min(1, Math.max(-1, sums.dot / norms)) } : {}),
    ...(isSameDtype && dtypeInfo(a.dtype).kind === 'float' ? { maxUlp: sums.maxUlp } : {}),
    changed: sums.changed,
  };
}
