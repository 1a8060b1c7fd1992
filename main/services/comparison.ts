import { align, byteLengthOf, isOtherDialect, type Match } from '#main/services/alignment.ts';
import type { OpenCheckpoint } from '#main/services/checkpoints.ts';
import { comparedRow } from '#main/services/compared-row.ts';
import { tasksAtOnce, type Compute } from '#main/services/compute.ts';
import { metadataDifferences } from '#main/services/metadata-difference.ts';
import { pacedUpdates } from '#main/services/paced-updates.ts';
import { longestFirst, sideBySide } from '#main/services/side-by-side.ts';
import { turns } from '#main/services/turns.ts';
import type { CompareUpdate } from '#shared/commands/checkpoint.ts';
import type { Comparison, ComparisonRow, ComparisonVerdict } from '#shared/statistics.ts';
import type { TensorInfo } from '#shared/tensor.ts';

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
  const total = matches.reduce((sum, match) => sum + byteLengthOf(match), 0);
  const rows = new Array<readonly ComparisonRow[]>(matches.length);
  const underWay = tasksAtOnce(compute);
  const inTurn = turns(underWay);
  let done = 0;

  const updates = pacedUpdates<ComparisonRow>((finished) =>
    options.progress({
      done: Math.floor(done),
      total,
      unit: 'bytes',
      ...(finished.length > 0 ? { rows: finished } : {}),
    }),
  );
  const onRead = (byteLength: number) => {
    done = Math.min(total, done + byteLength);
    updates.tell();
  };
  await sideBySide(longestFirst(matches, byteLengthOf), underWay, async (index) => {
    const match = matches[index]!;
    rows[index] = isCounterpart(match, isTranslated)
      ? [await comparedRow(a, b, match, compute, { ...options, inTurn, onRead })]
      : strangers(match);
    updates.tell(rows[index]);
  });
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

/** The weakest state of all rows. */
export function verdictOf(rows: readonly ComparisonRow[]): ComparisonVerdict {
  const rank: readonly ComparisonVerdict[] = ['identical', 'equal-values', 'within-tolerance', 'different'];
  return rows.reduce<ComparisonVerdict>((worst, { state }) => {
    const own = rank.includes(state as ComparisonVerdict) ? (state as ComparisonVerdict) : 'different';
    return rank.indexOf(own) > rank.indexOf(worst) ? own : worst;
  }, 'identical');
}
