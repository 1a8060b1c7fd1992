/** Milliseconds after a first failure before the next attempt; each further one waits twice as long. */
const FIRST = 1000;
const LONGEST = 30_000;

/** When to try again what has failed. */
export interface BackOff {
  isFailing(): boolean;
  /** Whether it is too early. */
  isWaiting(): boolean;
  failed(): void;
  succeeded(): void;
}

/** @param now milliseconds by a clock that never jumps. */
export function createBackOff(now: () => number): BackOff {
  let failures = 0;
  let next = 0;
  return {
    isFailing: () => failures > 0,
    isWaiting: () => failures > 0 && now() < next,
    failed: () => {
      next = now() + Math.min(LONGEST, FIRST * 2 ** failures);
      failures++;
    },
    succeeded: () => {
      failures = 0;
    },
  };
}
