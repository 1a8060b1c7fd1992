/** Runs what it is given as soon as there is memory for it. */
export type MemoryTurns = <Result>(byteLength: number, work: () => Promise<Result>) => Promise<Result>;

/**
 * @param most bytes that all under way may take together; one alone may take more.
 * Those that take none never wait, the others do so in the order in which they came.
 */
export function memoryTurns(most: number): MemoryTurns {
  const waiting: { readonly byteLength: number; readonly begin: () => void }[] = [];
  let taken = 0;
  const fits = (byteLength: number) => taken === 0 || taken + byteLength <= most;
  return async (byteLength, work) => {
    if (byteLength === 0) return work();
    if (waiting.length > 0 || !fits(byteLength)) {
      // whoever lets it begin takes its memory for it
      await new Promise<void>((begin) => waiting.push({ byteLength, begin }));
    } else taken += byteLength;
    try {
      return await work();
    } finally {
      taken -= byteLength;
      while (waiting[0] && fits(waiting[0].byteLength)) {
        const next = waiting.shift()!;
        taken += next.byteLength;
        next.begin();
      }
    }
  };
}
