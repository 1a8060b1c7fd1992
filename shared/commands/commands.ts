/** The whole contract: every command by name. */
import type * as z from 'zod/mini';

import { CHECKPOINT_COMMANDS } from '#shared/commands/checkpoint.ts';
import type { Command } from '#shared/commands/command.ts';
import { FILE_COMMANDS } from '#shared/commands/file.ts';
import { RUN_COMMANDS } from '#shared/commands/run.ts';
import { SETTINGS_COMMANDS } from '#shared/commands/settings.ts';
import { TENSOR_COMMANDS } from '#shared/commands/tensor.ts';

export const COMMANDS = {
  ...CHECKPOINT_COMMANDS,
  ...TENSOR_COMMANDS,
  ...RUN_COMMANDS,
  ...FILE_COMMANDS,
  ...SETTINGS_COMMANDS,
} as const;

export type CommandName = keyof typeof COMMANDS;
export type Params<Name extends CommandName> = z.infer<(typeof COMMANDS)[Name]['params']>;
/** Params as a caller may give them, before defaults are filled in. */
export type Input<Name extends CommandName> = z.input<(typeof COMMANDS)[Name]['params']>;
type TypesOf<Name extends CommandName> =
  (typeof COMMANDS)[Name] extends Command<infer _Params, infer Result, infer Update>
    ? { readonly result: Result; readonly update: Update }
    : never;
export type Result<Name extends CommandName> = TypesOf<Name>['result'];
export type Update<Name extends CommandName> = TypesOf<Name>['update'];
