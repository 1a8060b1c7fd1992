/** The words around saving: what formats hold, what a new file is called, what its proof says. */
import type { VerdictTone } from '#renderer/ui/VerdictBadge.vue';
import type { SavedCheckpoint } from '#shared/commands/checkpoint.ts';
import { formatCount } from '#shared/display.ts';

export type SaveFormat = 'safetensors' | 'npz' | 'npy';

export const SAVE_CHOICES: readonly { value: SaveFormat; title: string; about: string }[] = [
  {
    value: 'safetensors',
    title: 'safetensors',
    about: 'All tensors by name, for any framework. Metadata come along as text.',
  },
  {
    value: 'npz',
    title: 'NumPy .npz',
    about: 'All tensors by name, as numpy.load and mxnet.npx.load read them.',
  },
  { value: 'npy', title: 'NumPy .npy', about: 'One tensor, without a name.' },
];

/** The old name without its ending, under the new one. */
export function suggestedName(name: string, format: SaveFormat): string {
  const stem = name.replace(/\.(?:pt|pth|bin|params|npy|npz|safetensors|index|ckpt)$/i, '');
  return `${stem.replace(/[/\\:*?"<>|\p{Cc}]/gu, '-') || 'checkpoint'}.${format}`;
}

export interface Proof {
  readonly tone: VerdictTone;
  readonly verdict: string;
  readonly sentence: string;
}

/** The new file was reopened and compared with what was to be saved: what came of it. */
export function proofOf({ proof }: SavedCheckpoint): Proof {
  const total = proof.rows.length;
  const identical = proof.rows.filter(({ state }) => state === 'identical').length;
  const count = `${formatCount(identical)} of ${formatCount(total)} tensors`;
  if (proof.verdict === 'identical') {
    return {
      tone: 'good',
      verdict: `Identical: ${count}, every bit`,
      sentence: 'The file was reopened and compared with what is open here.',
    };
  }
  return {
    tone: 'bad',
    verdict: `Not the same: ${count} are identical`,
    sentence: `Reopened, the file differs from what is open here: ${differing(proof.rows)}.`,
  };
}

function differing(rows: SavedCheckpoint['proof']['rows']): string {
  const names = rows
    .filter(({ state }) => state !== 'identical')
    .map(({ name, state }) => `${name} (${state})`);
  return names.length > 4 ? `${names.slice(0, 4).join(', ')} and ${names.length - 4} more` : names.join(', ');
}
