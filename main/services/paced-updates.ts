import { performance } from 'node:perf_hooks';

/** Ten a second are more than anybody reads; a message for each of 20,000 small tensors keeps a page from all else. */
const PACE_MS = 100;

export interface PacedUpdates<Item> {
  /** Tells that something went on, with what came of it; told now, or together with the next. */
  tell(items?: readonly Item[]): void;
  /** Tells what is left. */
  flush(): void;
}

/** Updates put together so that they are sent at most so often. The first one is sent at once. */
export function pacedUpdates<Item>(
  send: (items: readonly Item[]) => void,
  now: () => number = () => performance.now(),
): PacedUpdates<Item> {
  let waiting: Item[] = [];
  let isDue = false;
  let sentAt = Number.NEGATIVE_INFINITY;

  function flush(): void {
    if (!isDue) return;
    const items = waiting;
    waiting = [];
    isDue = false;
    sentAt = now();
    send(items);
  }

  return {
    tell: (items = []) => {
      isDue = true;
      for (const item of items) waiting.push(item);
      if (now() - sentAt >= PACE_MS) flush();
    },
    flush,
  };
}
