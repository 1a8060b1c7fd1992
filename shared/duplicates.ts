/** Equal tensors of one checkpoint: how many they are, and what they cost, in words. */
import type { DuplicateFindings } from '#shared/commands/checkpoint.ts';
import { formatBytes } from '#shared/display.ts';

/** Tensors of all groups. */
export function duplicateCount({ groups }: DuplicateFindings): number {
  return groups.reduce((sum, { names }) => sum + names.length, 0);
}

/** The end of a sentence that says how many there are. */
export function duplicateCost({ sparedBytes }: DuplicateFindings): string {
  return sparedBytes > 0 ? `; ${formatBytes(sparedBytes)} could be spared` : ', and none is stored twice';
}
