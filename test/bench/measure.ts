/** Interleaved timing: every round runs every case once, in another order, so that noise of the machine meets all alike. */

export interface Case {
  readonly name: string;
  /** Not timed; before every round. */
  readonly prepare?: () => Promise<void> | void;
  /** What counts is the time it takes, unless it returns the milliseconds itself. */
  readonly run: () => Promise<number | void> | number | void;
  /** Not timed; after every round. */
  readonly clean?: () => Promise<void> | void;
}

export interface Figure {
  readonly name: string;
  /** Milliseconds. */
  readonly median: number;
  readonly min: number;
  readonly max: number;
  /** By round. */
  readonly times: readonly number[];
}

export async function measure(cases: readonly Case[], rounds = 5): Promise<Figure[]> {
  const times = cases.map((): number[] => []);
  for (let round = 0; round < rounds; round++) {
    for (let i = 0; i < cases.length; i++) {
      const index = (i + round) % cases.length;
      times[index]!.push(await timeOf(cases[index]!));
    }
  }
  return cases.map(({ name }, index) => ({ name, ...spreadOf(times[index]!), times: times[index]! }));
}

async function timeOf({ prepare, run, clean }: Case): Promise<number> {
  await prepare?.();
  const start = process.hrtime.bigint();
  const told = await run();
  const taken = Number(process.hrtime.bigint() - start) / 1e6;
  await clean?.();
  return told ?? taken;
}

export function spreadOf(values: readonly number[]): { median: number; min: number; max: number } {
  const sorted = [...values].sort((a, b) => a - b);
  return {
    median: sorted[Math.floor(sorted.length / 2)]!,
    min: sorted[0]!,
    max: sorted[sorted.length - 1]!,
  };
}

/** One line of the table. */
export interface Row {
  readonly what: string;
  readonly ours: string;
  readonly against: string;
  readonly ratio: string;
  readonly goal?: string;
}

/** Milliseconds as they are read: three digits. */
export function milliseconds({ median, min, max }: Pick<Figure, 'median' | 'min' | 'max'>): string {
  return `${digits(median)} ms (${digits(min)}..${digits(max)})`;
}

export function digits(value: number): string {
  return value >= 100 ? value.toFixed(0) : value.toPrecision(3);
}

/** `slower` over `faster`, round by round: the median of the ratios and their spread. */
export function ratioOf(slower: Figure, faster: Figure): string {
  const { median, min, max } = spreadOf(slower.times.map((time, round) => time / faster.times[round]!));
  return `${digits(median)}× (${digits(min)}..${digits(max)})`;
}

/** How many times as fast as the peer we are. */
export function fasterRow(what: string, ours: Figure, peer: Figure, goal?: string): Row {
  return {
    what,
    ours: milliseconds(ours),
    against: `${peer.name}: ${milliseconds(peer)}`,
    ratio: `that / ours ${ratioOf(peer, ours)}`,
    ...(goal ? { goal } : {}),
  };
}

/** How many times as long as something plain we take. */
export function slowerRow(what: string, ours: Figure, plain: Figure, goal?: string): Row {
  return {
    what,
    ours: milliseconds(ours),
    against: `${plain.name}: ${milliseconds(plain)}`,
    ratio: `ours / that ${ratioOf(ours, plain)}`,
    ...(goal ? { goal } : {}),
  };
}
