import type { Services } from '#main/services/services.ts';
import type { CommandName, Params, Result, Update } from '#shared/commands/commands.ts';

export interface CallContext<Name extends CommandName> {
  /** Aborted when the caller cancels or goes away. */
  readonly signal: AbortSignal;
  readonly progress: (update: Update<Name>) => void;
}

/** What answers a command. Params are checked before it is called; it throws AppError only. */
export type Handler<Name extends CommandName> = (
  services: Services,
  params: Params<Name>,
  context: CallContext<Name>,
) => Promise<Result<Name>> | Result<Name>;
