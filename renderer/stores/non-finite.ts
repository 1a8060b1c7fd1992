/** The search for NaNs and infinities in open checkpoints. */
import { defineStore } from 'pinia';

import { useFilePasses, type FilePass } from '#renderer/stores/file-pass.ts';
import type { NonFiniteFindings, NonFiniteTensor } from '#shared/commands/checkpoint.ts';

/** Tensors found so far; in the order of the file once it is done. */
export type NonFiniteSearch = FilePass<readonly NonFiniteTensor[], NonFiniteFindings>;

export const useNonFinite = defineStore('non-finite', () => {
  const { passes, run, stop } = useFilePasses('checkpoint.find-non-finite', {
    doing: 'Looking for NaN and ∞ in',
    nothing: [] as readonly NonFiniteTensor[],
    add: (tensors, { found = [] }) => (found.length === 0 ? tensors : [...tensors, ...found]),
    all: ({ tensors }) => tensors,
  });
  return { searches: passes, search: run, stop };
});
