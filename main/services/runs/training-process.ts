import type { WireError } from '#shared/errors.ts';
import type { RunConfig, RunEvent } from '#shared/run.ts';

/** What a process trains: to the last step, from the newest checkpoint in the folder where there is one. */
export interface ProcessRequest {
  readonly config: RunConfig;
  /** Path of the run's folder. */
  readonly folder: string;
  /** Total optimizer steps. */
  readonly steps: number;
}

export type ProcessEnd =
  | { readonly how: 'finished' }
  /** By us: nothing of it ran any more. */
  | { readonly how: 'killed' }
  | { readonly how: 'failed'; readonly error: WireError };

/** A process of its own that trains. */
export interface TrainingProcess {
  /** SIGKILL: not even its last words are heard. */
  kill(): void;
  /** Resolves when it is gone. */
  readonly ended: Promise<ProcessEnd>;
}

/** Starts one and tells each event as it comes. */
export type StartProcess = (request: ProcessRequest, onEvent: (event: RunEvent) => void) => TrainingProcess;
