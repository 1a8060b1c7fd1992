/** The search for equal tensors in open checkpoints. */
import { defineStore } from 'pinia';

import { useFilePasses, type FilePass } from '#renderer/stores/file-pass.ts';
import type { DuplicateFindings, DuplicateGroup } from '#shared/commands/checkpoint.ts';

/** Groups are known when all tensors have been read. */
export type DuplicateSearch = FilePass<readonly DuplicateGroup[], DuplicateFindings>;

export const useDuplicates = defineStore('duplicates', () => {
  const { passes, run, stop } = useFilePasses('checkpoint.find-duplicates', {
    doing: 'Looking for equal tensors in',
    nothing: [] as readonly DuplicateGroup[],
    add: (groups) => groups,
    all: ({ groups }) => groups,
  });
  return { searches: passes, search: run, stop };
});
