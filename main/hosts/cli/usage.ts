import { COMMANDS, type CommandName } from '#shared/commands/commands.ts';
import type { Command, Verb } from '#shared/commands/command.ts';
import type * as z from 'zod/mini';

export interface VerbEntry {
  readonly command: CommandName;
  readonly verb: Verb;
}

/** Verbs of the contract, in its order. */
export const VERBS: readonly VerbEntry[] = Object.entries(
  COMMANDS as Record<string, Command<z.ZodMiniType, unknown, unknown>>,
).flatMap(([command, { verb }]) => (verb ? [{ command: command as CommandName, verb }] : []));

/** `serve` is a host, not a command: it starts the same engine behind a page. */
export const SERVE_VERB: Verb = {
  verb: 'serve',
  does: 'the app in a browser, on this machine only',
  positionals: [{ param: 'folders', title: 'FOLDER', kind: 'path', isOptional: true, isRepeated: true }],
  options: [{ flag: 'port', param: 'port', title: 'N', does: 'any free one unless told', kind: 'integer' }],
};

export function usageLine({ verb, positionals, options = [] }: Verb): string {
  const words = positionals.map(({ title, isOptional, isRepeated }) => {
    const name = isRepeated ? `${title}…` : title;
    return isOptional ? `[${name}]` : name;
  });
  const flags = options.map(({ flag, title, isRequired }) => {
    const text = title ? `--${flag} ${title}` : `--${flag}`;
    return isRequired ? text : `[${text}]`;
  });
  return ['paramscope', verb, ...words, ...flags, '[--json]'].join(' ');
}

export function verbHelp(verb: Verb): string {
  const rows = (verb.options ?? []).map(({ flag, title, does }) => [
    `--${flag}${title ? ` ${title}` : ''}`,
    does,
  ]);
  const all = [...rows, ['--json', 'one JSON document on standard output'], ['--quiet', 'no progress']];
  const width = Math.max(...all.map(([left]) => left!.length));
  const lines = all.map(([left, right]) => `  ${left!.padEnd(width)}  ${right}`);
  return [`${usageLine(verb)}`, '', capitalised(verb.does), '', ...lines, ''].join('\n');
}

export function generalHelp(version: string): string {
  const verbs = [...VERBS.map(({ verb }) => verb), SERVE_VERB];
  const width = Math.max(...verbs.map(({ verb }) => verb.length));
  return [
    `paramscope ${version}: what is inside a parameter or checkpoint file`,
    '',
    'usage: paramscope VERB …',
    '',
    ...verbs.map(({ verb, does }) => `  ${verb.padEnd(width)}  ${does}`),
    '',
    'paramscope VERB --help tells more. Exit codes: 0 done or yes, 1 no, 2 wrong usage, 3 a file cannot be read, 130 interrupted.',
    '',
  ].join('\n');
}

function capitalised(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
