/** The search for NaNs and infinities in open checkpoints: one file at a time, each file's findings kept while it is open. */
import { defineStore } from 'pinia';
import { shallowReactive, watch } from 'vue';

import { useCall } from '#renderer/client/use-call.ts';
import { useCheckpoints } from '#renderer/stores/checkpoints.ts';
import type { FileId } from '#shared/bridge.ts';
import type { NonFiniteFindings, NonFiniteTensor } from '#shared/commands/checkpoint.ts';
import { escapeName } from '#shared/display.ts';
import type { AppError } from '#shared/errors.ts';

export interface NonFiniteSearch {
  /** `stopped`: called off, so that only part of the file was looked through. */
  readonly state: 'searching' | 'stopped' | 'done' | 'failed';
  /** Found so far; in the order of the file once it is done. */
  readonly tensors: readonly NonFiniteTensor[];
  /** There once it is done. */
  readonly findings?: NonFiniteFindings;
  readonly error?: AppError;
}

export const useNonFinite = defineStore('non-finite', () => {
  const checkpoints = useCheckpoints();
  const searches = shallowReactive(new Map<FileId, NonFiniteSearch>());
  const running = useCall('checkpoint.find-non-finite', {
    title: ({ file }) => `Looking for NaN and ∞ in ${escapeName(checkpoints.find(file)?.name ?? 'a file')}`,
    onProgress: ({ found = [] }) => {
      const search = current === undefined ? undefined : searches.get(current);
      if (current === undefined || !search || found.length === 0) return;
      searches.set(current, { ...search, tensors: [...search.tensors, ...found] });
    },
  });
  let current: FileId | undefined;

  /** Looks through every element of an open checkpoint; another search that runs is called off. */
  async function search(file: FileId): Promise<void> {
    stop();
    current = file;
    searches.set(file, { state: 'searching', tensors: [] });
    const findings = await running.run({ file });
    if (current !== file) return;
    current = undefined;
    if (findings) searches.set(file, { state: 'done', tensors: findings.tensors, findings });
    else settle(file);
  }

  /** Ends what was under way without an answer: it failed, or the person called it off in the status bar. */
  function settle(file: FileId): void {
    const { tensors } = searches.get(file) ?? { tensors: [] };
    const { state, error } = running.loadable;
    if (state === 'failed' && error) searches.set(file, { state: 'failed', tensors, error });
    else searches.set(file, { state: 'stopped', tensors });
  }

  function stop(): void {
    const file = current;
    if (file === undefined) return;
    current = undefined;
    running.cancel();
    settle(file);
  }

  watch(
    () => checkpoints.open,
    (open) => {
      for (const file of searches.keys()) {
        if (open.some((one) => one.file === file)) continue;
        if (current === file) stop();
        searches.delete(file);
      }
    },
  );

  return { searches, search, stop };
});
