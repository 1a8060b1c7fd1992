import { defineStore } from 'pinia';
import { computed, shallowRef } from 'vue';

import { useCall } from '#renderer/client/use-call.ts';
import type { Input } from '#shared/commands/commands.ts';
import type { DrillSnapshot } from '#shared/drill.ts';

/** The crash drill that runs, or the last one: how far it came, and what came of it. */
export const useDrill = defineStore('drill', () => {
  const snapshot = shallowRef<DrillSnapshot>();
  const drilling = useCall('run.drill', {
    title: () => 'Drilling crashes',
    onProgress: (update) => (snapshot.value = update),
  });
  const isRunning = computed(() => drilling.loadable.state === 'loading');
  /** Absent while one runs: what the one before came to is history. */
  const report = computed(() => (isRunning.value ? undefined : drilling.loadable.value));

  async function start(params: Input<'run.drill'>): Promise<void> {
    drilling.reset();
    snapshot.value = undefined;
    await drilling.run(params);
  }

  return {
    snapshot,
    isRunning,
    report,
    loadable: drilling.loadable,
    start,
    cancel: drilling.cancel,
  };
});
