import type { AppEvent } from '#shared/commands/file.ts';

/** What the host tells the pages: files to open, menu items chosen. */
export interface Events {
  announce(event: AppEvent): void;
  /** @returns a function that ends the listening. */
  listen(onEvent: (event: AppEvent) => void): () => void;
}

export function createEvents(): Events {
  const listeners = new Set<(event: AppEvent) => void>();
  // files named at start arrive before the page does: they wait for the first listener
  let waiting: AppEvent[] = [];
  return {
    announce: (event) => {
      if (listeners.size === 0) {
        if (event.kind === 'open') waiting.push(event);
        return;
      }
      for (const listener of listeners) listener(event);
    },
    listen: (onEvent) => {
      listeners.add(onEvent);
      const missed = waiting;
      waiting = [];
      for (const event of missed) onEvent(event);
      return () => void listeners.delete(onEvent);
    },
  };
}
