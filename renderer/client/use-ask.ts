/** As `useCallOf`, where the command itself changes: the answer stays with the question it answers. */
import { onScopeDispose, shallowReactive, watch } from 'vue';

import { startActivity } from '#renderer/client/activities.ts';
import { call } from '#renderer/client/client.ts';
import type { Progress } from '#shared/commands/command.ts';
import type { CommandName, Input, Result } from '#shared/commands/commands.ts';
import { AppError, isAppError, isCancelled } from '#shared/errors.ts';

/** A command and its params, with whatever the asker wants back beside the answer. */
export interface Question<Context> {
  readonly command: CommandName;
  readonly params: Input<CommandName>;
  readonly context: Context;
  /** What the status bar says. */
  readonly title: string;
}

export interface Answer<Context> {
  readonly command: CommandName;
  readonly context: Context;
  readonly value: Result<CommandName>;
  /** A first picture came with the progress: the whole answer is on its way. */
  readonly isPartial: boolean;
}

export interface Asked<Context> {
  /** The newest answer; an old one stays until the new is there. */
  answer: Answer<Context> | undefined;
  error: AppError | undefined;
  isLoading: boolean;
}

/** Asks whenever the question changes in content; a new one calls the old one off. */
export function useAsk<Context>(
  question: () => Question<Context> | undefined,
): Asked<Context> & { retry(): void } {
  const asked = shallowReactive<Asked<Context>>({ answer: undefined, error: undefined, isLoading: false });
  let controller: AbortController | undefined;

  async function ask(): Promise<void> {
    controller?.abort();
    const wanted = question();
    if (!wanted) return void Object.assign(asked, { answer: undefined, error: undefined, isLoading: false });
    const own = new AbortController();
    controller = own;
    const activity = startActivity(wanted.title, () => own.abort());
    asked.isLoading = true;
    // the rest of it was called off
    if (asked.answer?.isPartial) asked.answer = { ...asked.answer, isPartial: false };
    const { command, params, context } = wanted;
    const take = (value: Result<CommandName>, isPartial: boolean) =>
      Object.assign(asked, { answer: { command, context, value, isPartial }, error: undefined });
    try {
      const value = await call(command, params, {
        signal: own.signal,
        onProgress: (update) => {
          activity.report(update as Progress);
          if (controller === own && 'partial' in update) take(update.partial as typeof value, true);
        },
      });
      if (controller === own) take(value, false);
    } catch (error) {
      if (controller === own && !isCancelled(error)) {
        asked.error = isAppError(error)
          ? error
          : new AppError('internal', 'something went wrong that should not have', {}, error);
      }
    } finally {
      activity.end();
      if (controller === own) asked.isLoading = false;
    }
  }

  watch(
    () => {
      const wanted = question();
      return wanted && JSON.stringify([wanted.command, wanted.params]);
    },
    () => void ask(),
    { immediate: true },
  );
  onScopeDispose(() => controller?.abort());
  return Object.assign(asked, { retry: () => void ask() });
}
