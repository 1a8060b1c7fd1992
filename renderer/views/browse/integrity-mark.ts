/** The state of a tensor's bytes in a word, and what it rests on. */
import type { IntegrityCheck } from '#renderer/stores/integrity.ts';
import type { VerdictTone } from '#renderer/ui/VerdictBadge.vue';
import type { Integrity } from '#shared/checkpoint.ts';
import { escapeName, formatCount } from '#shared/display.ts';

export interface IntegrityWords {
  readonly tone: VerdictTone;
  readonly word: string;
  /** Said on hover. */
  readonly about: string;
}

const TONES: Readonly<Record<Integrity, VerdictTone>> = {
  verified: 'good',
  'not-recorded': 'neutral',
  failed: 'bad',
};
const WORDS: Readonly<Record<Integrity, string>> = {
  verified: 'verified',
  'not-recorded': 'no checksum recorded',
  failed: 'damaged',
};
const MEANINGS: Readonly<Record<Integrity, string>> = {
  verified: 'The checksum in the file is that of these bytes',
  'not-recorded': 'The file has no checksum for these bytes; their place and length are right',
  failed: 'These bytes are not what the file says of them',
};

/** @returns undefined where there is no answer yet. */
export function integrityMark(check: IntegrityCheck, tensor: string | undefined): IntegrityWords | undefined {
  const row = tensor === undefined ? undefined : check.findings.get(tensor);
  const state = tensor === undefined ? check.answer?.verdict : row?.state;
  if (state === undefined) return undefined;
  const { file, range } = row ?? {};
  const place =
    file !== undefined && range !== undefined
      ? `\nbytes ${formatCount(range[0])} to ${formatCount(range[1])} of ${escapeName(file)}`
      : '';
  return { tone: TONES[state], word: WORDS[state], about: `${MEANINGS[state]}.${place}` };
}
