import { defineStore } from 'pinia';
import { computed, ref, shallowRef } from 'vue';

import { useCall } from '#renderer/client/use-call.ts';
import { ROW_STATES, countStates, rowKey, worstFirst } from '#renderer/stores/comparison-order.ts';
import type { PickedFile } from '#shared/bridge.ts';
import type { Comparison, ComparisonRow, RowState } from '#shared/statistics.ts';

export type Side = 'original' | 'clone';

/** Two checkpoints side by side: which, how far apart they may be, and what came of it. */
export const useComparison = defineStore('comparison', () => {
  const original = shallowRef<PickedFile>();
  const clone = shallowRef<PickedFile>();
  /** Absolute and relative; absent means bits decide. */
  const tolerance = shallowRef<readonly [number, number]>();
  /** In the order of the file, while they arrive. */
  const rows = shallowRef<readonly ComparisonRow[]>([]);
  const comparison = shallowRef<Comparison>();
  /** The tolerance that the rows at hand were compared with. */
  const usedTolerance = shallowRef<readonly [number, number]>();
  /** States whose rows are hidden. */
  const hidden = ref<readonly RowState[]>([]);
  const chosenKey = ref<string>();

  const running = useCall('checkpoint.compare', {
    title: () => `Comparing ${original.value?.name ?? ''} with ${clone.value?.name ?? ''}`,
    onProgress: (update) => {
      if (update.rows?.length) rows.value = [...rows.value, ...update.rows];
    },
  });

  const ordered = computed(() => worstFirst(rows.value));
  const counts = computed(() => countStates(rows.value));
  const states = computed(() => ROW_STATES.filter((state) => counts.value[state] > 0));
  const shown = computed(() => ordered.value.filter((row) => !hidden.value.includes(row.state)));
  const chosen = computed(() => rows.value.find((row) => rowKey(row) === chosenKey.value));
  const canRun = computed(() => original.value !== undefined && clone.value !== undefined);

  function put(side: Side, file: PickedFile | undefined): void {
    if (side === 'original') original.value = file;
    else clone.value = file;
    clear();
  }

  function swap(): void {
    [original.value, clone.value] = [clone.value, original.value];
    clear();
    void run();
  }

  function setTolerance(value: readonly [number, number] | undefined): void {
    tolerance.value = value;
  }

  /** Compares what stands on the two sides; does nothing while one is empty. */
  async function run(): Promise<void> {
    if (!original.value || !clone.value) return;
    const wasChosen = chosenKey.value;
    clear();
    usedTolerance.value = tolerance.value;
    const limits = tolerance.value;
    const result = await running.run({
      a: original.value.file,
      b: clone.value.file,
      ...(limits ? { tolerance: [limits[0], limits[1]] } : {}),
    });
    if (!result) return;
    comparison.value = result;
    rows.value = result.rows;
    const stillThere = result.rows.some((row) => rowKey(row) === wasChosen);
    chosenKey.value = stillThere ? wasChosen : ordered.value[0] && rowKey(ordered.value[0]);
  }

  function choose(row: ComparisonRow): void {
    chosenKey.value = rowKey(row);
  }

  function toggle(state: RowState): void {
    hidden.value = hidden.value.includes(state)
      ? hidden.value.filter((other) => other !== state)
      : [...hidden.value, state];
  }

  function showAll(): void {
    hidden.value = [];
  }

  function clear(): void {
    running.reset();
    rows.value = [];
    comparison.value = undefined;
    chosenKey.value = undefined;
    hidden.value = [];
  }

  return {
    original,
    clone,
    tolerance,
    usedTolerance,
    rows,
    comparison,
    hidden,
    chosenKey,
    ordered,
    counts,
    states,
    shown,
    chosen,
    canRun,
    progress: running.loadable,
    put,
    swap,
    setTolerance,
    run,
    cancel: running.cancel,
    choose,
    toggle,
    showAll,
  };
});
