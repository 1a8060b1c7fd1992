/** How much of each fault is tried: a little with every `npm test`, all of it by `npm run faults`. */
export const isFull = process.env['PARAMSCOPE_FAULTS'] !== undefined;

const asked = JSON.parse(process.env['PARAMSCOPE_FAULTS'] ?? '{}') as Readonly<Record<string, unknown>>;

/** How many in the suite, and how many at length; `--NAME COUNT` on the command line has the last word. */
export function countOf(name: string, small: number, full: number): number {
  if (!isFull) return small;
  const own = asked[name];
  return typeof own === 'number' ? own : full;
}

/** At length, prints what was counted; in the suite the assertions say enough. */
export function report(what: string, counts: Readonly<Record<string, number | string>>): void {
  if (!isFull) return;
  const text = Object.entries(counts)
    .map(([name, count]) => `${typeof count === 'number' ? count.toLocaleString('en') : count} ${name}`)
    .join(', ');
  process.stdout.write(`${what}: ${text}\n`);
}
