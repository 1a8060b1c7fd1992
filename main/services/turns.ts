/** Runs what it is given, as soon as it is its turn. */
export type Turns = <Result>(work: () => Promise<Result>) => Promise<Result>;

/** @param width how many are under way at once; the others wait in the order in which they came. */
export function turns(width: number): Turns {
  const waiting: (() => void)[] = [];
  let free = width;
  return async (work) => {
    if (free > 0) free--;
    else await new Promise<void>((resolve) => waiting.push(resolve));
    try {
      return await work();
    } finally {
      const next = waiting.shift();
      if (next) next();
      else free++;
    }
  };
}
