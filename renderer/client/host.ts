/** The bridge of the host the page runs in, found once at start. */
import type { Bridge } from '#shared/bridge.ts';
import { AppError } from '#shared/errors.ts';

let current: Bridge | undefined;

export function setHost(bridge: Bridge): void {
  current = bridge;
}

export function host(): Bridge {
  if (!current) throw new AppError('internal', 'the host was asked for before it was there');
  return current;
}
