/** What a search for equal tensors found, in words. */
import type { DuplicateSearch } from '#renderer/stores/duplicates.ts';
import type { Verdict } from '#renderer/ui/verdict.ts';
import { counted } from '#renderer/views/browse/totals.ts';
import type { DuplicateFindings } from '#shared/commands/checkpoint.ts';
import { escapeName, formatCount } from '#shared/display.ts';
import { duplicateCost, duplicateCount } from '#shared/duplicates.ts';

/** @returns undefined while there is nothing to say yet. */
export function duplicatesVerdict({ state, answer }: DuplicateSearch): Verdict | undefined {
  if (state === 'stopped') {
    return { tone: 'caution', sentence: 'Stopped before the end, so nothing is known.', details: [] };
  }
  if (!answer) return undefined;
  const { groups, searched, problems } = answer;
  const details = [
    `${formatCount(searched.read)} of ${counted(searched.tensors, 'tensor')} have another of their dtype and shape, and were read.`,
    ...problems.map(
      ({ tensor, message }) => `Not read: ${escapeName(tensor ?? 'a tensor')}, ${escapeName(message)}.`,
    ),
  ];
  if (groups.length > 0) return { tone: 'caution', sentence: foundSentence(answer), details };
  return problems.length > 0
    ? { tone: 'caution', sentence: 'No two tensors are equal in what could be read.', details }
    : { tone: 'good', sentence: 'No two tensors are equal.', details };
}

function foundSentence(findings: DuplicateFindings): string {
  const tensors = counted(duplicateCount(findings), 'tensor');
  return `${tensors} are equal to another, bit for bit${duplicateCost(findings)}.`;
}
