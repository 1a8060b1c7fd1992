import * as z from 'zod/mini';

import { HANDLERS } from '#main/commands/registry.ts';
import { createServices, type Services, type ServicesOptions } from '#main/services/services.ts';
import { AppError, isAppError, isCancelled, cancelledError } from '#shared/errors.ts';
import { COMMANDS, type CommandName } from '#shared/commands/commands.ts';
import type { FileId, PickedFile } from '#shared/bridge.ts';
import type { AppEvent } from '#shared/commands/file.ts';
import type { Answer } from '#shared/rpc.ts';

export interface EngineOptions extends ServicesOptions {
  /** Where a fault of ours is written down with its stack; gives back the id of the line. */
  readonly log?: (error: unknown) => string;
}

/** One engine for every host: checks params, runs the handler, maps what escapes it. */
export interface Engine {
  readonly answer: Answer;
  /** For hosts only: a path becomes an id that the page may use. */
  grant(path: string): PickedFile;
  /** For hosts only: tells every page that watches. */
  announce(event: AppEvent): void;
  /** For hosts only: folders that the page may list. */
  addRoot(path: string): PickedFile;
  /** The file's base name, for a window title. */
  nameOf(file: FileId): string;
  close(): Promise<void>;
}

export async function createEngine(options: EngineOptions): Promise<Engine> {
  const services = await createServices(options);
  return {
    answer: (command, params, context) => run(services, options, command, params, context),
    grant: (path) => services.files.grant(path),
    announce: (event) => services.events.announce(event),
    addRoot: (path) => services.files.addRoot(path),
    nameOf: (file) => services.files.nameOf(file),
    close: () => services.close(),
  };
}

async function run(
  services: Services,
  options: EngineOptions,
  command: string,
  params: unknown,
  context: Parameters<Answer>[2],
): Promise<unknown> {
  const spec = Object.hasOwn(COMMANDS, command) ? COMMANDS[command as CommandName] : undefined;
  if (!spec) {
    throw new AppError('invalid-params', 'no such command', { found: command.slice(0, 80) });
  }
  const parsed = z.safeParse(spec.params, params);
  if (!parsed.success) throw invalidParams(parsed.error.issues);
  try {
    const handler = HANDLERS[command as CommandName] as (
      services: Services,
      params: unknown,
      context: unknown,
    ) => unknown;
    return await handler(services, parsed.data, context);
  } catch (error) {
    throw mapped(error, options);
  }
}

function invalidParams(issues: readonly z.core.$ZodIssue[]): AppError {
  const issue = issues[0];
  const where = issue?.path.map(String).join('.') ?? '';
  if (issue?.code === 'unrecognized_keys') {
    const names = issue.keys.map((key) => (where ? `${where}.${key}` : key));
    return new AppError('invalid-params', `unknown field ${names.join(', ')}`, { found: names.join(', ') });
  }
  return new AppError('invalid-params', `${where || 'the call'} is not valid: ${issue?.message ?? ''}`, {
    ...(where ? { found: where } : {}),
  });
}

function mapped(error: unknown, options: EngineOptions): AppError {
  if (isAppError(error)) return error;
  if (isCancelled(error)) return cancelledError();
  const logId = options.log?.(error);
  return new AppError(
    'internal',
    'something went wrong that should not have',
    { ...(logId === undefined ? {} : { logId }), hint: 'please report it, with the log' },
    error,
  );
}
