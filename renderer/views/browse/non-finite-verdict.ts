/** What a search for NaNs and infinities found, in words. */
import type { NonFiniteSearch } from '#renderer/stores/non-finite.ts';
import type { Verdict } from '#renderer/ui/verdict.ts';
import { counted } from '#renderer/views/browse/totals.ts';
import type { NonFiniteTensor } from '#shared/commands/checkpoint.ts';
import { escapeName, formatCount } from '#shared/display.ts';

/** @returns undefined while there is nothing to say yet. */
export function nonFiniteVerdict({ state, findings: tensors, answer }: NonFiniteSearch): Verdict | undefined {
  const details: string[] = [];
  if (answer) {
    const { searched, problems } = answer;
    details.push(
      `Looked at ${counted(searched.elements, 'element')} of ${counted(searched.tensors, 'tensor')} that can hold any.`,
    );
    for (const { tensor, message } of problems) {
      details.push(`Not read: ${escapeName(tensor ?? 'a tensor')}, ${escapeName(message)}.`);
    }
  }
  if (state === 'stopped') details.push('Stopped before the end; what was not reached may hold more.');
  if (tensors.length > 0) return { tone: 'bad', sentence: foundSentence(tensors), details };
  if (state === 'done' && answer) {
    return answer.problems.length > 0
      ? { tone: 'caution', sentence: 'No NaN and no ∞ in what could be read.', details }
      : { tone: 'good', sentence: 'No NaN and no ∞ anywhere.', details };
  }
  return state === 'stopped' ? { tone: 'caution', sentence: 'None found so far.', details } : undefined;
}

function foundSentence(tensors: readonly NonFiniteTensor[]): string {
  const total = (key: 'nan' | 'positiveInfinity' | 'negativeInfinity') =>
    tensors.reduce((sum, tensor) => sum + tensor[key], 0);
  const infinities = total('positiveInfinity') + total('negativeInfinity');
  const parts = [
    ...(total('nan') > 0 ? [`${formatCount(total('nan'))} NaN`] : []),
    ...(infinities > 0 ? [`${formatCount(infinities)} ±∞`] : []),
  ];
  return `${parts.join(' and ')} in ${counted(tensors.length, 'tensor')}.`;
}
