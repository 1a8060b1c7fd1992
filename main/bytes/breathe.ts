/** How long a pass may keep its thread from hearing that it is cancelled, in milliseconds. */
const BREATH_MS = 15;

let lastBreath = Date.now();

/** Lets messages in now and then: reads that return at once never would, be it of many tensors or of one. */
export async function breathe(): Promise<void> {
  if (Date.now() - lastBreath < BREATH_MS) return;
  await new Promise((resolve) => setImmediate(resolve));
  lastBreath = Date.now();
}
