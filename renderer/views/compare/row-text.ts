/** How a row of a comparison reads: its state as a word with a tone, its figures as short and as full text. */
import type { VerdictTone } from '#renderer/ui/VerdictBadge.vue';
import { escapeName, formatCount, formatFigure, formatFull, formatShape } from '#shared/display.ts';
import type { ComparisonRow, RowState } from '#shared/statistics.ts';

export interface StateText {
  readonly word: string;
  readonly tone: VerdictTone;
  /** What it means, in a sentence. */
  readonly about: string;
}

export const STATE_TEXTS: Readonly<Record<RowState, StateText>> = {
  identical: { word: 'identical', tone: 'good', about: 'Every bit is the same.' },
  'equal-values': { word: 'equal values', tone: 'caution', about: 'Numerically equal; some bits differ.' },
  'within-tolerance': {
    word: 'within tolerance',
    tone: 'caution',
    about: 'Values differ by no more than was allowed.',
  },
  different: { word: 'different', tone: 'bad', about: 'Values differ.' },
  'only-a': { word: 'only in original', tone: 'bad', about: 'The clone has no such tensor.' },
  'only-b': { word: 'only in clone', tone: 'bad', about: 'The original has no such tensor.' },
  shape: { word: 'shape', tone: 'bad', about: 'The shapes differ.' },
  dtype: { word: 'dtype', tone: 'caution', about: 'The dtypes differ.' },
};

/** Name in the original, and the clone's where it differs. */
export function nameText(row: ComparisonRow): string {
  const name = escapeName(row.name);
  return row.other === undefined ? name : `${name} ↔ ${escapeName(row.other)}`;
}

/** Why there is nothing to compare, and what the tensor may be called on the other side. */
export function absenceText({ state, other }: ComparisonRow): string {
  const { about } = STATE_TEXTS[state];
  return other === undefined ? about : `${about} ${escapeName(other)} may be the same under another name.`;
}

/** What else is to be said of the pair: how it is stored, what explains its difference. */
export function noteText(row: ComparisonRow): string {
  const [shapeA, shapeB] = row.shapes ?? [];
  const [dtypeA, dtypeB] = row.dtypes ?? [];
  const notes = [
    ...(row.transposed ? ['transposed'] : []),
    ...(row.cast ? ['rounding explains it'] : []),
    ...(row.state === 'shape' && shapeA && shapeB ? [`${formatShape(shapeA)} / ${formatShape(shapeB)}`] : []),
    ...(dtypeA && dtypeB && dtypeA !== dtypeB ? [`${dtypeA} / ${dtypeB}`] : []),
  ];
  return notes.join(', ');
}

/** A figure that an identical pair need not be told: 0 and 1 are said by the verdict. */
export function figureText(value: number | bigint | undefined): string {
  return value === undefined ? '' : formatFigure(value);
}

export function fullText(value: number | bigint | undefined): string | undefined {
  return value === undefined ? undefined : formatFull(value);
}

export function placeText(row: ComparisonRow): string {
  return row.at === undefined ? '' : `[${row.at.join(', ')}]`;
}

/** Elements whose bits differ, with their share. */
export function changedText(row: ComparisonRow): string {
  if (row.changed === undefined || row.state === 'identical') return '';
  return row.elementCount === undefined
    ? formatCount(row.changed)
    : `${formatCount(row.changed)} of ${formatCount(row.elementCount)}`;
}
