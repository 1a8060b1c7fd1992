import { align, isOtherDialect, type Match } from '#main/services/alignment.ts';
import type { OpenCheckpoint } from '#main/services/checkpoints.ts';
import type { Compute } from '#main/services/compute.ts';
import { metadataDifferences } from '#main/services/metadata-difference.ts';
import { pacedUpdates } from '#main/services/paced-updates.ts';
import { transposedTensor } from '#main/services/sliced-tensor.ts';
import { viewPlan } from '#main/services/tensor-plan.ts';
import type { DifferenceAnswer } from '#main/services/tasks/difference.ts';
import type { CompareUpdate } from '#shared/commands/checkpoint.ts';
import { dtypeInfo, elementByteLength, isReal, valueDtype } from '#shared/dtype.ts';
import { isAppError } from '#shared/errors.ts';
import type { Comparison, ComparisonRow, ComparisonVerdict, RowState } from '#shared/statistics.ts';
import { coordinateOf, type TensorInfo } from '#shared/tensor.ts';

export interface CompareOptions {
  readonly map?: Readonly<Record<string, string>> | undefined;
  readonly tolerance?: readonly [number, number] | undefined;
  readonly signal: AbortSignal;
  readonly progress: (update: CompareUpdate) => void;
}

/** Compares every tensor of two checkpoints. Mismatches are rows, never errors. */
export async function compareCheckpoints(
  a: OpenCheckpoint,
  b: OpenCheckpoint,
  compute: Compute,
  options: CompareOptions,
): Promise<Comparison> {
  const { matches, onlyA, onlyB } = align(a.summary, b.summary, options.map);
  const isTranslated = isOtherDialect(a.summary, b.summary);
  const total = matches.reduce((sum, match) => sum + match.a.byteLength + match.b.byteLength, 0);
  const rows = new Array<readonly ComparisonRow[]>(matches.length);
  let done = 0;
  let next = 0;

  const updates = pacedUpdates<ComparisonRow>((finished) =>
    options.progress({ done, total, unit: 'bytes', ...(finished.length > 0 ? { rows: finished } : {}) }),
  );
  const onRead = (byteLength: number) => {
    done = Math.min(total, done + byteLength);
    updates.tell();
  };
  const work = async () => {
    for (let index = next++; index < matches.length; index = next++) {
      const match = matches[index]!;
      rows[index] = isCounterpart(match, isTranslated)
        ? [await comparePair(a, b, match, compute, options, onRead)]
        : strangers(match);
      updates.tell(rows[index]);
    }
  };
  await Promise.all(Array.from({ length: compute.width }, work));
  updates.flush();

  const all = [
    ...inOrderOf(a.summary.tensors, [...rows.flat(), ...onlyA.map((tensor) => lone(tensor, 'only-a'))]),
    ...onlyB.map((tensor) => lone(tensor, 'only-b')),
  ];
  return {
    verdict: verdictOf(all),
    rows: all,
    metadata: metadataDifferences(a.summary.metadata, b.summary.metadata),
  };
}

/** Within one dialect another name, or axes turned round, is a difference: only the likely partner is told. */
function isCounterpart({ by }: Match, isTranslated: boolean): boolean {
  return by === 'given' || by === 'name' || isTranslated;
}

function strangers({ a, b, isTransposed }: Match): ComparisonRow[] {
  const turned = isTransposed ? { transposed: true } : {};
  return [
    { ...lone(a, 'only-a'), other: b.name, ...turned },
    { ...lone(b, 'only-b'), other: a.name, ...turned },
  ];
}

function lone({ name, elementCount }: TensorInfo, state: 'only-a' | 'only-b'): ComparisonRow {
  return { name, state, elementCount };
}

function inOrderOf(tensors: readonly TensorInfo[], rows: readonly ComparisonRow[]): ComparisonRow[] {
  const place = new Map(tensors.map(({ name }, index) => [name, index]));
  const at = (row: ComparisonRow) => (row.state === 'only-b' ? Infinity : (place.get(row.name) ?? Infinity));
  return [...rows].sort((left, right) => (at(left) === at(right) ? 0 : at(left) - at(right)));
}

async function comparePair(
  openA: OpenCheckpoint,
  openB: OpenCheckpoint,
  match: Match,
  compute: Compute,
  options: CompareOptions,
  onRead: (byteLength: number) => void,
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
    const sums = await compute.run(
      'difference',
      {
        a: planA,
        b: planB,
        ...(options.tolerance ? { tolerance: options.tolerance } : {}),
      },
      { signal: options.signal, onRead },
    );
    return { ...base, ...figuresOf(sums, a, b, options.tolerance) };
  } catch (error) {
    if (!isAppError(error) || error.code === 'cancelled' || error.code === 'internal') throw error;
    return { ...base, state: 'different', problem: error.message };
  }
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
  sums: DifferenceAnswer,
  a: TensorInfo,
  b: TensorInfo,
  tolerance: readonly [number, number] | undefined,
): Omit<ComparisonRow, 'name'> {
  const isSameDtype = a.dtype === b.dtype;
  const isOtherNumber = valueDtype(a.dtype) !== valueDtype(b.dtype);
  if (isSameDtype && sums.changed === 0 && !sums.hasOtherBlocks)
    return { state: 'identical', changed: 0, maxAbs: 0 };
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

/** The weakest state of all rows. */
export function verdictOf(rows: readonly ComparisonRow[]): ComparisonVerdict {
  const rank: readonly ComparisonVerdict[] = ['identical', 'equal-values', 'within-tolerance', 'different'];
  return rows.reduce<ComparisonVerdict>((worst, { state }) => {
    const own = rank.includes(state as ComparisonVerdict) ? (state as ComparisonVerdict) : 'different';
    return rank.indexOf(own) > rank.indexOf(worst) ? own : worst;
  }, 'identical');
}
