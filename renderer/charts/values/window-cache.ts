/** The windows of values at hand: asks for those that are seen, forgets those long out of sight. */
import { shallowRef } from 'vue';

import type { Ask, TensorSubject } from '#renderer/charts/contract.ts';
import { valueInWindow, windowOf, windowSlice, type Grid } from '#renderer/charts/values/grid.ts';
import type { TensorValue, TensorValues } from '#shared/commands/tensor.ts';
import { isCancelled } from '#shared/errors.ts';

/** About 2,000 values each. */
const MOST_WINDOWS = 48;

export interface Area {
  readonly firstRow: number;
  readonly lastRow: number;
  readonly firstColumn: number;
  readonly lastColumn: number;
}

/** One cache serves one plane of one tensor. `first` is the window at the origin, already there. */
export function createWindowCache(subject: TensorSubject, grid: Grid, first: TensorValues, ask: Ask) {
  const windows = new Map<string, TensorValues>([['0:0', first]]);
  const running = new Map<string, AbortController>();
  /** Counts what has come, so that whoever draws knows when to draw again. */
  const version = shallowRef(0);
  const failure = shallowRef<unknown>();

  function valueAt(row: number, column: number): TensorValue | undefined {
    const window = windows.get(windowOf(grid, row, column).key);
    return window && valueInWindow(grid, window, row, column);
  }

  /** Sees to it that an area is there soon; what was asked for other areas is called off. */
  function want(area: Area): void {
    const wanted = new Map<string, readonly [number, number]>();
    const from = windowOf(grid, area.firstRow, area.firstColumn);
    const to = windowOf(grid, area.lastRow, area.lastColumn);
    for (let row = from.windowRow; row <= to.windowRow; row++) {
      for (let column = from.windowColumn; column <= to.windowColumn; column++) {
        wanted.set(`${row}:${column}`, [row, column]);
      }
    }
    for (const [key, controller] of running) if (!wanted.has(key)) controller.abort();
    for (const [key, [row, column]] of wanted) {
      if (windows.has(key)) touch(key);
      else if (!running.has(key)) void load(key, row, column);
    }
  }

  async function load(key: string, row: number, column: number): Promise<void> {
    const controller = new AbortController();
    running.set(key, controller);
    try {
      const params = {
        file: subject.file,
        name: subject.tensor.name,
        slice: windowSlice(grid, row, column),
      };
      windows.set(key, await ask('tensor.values', params, { signal: controller.signal }));
      failure.value = undefined;
      version.value++;
      forgetOldest();
    } catch (error) {
      if (!isCancelled(error)) failure.value = error;
    } finally {
      running.delete(key);
    }
  }

  function touch(key: string): void {
    const window = windows.get(key);
    if (!window) return;
    windows.delete(key);
    windows.set(key, window);
  }

  function forgetOldest(): void {
    for (const key of windows.keys()) {
      if (windows.size <= MOST_WINDOWS) return;
      windows.delete(key);
    }
  }

  function stop(): void {
    for (const controller of running.values()) controller.abort();
  }

  return { valueAt, want, stop, version, failure };
}
