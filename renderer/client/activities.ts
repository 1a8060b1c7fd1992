/** What is running and long enough to be shown: the status bar lists it, with a way to cancel. */
import { shallowReactive } from 'vue';

import type { Progress } from '#shared/commands/command.ts';

export interface Activity {
  readonly id: number;
  readonly title: string;
  progress: Progress | undefined;
  cancel(): void;
}

/** Anything that ends sooner is never seen. */
const SHOWN_AFTER_MS = 200;

export const activities: Activity[] = shallowReactive([]);
let nextId = 1;

export interface RunningActivity {
  report(progress: Progress): void;
  end(): void;
}

/** Announces something long. `cancel` is what the person's ✕ does; `end` must be called however it ends. */
export function startActivity(title: string, cancel: () => void): RunningActivity {
  const activity: Activity = shallowReactive({ id: nextId++, title, progress: undefined, cancel });
  const timer = setTimeout(() => activities.push(activity), SHOWN_AFTER_MS);
  return {
    report: (progress) => {
      activity.progress = progress;
    },
    end: () => {
      clearTimeout(timer);
      const index = activities.indexOf(activity);
      if (index >= 0) activities.splice(index, 1);
    },
  };
}
