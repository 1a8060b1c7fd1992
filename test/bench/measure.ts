/** Interleaved timing: every round runs every case once, so that noise of the machine meets all alike. */

export interface Case {
  readonly name: string;
  readonly run: () => Promise<void> | void;
}

export interface Figure {
  readonly name: string;
  /** Milliseconds. */
  readonly median: number;
  readonly min: number;
  readonly max: number;
}

export async function measure(cases: readonly Case[], rounds = 5): Promise<Figure[]> {
  const times = cases.map((): number[] => []);
  for (let round = 0; round < rounds; round++) {
    for (let i = 0; i < cases.length; i++) {
      const index = (i + round) % cases.length;
      const start = process.hrtime.bigint();
      await cases[index]!.run();
      times[index]!.push(Number(process.hrtime.bigint() - start) / 1e6);
    }
  }
  return cases.map(({ name }, index) => {
    const sorted = [...times[index]!].sort((a, b) => a - b);
    return {
      name,
      median: sorted[Math.floor(sorted.length / 2)]!,
      min: sorted[0]!,
      max: sorted[sorted.length - 1]!,
    };
  });
}

/** Milliseconds as they are read: three digits. */
export function milliseconds({ median, min, max }: Figure): string {
  return `${digits(median)} ms (${digits(min)}..${digits(max)})`;
}

export function digits(value: number): string {
  return value >= 100 ? value.toFixed(0) : value.toPrecision(3);
}
