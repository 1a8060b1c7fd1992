import type { ToTrainer } from '#main/trainer/messages.ts';

/** What others have asked of the loop. They change only while it lets messages in. */
export interface Wishes {
  isPaused: boolean;
  isStopping: boolean;
  isSaveAsked: boolean;
  /** Ids of those who want a copy of the memory. */
  copies: number[];
  /** Steps to be pinned or no longer, in order. */
  pins: { readonly step: number; readonly isPinned: boolean }[];
  /** Resolves at the next message. */
  next(): Promise<void>;
  take(message: ToTrainer): void;
}

export function createWishes(): Wishes {
  let wake = () => {};
  const wishes: Wishes = {
    isPaused: false,
    isStopping: false,
    isSaveAsked: false,
    copies: [],
    pins: [],
    next: () => new Promise((resolve) => (wake = resolve)),
    take: (message) => {
      if (message.kind === 'pause') wishes.isPaused = true;
      else if (message.kind === 'resume') wishes.isPaused = false;
      else if (message.kind === 'stop') wishes.isStopping = true;
      else if (message.kind === 'save') wishes.isSaveAsked = true;
      else if (message.kind === 'pin') wishes.pins.push(message);
      else if (message.kind === 'copy') wishes.copies.push(message.id);
      wake();
    },
  };
  return wishes;
}
