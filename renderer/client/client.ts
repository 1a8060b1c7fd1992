/** The page's one way to the engine: typed calls over whatever port the host gives. */
import type { CommandName, Input, Result, Update } from '#shared/commands/commands.ts';
import { callerOver, type Call, type Port } from '#shared/rpc.ts';
import { AppError } from '#shared/errors.ts';

export interface CallOptions<Name extends CommandName> {
  readonly signal?: AbortSignal;
  readonly onProgress?: (update: Update<Name>) => void;
}

let connection: Call | undefined;

/** From now on calls go over this port. */
export function connectTo(port: Port): void {
  connection = callerOver(port);
}

/**
 * Runs a command in the engine. Rejects with AppError only; an aborted signal gives `cancelled`.
 * Params must be plain: reactive objects cannot be cloned onto a port.
 */
export async function call<Name extends CommandName>(
  name: Name,
  params: Input<Name>,
  options: CallOptions<Name> = {},
): Promise<Result<Name>> {
  if (!connection) throw new AppError('internal', 'a command was called before there was a connection');
  const result = await connection(name, params, options);
  return result;
}
