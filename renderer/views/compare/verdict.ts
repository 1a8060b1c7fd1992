/** What a comparison of two checkpoints says in words. */
import { countStates, worstFirst } from '#renderer/stores/comparison-order.ts';
import type { Verdict } from '#renderer/ui/verdict.ts';
import { escapeName, formatCount as count, formatFigure } from '#shared/display.ts';
import type { Progress } from '#shared/commands/command.ts';
import type { Comparison, ComparisonRow, RowState } from '#shared/statistics.ts';

/** The answer over a finished comparison. `original` and `clone` are what the person knows the files by. */
export function verdictOf(comparison: Comparison, tolerance?: readonly [number, number]): Verdict {
  const { rows, verdict } = comparison;
  if (rows.length === 0) {
    return { tone: 'caution', sentence: 'Nothing to compare: neither file holds a tensor.', details: [] };
  }
  const counts = countStates(rows);
  const all = `${count(rows.length)} of ${tensors(rows.length)}`;
  const details = [...metadataDetails(comparison)];
  if (verdict === 'identical') {
    const kept = layoutNotes(rows);
    if (kept) details.unshift(kept);
    return { tone: 'good', sentence: `Identical: ${all}, every bit.`, details };
  }
  if (verdict === 'equal-values') {
    const odd = rows.length - counts.identical;
    const bits = `${count(odd)} stored with other bits (−0 for 0, or another dtype)`;
    return { tone: 'caution', sentence: `Equal values: ${all}; ${bits}.`, details };
  }
  const odd = rows.filter((row) => row.state !== 'identical' && row.state !== 'equal-values');
  if (odd.every((row) => row.cast)) details.unshift('Rounding to the other dtype explains all of it.');
  const worst = worstDetail(rows);
  if (worst) details.unshift(worst);
  if (verdict === 'within-tolerance') {
    const bound = tolerance
      ? ` of ${formatFigure(tolerance[0])} absolute, ${formatFigure(tolerance[1])} relative`
      : '';
    return { tone: 'caution', sentence: `Within tolerance${bound}: ${all}.`, details };
  }
  const kinds = PARTS.filter(([state]) => counts[state] > 0);
  const different = kinds.reduce((sum, [state]) => sum + counts[state], 0);
  const parts = kinds.map(([state, word]) => (kinds.length === 1 ? word : `${count(counts[state])} ${word}`));
  return {
    tone: 'bad',
    sentence: `Different: ${count(different)} of ${tensors(rows.length)}${parts.length ? `, ${parts.join(', ')}` : ''}.`,
    details,
  };
}

/** What can be said while rows still arrive: how many did, how many of them are not identical; `progress` counts bytes. */
export function verdictSoFar(arrived: number, unlike: number, progress?: Progress): string {
  const share =
    progress && progress.total > 0 ? `, ${Math.floor((progress.done / progress.total) * 100)} %` : '';
  const found = unlike === 0 ? 'all identical so far' : `${count(unlike)} not identical so far`;
  return arrived === 0 ? `Comparing${share}…` : `Comparing${share}: ${tensors(arrived)}, ${found}.`;
}

const PARTS: readonly (readonly [RowState, string])[] = [
  ['different', 'by value'],
  ['shape', 'by shape'],
  ['dtype', 'by dtype'],
  ['only-a', 'only in the original'],
  ['only-b', 'only in the clone'],
];

function worstDetail(rows: readonly ComparisonRow[]): string | undefined {
  const worst = worstFirst(rows).find((row) => row.maxAbs !== undefined && row.maxAbs !== 0);
  if (!worst) return undefined;
  const facts = [
    ...(worst.relativeL2 !== undefined && Number.isFinite(worst.relativeL2)
      ? [`relative L2 ${formatFigure(worst.relativeL2)}`]
      : []),
    Number.isFinite(worst.maxAbs) ? `max |d| ${formatFigure(worst.maxAbs!)}` : 'no number on one side',
  ];
  const where = worst.at ? ` at [${worst.at.join(', ')}]` : '';
  const changed = worst.changed === undefined ? '' : `; ${elements(worst.changed)} changed`;
  return `Worst: ${escapeName(worst.name)}, ${facts.join(', ')}${where}${changed}.`;
}

function layoutNotes(rows: readonly ComparisonRow[]): string {
  const transposed = rows.filter((row) => row.transposed).length;
  const renamed = rows.filter((row) => row.other !== undefined).length;
  const notes = [
    ...(transposed ? [`${count(transposed)} stored transposed`] : []),
    ...(renamed ? [`${count(renamed)} under another name`] : []),
  ];
  if (notes.length === 0) return '';
  return `The two files lay the network out in their own ways: ${notes.join(', ')}.`;
}

function metadataDetails({ metadata }: Comparison): string[] {
  if (metadata.length === 0) return [];
  const entries =
    metadata.length === 1
      ? 'One metadata entry differs'
      : `${count(metadata.length)} metadata entries differ`;
  return [`${entries}; that does not change the verdict.`];
}

function tensors(value: number): string {
  return `${count(value)} ${value === 1 ? 'tensor' : 'tensors'}`;
}

function elements(value: number): string {
  return `${count(value)} ${value === 1 ? 'element' : 'elements'}`;
}
