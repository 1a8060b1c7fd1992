import { defineStore } from 'pinia';
import { computed, ref, shallowRef } from 'vue';

import { call } from '#renderer/client/client.ts';
import { useCall } from '#renderer/client/use-call.ts';
import { followSnapshots, type Following } from '#renderer/stores/run-following.ts';
import { appendPoints } from '#renderer/stores/run-series.ts';
import type { PickedFile } from '#shared/bridge.ts';
import type { Input } from '#shared/commands/commands.ts';
import { AppError, isAppError, isCancelled } from '#shared/errors.ts';
import {
  RUN_ACTIONS,
  isLive,
  type RunAction,
  type RunDescription,
  type RunPoint,
  type RunSnapshot,
} from '#shared/run.ts';

/** The chapter's network, saved often enough that there is something to restore within the first second. */
const SAMPLE: Input<'run.start'> = { config: { checkpoint: { everySteps: 50 } }, name: 'Sample network' };

/** Every run there is, and the one that is looked at: its newest snapshot, its points, the proof of its restore. */
export const useRuns = defineStore('runs', () => {
  const list = shallowRef<readonly RunDescription[]>([]);
  const current = ref<string>();
  const snapshot = shallowRef<RunSnapshot>();
  const points = shallowRef<readonly RunPoint[]>([]);
  /** Why the last thing asked for did not happen. */
  const error = shallowRef<AppError>();
  const isStarting = ref(false);
  /** Seconds that this window has seen the run train; undefined until it has. */
  const elapsed = ref<number>();
  /** Asked for and not yet answered. */
  const pending = ref<RunAction>();
  const verification = useCall('run.verify', {
    title: ({ step }) => `Verifying the restore of step ${step}`,
  });
  const verifiedStep = ref<number>();
  let watching: AbortController | undefined;
  let following: Following | undefined;

  const description = computed(() => list.value.find((run) => run.id === current.value));
  const actions = computed<readonly RunAction[]>(() =>
    snapshot.value ? RUN_ACTIONS[snapshot.value.state] : [],
  );

  async function refresh(): Promise<void> {
    await attempt(async () => {
      list.value = await call('run.list', {});
    });
  }

  /** Starts a run and looks at it. @returns whether it was started. */
  async function start(params: Input<'run.start'>): Promise<boolean> {
    isStarting.value = true;
    const started = await attempt(async () => {
      const run = await call('run.start', params);
      list.value = [run, ...list.value.filter((other) => other.id !== run.id)];
      look(run.id);
    });
    isStarting.value = false;
    return started;
  }

  /** The first screen's offer: trains at once with nothing prepared. */
  function trainSample(): Promise<boolean> {
    return start(SAMPLE);
  }

  /** Shows this run and follows it while it lives. */
  function look(run: string): void {
    if (run !== current.value) {
      forget();
      current.value = run;
    }
    error.value = undefined;
    void watch(run);
  }

  async function watch(run: string): Promise<void> {
    watching?.abort();
    const own = new AbortController();
    watching = own;
    let shownAt = performance.now();
    following = followSnapshots((update, isFirst) => {
      if (watching !== own) return;
      const now = performance.now();
      if (snapshot.value?.state === 'running') elapsed.value = (elapsed.value ?? 0) + (now - shownAt) / 1000;
      shownAt = now;
      points.value = appendPoints(isFirst ? [] : points.value, update.points);
      snapshot.value = update;
    });
    const { take, end } = following;
    try {
      take(await call('run.watch', { run }, { signal: own.signal, onProgress: take }));
    } catch (failure) {
      if (watching === own && !isCancelled(failure)) error.value = asAppError(failure);
    } finally {
      end();
      if (watching === own) {
        watching = following = undefined;
        await refresh();
      }
    }
  }

  /** Pauses, resumes, stops or saves the run that is looked at. */
  async function act(action: RunAction): Promise<void> {
    const run = current.value;
    if (run === undefined || pending.value !== undefined) return;
    pending.value = action;
    await attempt(async () => {
      const update = await call(`run.${action}`, { run });
      if (run !== current.value) return;
      // the reply's points may repeat what the watch brings; the watch alone feeds the curves
      if (following) following.take({ ...update, points: [] });
      else if (isLive(update.state)) void watch(run);
      else snapshot.value = update;
    });
    pending.value = undefined;
  }

  /** Looks at a run of the past and goes on with it from its newest valid checkpoint. */
  async function resume(run: string): Promise<void> {
    look(run);
    await act('resume');
  }

  /** @returns why not, where it could not. */
  async function rename(run: string, name: string): Promise<AppError | undefined> {
    try {
      const renamed = await call('run.rename', { run, name });
      list.value = list.value.map((other) => (other.id === run ? renamed : other));
      return undefined;
    } catch (failure) {
      return asAppError(failure);
    }
  }

  /** Pins a checkpoint of the run that is looked at, or no longer. */
  async function pin(step: number, isPinned: boolean): Promise<void> {
    const run = current.value;
    if (run === undefined) return;
    await attempt(async () => {
      const update = await call('run.pin', { run, step, isPinned });
      if (run !== current.value) return;
      if (following) following.take({ ...update, points: [] });
      else snapshot.value = update;
    });
  }

  /** Deletes a run for good. */
  async function remove(run: string): Promise<{ error?: AppError; isFolderGone?: boolean }> {
    try {
      const { isFolderGone } = await call('run.delete', { run });
      if (run === current.value) forget();
      list.value = list.value.filter((other) => other.id !== run);
      return { isFolderGone };
    } catch (failure) {
      return { error: asAppError(failure) };
    }
  }

  /** Looks at no run. */
  function forget(): void {
    watching?.abort();
    current.value = undefined;
    snapshot.value = undefined;
    points.value = [];
    elapsed.value = undefined;
    forgetReport();
  }

  async function verify(step: number): Promise<void> {
    const run = current.value;
    if (run === undefined) return;
    verifiedStep.value = step;
    await verification.run({ run, step });
  }

  function forgetReport(): void {
    verification.reset();
    verifiedStep.value = undefined;
  }

  /** The checkpoint of a step as a file that can be browsed or compared; undefined, with `error` set, where it cannot. */
  async function checkpointFile(step: number): Promise<PickedFile | undefined> {
    const run = current.value;
    let file: PickedFile | undefined;
    if (run === undefined) return undefined;
    await attempt(async () => {
      file = await call('run.checkpoint-file', { run, step });
    });
    return file;
  }

  function dismissError(): void {
    error.value = undefined;
  }

  async function attempt(action: () => Promise<void>): Promise<boolean> {
    error.value = undefined;
    try {
      await action();
      return true;
    } catch (failure) {
      if (!isCancelled(failure)) error.value = asAppError(failure);
      return false;
    }
  }

  return {
    list,
    current,
    snapshot,
    points,
    error,
    isStarting,
    elapsed,
    pending,
    description,
    actions,
    verification: verification.loadable,
    verifiedStep,
    refresh,
    start,
    trainSample,
    look,
    act,
    resume,
    rename,
    pin,
    remove,
    verify,
    cancelVerification: verification.cancel,
    forgetReport,
    dismissError,
    checkpointFile,
  };
});

/** Starts the sample network at once. @returns whether it was started. */
export function trainSample(): Promise<boolean> {
  return useRuns().trainSample();
}

function asAppError(failure: unknown): AppError {
  return isAppError(failure)
    ? failure
    : new AppError('internal', 'something went wrong that should not have', {}, failure);
}
