/** Whether the bytes of open checkpoints are what their files promise: one file at a time, each file's answer kept while it is open. */
import { defineStore } from 'pinia';
import { shallowReactive, watch } from 'vue';

import { useCall } from '#renderer/client/use-call.ts';
import { useCheckpoints } from '#renderer/stores/checkpoints.ts';
import type { FileId } from '#shared/bridge.ts';
import type { Integrity } from '#shared/checkpoint.ts';
import type { VerifiedTensor } from '#shared/commands/checkpoint.ts';
import { escapeName } from '#shared/display.ts';
import type { AppError } from '#shared/errors.ts';

export interface IntegrityCheck {
  /** `stopped`: called off, so that only some tensors have an answer. */
  readonly state: 'checking' | 'stopped' | 'done' | 'failed';
  /** By name, as far as they have been checked. */
  readonly tensors: ReadonlyMap<string, VerifiedTensor>;
  /** Of the whole file, once it is done. */
  readonly verdict?: Integrity;
  readonly error?: AppError;
}

/** Files up to this size are checked unasked, in bytes of tensors: that takes less time than a look at them. */
const UNASKED_BYTES = 64 * 2 ** 20;

export const useIntegrity = defineStore('integrity', () => {
  const checkpoints = useCheckpoints();
  const checks = shallowReactive(new Map<FileId, IntegrityCheck>());
  const running = useCall('checkpoint.verify', {
    title: ({ file }) => `Verifying ${escapeName(checkpoints.find(file)?.name ?? 'a file')}`,
    onProgress: ({ finished = [] }) => {
      const check = current === undefined ? undefined : checks.get(current);
      if (current === undefined || !check || finished.length === 0) return;
      checks.set(current, { ...check, tensors: added(check.tensors, finished) });
    },
  });
  let current: FileId | undefined;

  /** Checks all that an open checkpoint records; another check that runs is called off. */
  async function verify(file: FileId): Promise<void> {
    stop();
    current = file;
    checks.set(file, { state: 'checking', tensors: new Map() });
    const answer = await running.run({ file });
    if (current !== file) return;
    current = undefined;
    if (answer) {
      checks.set(file, { state: 'done', tensors: added(new Map(), answer.tensors), verdict: answer.verdict });
    } else settle(file);
  }

  function settle(file: FileId): void {
    const tensors = checks.get(file)?.tensors ?? new Map<string, VerifiedTensor>();
    const { state, error } = running.loadable;
    if (state === 'failed' && error) checks.set(file, { state: 'failed', tensors, error });
    else checks.set(file, { state: 'stopped', tensors });
  }

  function stop(): void {
    const file = current;
    if (file === undefined) return;
    current = undefined;
    running.cancel();
    settle(file);
  }

  watch(
    () => checkpoints.current,
    (checkpoint) => {
      if (!checkpoint || checks.has(checkpoint.file)) return;
      if (checkpoint.summary.totals.bytes <= UNASKED_BYTES) void verify(checkpoint.file);
    },
    { immediate: true },
  );
  watch(
    () => checkpoints.open,
    (open) => {
      for (const file of checks.keys()) {
        if (open.some((one) => one.file === file)) continue;
        if (current === file) stop();
        checks.delete(file);
      }
    },
  );

  return { checks, verify, stop };
});

function added(
  known: ReadonlyMap<string, VerifiedTensor>,
  finished: readonly VerifiedTensor[],
): ReadonlyMap<string, VerifiedTensor> {
  const all = new Map(known);
  for (const tensor of finished) all.set(tensor.name, tensor);
  return all;
}
