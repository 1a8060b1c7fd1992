// Runs parts side by side as far as the machine's cores and their order allow.

/**
 * @template T
 * @typedef {object} Part
 * @property {string} name
 * @property {number} cores how many it keeps busy
 * @property {readonly string[]} [after] parts that end before it starts, however they end
 * @property {() => Promise<T>} run must not reject
 */

/**
 * Runs all parts; earlier ones first where both could.
 * @template T
 * @param {readonly Part<T>[]} parts
 * @param {number} cores
 * @returns {Promise<Map<string, T>>} what each part gave, in the order of their ends
 */
export async function runParts(parts, cores) {
  const waiting = [...parts];
  /** @type {Map<string, Promise<void>>} */
  const running = new Map();
  /** @type {Map<string, T>} */
  const done = new Map();
  let free = cores;
  for (;;) {
    for (const part of [...waiting]) {
      // a part that wants more cores than there are runs alone
      const wanted = Math.min(part.cores, cores);
      if (wanted > free || (part.after ?? []).some((name) => !done.has(name))) continue;
      waiting.splice(waiting.indexOf(part), 1);
      free -= wanted;
      const end = part.run().then((result) => {
        done.set(part.name, result);
        running.delete(part.name);
        free += wanted;
      });
      running.set(part.name, end);
    }
    if (running.size === 0) {
      if (waiting.length > 0)
        throw new Error(
          `these wait for parts that do not exist: ${waiting.map((part) => part.name).join(', ')}`,
        );
      return done;
    }
    await Promise.race(running.values());
  }
}
