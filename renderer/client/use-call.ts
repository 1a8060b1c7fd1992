/** A command's result as state: what is there, what is coming, what went wrong. */
import { getCurrentScope, onScopeDispose, shallowReactive, watch } from 'vue';

import { startActivity } from '#renderer/client/activities.ts';
import { call } from '#renderer/client/client.ts';
import type { Progress } from '#shared/commands/command.ts';
import type { CommandName, Input, Result, Update } from '#shared/commands/commands.ts';
import { AppError, isAppError, isCancelled } from '#shared/errors.ts';

export interface Loadable<Value, Step = Progress> {
  readonly state: 'idle' | 'loading' | 'ready' | 'failed';
  /** The newest result; an old one stays until the new is ready. */
  readonly value: Value | undefined;
  readonly error: AppError | undefined;
  readonly progress: Step | undefined;
}

export interface RunningCall<Name extends CommandName> {
  readonly loadable: Loadable<Result<Name>, Update<Name>>;
  /** Starts anew and aborts what runs. @returns the result, or undefined when cancelled or failed. */
  run(params: Input<Name>): Promise<Result<Name> | undefined>;
  cancel(): void;
  /** Back to idle, with nothing in hand. */
  reset(): void;
}

export interface CallSettings<Name extends CommandName> {
  /** What the status bar says while it runs; without one it is not listed. */
  readonly title?: (params: Input<Name>) => string;
  readonly onProgress?: (update: Update<Name>) => void;
}

type Mutable<Type> = { -readonly [Key in keyof Type]: Type[Key] };

/** One command that is run again and again: a new run aborts the old one, and leaving the screen aborts both. */
export function useCall<Name extends CommandName>(
  name: Name,
  settings: CallSettings<Name> = {},
): RunningCall<Name> {
  type Value = Result<Name>;
  const loadable = shallowReactive<Mutable<Loadable<Value, Update<Name>>>>({
    state: 'idle',
    value: undefined,
    error: undefined,
    progress: undefined,
  });
  let controller: AbortController | undefined;

  function cancel(): void {
    controller?.abort();
    controller = undefined;
    loadable.progress = undefined;
    if (loadable.state === 'loading') loadable.state = loadable.value === undefined ? 'idle' : 'ready';
  }

  function reset(): void {
    cancel();
    Object.assign(loadable, { state: 'idle', value: undefined, error: undefined });
  }

  async function run(params: Input<Name>): Promise<Value | undefined> {
    controller?.abort();
    const own = new AbortController();
    controller = own;
    const title = settings.title?.(params);
    const activity = title === undefined ? undefined : startActivity(title, cancel);
    loadable.state = 'loading';
    loadable.progress = undefined;
    try {
      const value = await call(name, params, {
        signal: own.signal,
        onProgress: (update) => {
          if (controller !== own) return;
          loadable.progress = update;
          if (isProgress(update)) activity?.report(update);
          settings.onProgress?.(update);
        },
      });
      if (controller !== own) return undefined;
      Object.assign(loadable, { state: 'ready', value, error: undefined, progress: undefined });
      return value;
    } catch (error) {
      if (controller !== own || isCancelled(error)) return undefined;
      Object.assign(loadable, { state: 'failed', error: asAppError(error), progress: undefined });
      return undefined;
    } finally {
      activity?.end();
    }
  }

  if (getCurrentScope()) onScopeDispose(cancel);
  return { loadable, run, cancel, reset };
}

/** As `useCall`, run whenever the params change in content; undefined params mean there is nothing to ask. */
export function useCallOf<Name extends CommandName>(
  name: Name,
  params: () => Input<Name> | undefined,
  settings: CallSettings<Name> = {},
): RunningCall<Name>['loadable'] & { cancel(): void; retry(): void } {
  const running = useCall(name, settings);
  function ask(): void {
    const wanted = params();
    if (wanted === undefined) running.reset();
    else void running.run(wanted);
  }
  watch(() => JSON.stringify(params()), ask, { immediate: true });
  return Object.assign(running.loadable, { cancel: running.cancel, retry: ask });
}

function isProgress(update: unknown): update is Progress {
  return typeof update === 'object' && update !== null && 'done' in update && 'total' in update;
}

function asAppError(error: unknown): AppError {
  return isAppError(error)
    ? error
    : new AppError('internal', 'something went wrong that should not have', {}, error);
}
