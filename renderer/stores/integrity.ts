/** Whether the bytes of open checkpoints are what their files promise. */
import { defineStore } from 'pinia';
import { watch } from 'vue';

import { useCheckpoints } from '#renderer/stores/checkpoints.ts';
import { useFilePasses, type FilePass } from '#renderer/stores/file-pass.ts';
import type { VerifiedCheckpoint, VerifiedTensor } from '#shared/commands/checkpoint.ts';

/** Tensors by name, as far as they have been checked. */
export type IntegrityCheck = FilePass<ReadonlyMap<string, VerifiedTensor>, VerifiedCheckpoint>;

/** Files up to this size are checked unasked, in bytes of tensors: that takes less time than a look at them. */
const UNASKED_BYTES = 64 * 2 ** 20;

export const useIntegrity = defineStore('integrity', () => {
  const checkpoints = useCheckpoints();
  const { passes, run, stop } = useFilePasses('checkpoint.verify', {
    doing: 'Verifying',
    nothing: new Map() as ReadonlyMap<string, VerifiedTensor>,
    add: (tensors, { finished = [] }) => (finished.length === 0 ? tensors : added(tensors, finished)),
    all: ({ tensors }) => added(new Map(), tensors),
  });

  watch(
    () => checkpoints.current,
    (checkpoint) => {
      if (!checkpoint || passes.has(checkpoint.file)) return;
      if (checkpoint.summary.totals.bytes <= UNASKED_BYTES) void run(checkpoint.file);
    },
    { immediate: true },
  );

  return { checks: passes, verify: run, stop };
});

function added(
  known: ReadonlyMap<string, VerifiedTensor>,
  finished: readonly VerifiedTensor[],
): ReadonlyMap<string, VerifiedTensor> {
  const all = new Map(known);
  for (const tensor of finished) all.set(tensor.name, tensor);
  return all;
}
