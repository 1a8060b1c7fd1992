import type { RunProblem } from '#shared/run.ts';

/** The code of a problem that tells of a broken link. */
export const BROKEN_LINK = 'chain-broken';

/** The checkpoints that a log tells of, each with the digest of the one acknowledged before it. */
export interface DigestChain {
  add(link: ChainLink): void;
  /** SHA-256 of the checkpoint added last. */
  last(): string | undefined;
  /** Links that name a digest which no line before them has. */
  broken(): readonly RunProblem[];
}

export interface ChainLink {
  readonly step: number;
  /** Base name. */
  readonly file: string;
  readonly sha256: string;
  /** Absent in the first, and in logs of older runs. */
  readonly previous?: string;
}

export function createDigestChain(): DigestChain {
  // a line whose write failed half-way is written again: what was there before any line counts, not right before it
  const known = new Set<string>();
  const broken = new Map<number, ChainLink>();
  let last: string | undefined;
  return {
    add: (link) => {
      if (link.previous !== undefined && !known.has(link.previous)) broken.set(link.step, link);
      known.add(link.sha256);
      last = link.sha256;
    },
    last: () => last,
    broken: () => [...broken.values()].map(toProblem),
  };
}

function toProblem({ step, file, previous = '' }: ChainLink): RunProblem {
  return {
    step,
    code: BROKEN_LINK,
    message: `the log does not have the checkpoint that came before ${file}: SHA-256 ${previous}`,
    file,
    hint: 'lines of run.jsonl were lost or changed; each checkpoint is still held against its own digests',
  };
}
