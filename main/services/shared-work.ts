/** Work that several callers wait for at once: done once, told to all, called off when none of them wants it any more. */
import type { Pass } from '#main/services/windows.ts';
import { cancelledError, throwIfCancelled } from '#shared/errors.ts';

export interface SharedWork<Result> {
  /** Waits for it; called off by this caller's signal, for this caller alone. */
  join(pass: Pass): Promise<Result>;
  /** Whether it is of use to one who comes now: neither ended nor called off by all. */
  isUnderWay(): boolean;
}

/** Joins the work that is under way by this name, or starts it. */
export async function joinWork<Result>(
  underWay: Map<string, SharedWork<unknown>>,
  name: string,
  pass: Pass,
  start: (pass: Pass) => Promise<Result>,
): Promise<Result> {
  throwIfCancelled(pass.signal);
  const known = underWay.get(name) as SharedWork<Result> | undefined;
  if (known?.isUnderWay()) return known.join(pass);
  const work = sharedWork(start);
  underWay.set(name, work);
  try {
    return await work.join(pass);
  } finally {
    if (!work.isUnderWay() && underWay.get(name) === work) underWay.delete(name);
  }
}

function sharedWork<Result>(start: (pass: Pass) => Promise<Result>): SharedWork<Result> {
  const controller = new AbortController();
  const callers = new Set<Pass>();
  let read = 0;
  let isEnded = false;
  const onRead = (byteLength: number) => {
    read += byteLength;
    for (const caller of callers) caller.onRead?.(byteLength);
  };
  const work = start({ signal: controller.signal, onRead }).finally(() => (isEnded = true));
  return {
    isUnderWay: () => !isEnded && !controller.signal.aborted,
    join: async (pass) => {
      callers.add(pass);
      if (read > 0) pass.onRead?.(read);
      let leave = () => {};
      const left = new Promise<never>((_, reject) => {
        leave = () => reject(cancelledError());
        pass.signal?.addEventListener('abort', leave, { once: true });
      });
      try {
        return await Promise.race([work, left]);
      } finally {
        pass.signal?.removeEventListener('abort', leave);
        callers.delete(pass);
        if (callers.size === 0 && !isEnded) controller.abort();
      }
    },
  };
}
