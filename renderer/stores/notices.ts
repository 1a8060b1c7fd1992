/** What the person must be told and may have missed: failures, and things done. Nothing here ever closes what is open. */
import { defineStore } from 'pinia';
import { shallowRef } from 'vue';

import { AppError, isAppError, isCancelled } from '#shared/errors.ts';

export interface Notice {
  readonly id: number;
  /** What was being done, or what was done. */
  readonly title: string;
  /** Absent where all went well. */
  readonly error?: AppError;
  /** What can be done about it, in one press. */
  readonly action?: NoticeAction;
}

export interface NoticeAction {
  readonly label: string;
  readonly run: () => void;
}

/** Good news goes by itself. */
const SHOWN_FOR_MS = 6_000;
/** More would hide what is beneath; the oldest go first. */
const MOST = 4;

export const useNotices = defineStore('notices', () => {
  const notices = shallowRef<readonly Notice[]>([]);
  let nextId = 1;

  function dismiss(id: number): void {
    notices.value = notices.value.filter((notice) => notice.id !== id);
  }

  /** Says that something failed; a cancel is no failure. */
  function fail(title: string, error: unknown, action?: NoticeAction): void {
    if (isCancelled(error)) return;
    const known = isAppError(error)
      ? error
      : new AppError('internal', 'something went wrong that should not have', {}, error);
    notices.value = [
      ...notices.value,
      { id: nextId++, title, error: known, ...(action ? { action } : {}) },
    ].slice(-MOST);
  }

  /** Says that something is done. */
  function tell(title: string): void {
    const id = nextId++;
    notices.value = [...notices.value, { id, title }].slice(-MOST);
    setTimeout(() => dismiss(id), SHOWN_FOR_MS);
  }

  return { notices, fail, tell, dismiss };
});
