import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

import type { Case } from '#test/bench/measure.ts';

/** A Python with torch, numpy and safetensors; the rows of peers are left out without one. */
const PYTHON = process.env['PARAMSCOPE_PYTHON'];
/** The native reference, built from its own sources. */
const RUST = process.env['PARAMSCOPE_RUST_REFERENCE'];

const SCRIPTS = join(process.cwd(), 'test', 'bench');

/** Python, ready: what it has to import is imported, and no time of ours. */
export interface Peer {
  /** The versions that it runs, as one line. */
  readonly versions: string;
  /** A case that the peer times itself. */
  timed(name: string, command: string, ...paths: string[]): Case;
  /** Has something done that is not timed. */
  ask(command: string, ...paths: string[]): Promise<string>;
  close(): void;
}

/** What speaks for the peers: torch on tensors, unless told otherwise. */
interface PeerProgram {
  readonly python?: string | undefined;
  readonly script: string;
}

/** @param threads that its libraries may use. @returns undefined where no Python is named. */
export async function startPeer(
  threads: number,
  { python = PYTHON, script }: PeerProgram = { script: 'peers.py' },
): Promise<Peer | undefined> {
  if (!python) return undefined;
  const count = String(threads);
  const child: ChildProcess = spawn(python, [join(SCRIPTS, script), count], {
    stdio: ['pipe', 'pipe', 'inherit'],
    env: { ...process.env, OMP_NUM_THREADS: count, OPENBLAS_NUM_THREADS: count, MKL_NUM_THREADS: count },
  });
  const lines = createInterface({ input: child.stdout! })[Symbol.asyncIterator]();
  const nextLine = async (): Promise<string> => {
    const { value, done } = await lines.next();
    if (done) throw new Error(`${python} ended; see what it wrote above`);
    return value;
  };
  const ask = async (...words: string[]) => {
    child.stdin!.write(`${JSON.stringify(words)}\n`);
    return nextLine();
  };
  const versions = await nextLine();
  return {
    versions,
    timed: (name, ...words) => ({ name, run: async () => Number(await ask(...words)) * 1000 }),
    ask,
    close: () => child.stdin!.end(),
  };
}

/** The native reference's time for one of its modes, or undefined where it was not named. */
export function rustCase(name: string, mode: string, threads: number, ...paths: string[]): Case | undefined {
  if (!RUST || !existsSync(RUST)) return undefined;
  return {
    name,
    run: () => {
      const { stdout } = spawnSync(RUST, [mode, String(threads), ...paths], {
        encoding: 'utf8',
        env: { ...process.env, REPS: '1' },
      });
      const { s } = JSON.parse(stdout) as { s: readonly number[] };
      return s[0]! * 1000;
    },
  };
}
