/** How long a pass may keep its thread from hearing that it is cancelled, in milliseconds. */
const BREATH_MS = 15;

/** Lets messages in now and then: reads that return at once never would. */
export function breather(): () => Promise<void> {
  let last = Date.now();
  return async () => {
    if (Date.now() - last < BREATH_MS) return;
    await new Promise((resolve) => setImmediate(resolve));
    last = Date.now();
  };
}
