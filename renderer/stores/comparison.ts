import { defineStore } from 'pinia';
import { computed, ref, shallowRef, watch } from 'vue';

import { useCall } from '#renderer/client/use-call.ts';
import { useCheckpoints, type OpenCheckpoint } from '#renderer/stores/checkpoints.ts';
import {
  ROW_STATES,
  countStates,
  likelyPairs,
  rowKey,
  worstFirst,
} from '#renderer/stores/comparison-order.ts';
import { useNavigation } from '#renderer/stores/navigation.ts';
import type { FileId } from '#shared/bridge.ts';
import { escapeName } from '#shared/display.ts';
import type { Comparison, ComparisonRow, RowState } from '#shared/statistics.ts';

export type Side = 'original' | 'clone';

/** How often rows that stream in are put in order and shown: a hundred thousand of them take a while to sort. */
const PACE_MS = 250;

/** Two checkpoints side by side: which, how far apart they may be, and what came of it. */
export const useComparison = defineStore('comparison', () => {
  const checkpoints = useCheckpoints();
  const navigation = useNavigation();
  const files = shallowRef<Readonly<Record<Side, FileId | undefined>>>({
    original: undefined,
    clone: undefined,
  });
  const original = computed(() => find(files.value.original));
  const clone = computed(() => find(files.value.clone));
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
  /** While something else on the screen opens files for itself. */
  const isHeld = ref(false);

  let arrived: ComparisonRow[] = [];
  let publishing: ReturnType<typeof setTimeout> | undefined;
  const running = useCall('checkpoint.compare', {
    title: () =>
      `Comparing ${escapeName(original.value?.name ?? '')} with ${escapeName(clone.value?.name ?? '')}`,
    onProgress: (update) => {
      for (const row of update.rows ?? []) arrived.push(row);
      publishing ??= setTimeout(publish, PACE_MS);
    },
  });

  function publish(): void {
    clearTimeout(publishing);
    publishing = undefined;
    if (running.loadable.state === 'loading') rows.value = arrived.slice();
  }

  const ordered = computed(() => worstFirst(rows.value));
  const counts = computed(() => countStates(rows.value));
  const states = computed(() => ROW_STATES.filter((state) => counts.value[state] > 0));
  const likely = computed(() => likelyPairs(comparison.value?.rows ?? []));
  const shown = computed(() => ordered.value.filter((row) => !hidden.value.includes(row.state)));
  const chosen = computed(() => rows.value.find((row) => rowKey(row) === chosenKey.value));
  const canRun = computed(() => original.value !== undefined && clone.value !== undefined);

  function find(file: FileId | undefined): OpenCheckpoint | undefined {
    return file === undefined ? undefined : checkpoints.find(file);
  }

  /** Puts an open checkpoint on a side; with both sides taken the comparison begins. */
  function put(side: Side, file: FileId | undefined): void {
    if (files.value[side] === file) return;
    files.value = { ...files.value, [side]: file };
    clear();
    void run();
  }

  function swap(): void {
    files.value = { original: files.value.clone, clone: files.value.original };
    clear();
    void run();
  }

  /** Offers the first two open checkpoints where nothing was chosen yet; comparing them waits for the person. */
  function suggest(): void {
    const [first, second] = checkpoints.open;
    if (files.value.original !== undefined || files.value.clone !== undefined) return;
    files.value = { original: first?.file, clone: second?.file };
  }

  // what is opened while this screen is shown was meant for it: the free side takes it, or else the clone's
  watch(
    () => checkpoints.open,
    (now, before) => {
      for (const side of ['original', 'clone'] as const) {
        if (files.value[side] !== undefined && !find(files.value[side])) put(side, undefined);
      }
      if (navigation.screen !== 'compare' || isHeld.value) return;
      for (const { file } of now) {
        if (before.some((known) => known.file === file)) continue;
        put(files.value.original === undefined ? 'original' : 'clone', file);
      }
    },
  );

  function setTolerance(value: readonly [number, number] | undefined): void {
    tolerance.value = value;
  }

  /**
   * Compares what stands on the two sides; does nothing while one is empty.
   * @param map names of the original with names of the clone that are taken to be the same tensors.
   */
  async function run(map: Readonly<Record<string, string>> = {}): Promise<void> {
    if (!original.value || !clone.value) return;
    const wasChosen = chosenKey.value;
    clear();
    usedTolerance.value = tolerance.value;
    const limits = tolerance.value;
    const result = await running.run({
      a: original.value.file,
      b: clone.value.file,
      map: { ...map },
      ...(limits ? { tolerance: [limits[0], limits[1]] } : {}),
    });
    if (!result) return;
    comparison.value = result;
    rows.value = result.rows;
    const stillThere = result.rows.some((row) => rowKey(row) === wasChosen);
    chosenKey.value = stillThere ? wasChosen : ordered.value[0] && rowKey(ordered.value[0]);
  }

  /** Compares anew, with likely pairs taken to be pairs. */
  function pairUp(): Promise<void> {
    return run(likely.value);
  }

  /** What has arrived stays on the screen. */
  function cancel(): void {
    publish();
    running.cancel();
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
    clearTimeout(publishing);
    publishing = undefined;
    arrived = [];
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
    likely,
    chosen,
    canRun,
    progress: running.loadable,
    isHeld,
    put,
    swap,
    suggest,
    setTolerance,
    run,
    pairUp,
    cancel,
    choose,
    toggle,
    showAll,
  };
});
