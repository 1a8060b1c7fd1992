/** What a host and a process that trains say to each other, whatever carries it. */
import type { EngineOptions } from '#main/engine.ts';
import type { RunEvent } from '#shared/run.ts';

export type StartProcess = NonNullable<EngineOptions['startProcess']>;
export type ProcessRequest = Parameters<StartProcess>[0];
export type ProcessEnd = Awaited<ReturnType<StartProcess>['ended']>;

/** The one message to the process. */
export interface ToProcess {
  readonly request: ProcessRequest;
  /** Where the app's resources lie. */
  readonly resourceFolder: string;
}

export type FromProcess =
  /** In order; several come together where they were told together. */
  | { readonly kind: 'events'; readonly events: readonly RunEvent[] }
  /** The last message. */
  | { readonly kind: 'ended'; readonly end: ProcessEnd };
