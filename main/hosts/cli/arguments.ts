import { parseArgs } from 'node:util';

import type { Option, Positional, Verb } from '#shared/commands/command.ts';

/** Wrong usage: exit code 2, with the right usage shown. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

/** What a verb was called with, before paths become files. */
export interface ParsedArguments {
  /** By param: a text, or a list for repeated positionals. */
  readonly positionals: ReadonlyMap<string, readonly string[]>;
  /** By flag. */
  readonly options: ReadonlyMap<string, string | true>;
  readonly isJson: boolean;
  readonly isQuiet: boolean;
  readonly isHelp: boolean;
}

/** Options of every verb. */
const COMMON = {
  json: { type: 'boolean' },
  quiet: { type: 'boolean' },
  help: { type: 'boolean', short: 'h' },
} as const;

/** @throws UsageError for flags that do not exist, missing or surplus arguments. */
export function parseVerb(verb: Verb, argv: readonly string[]): ParsedArguments {
  const options = Object.fromEntries(
    (verb.options ?? []).map(({ flag, kind }) => [
      flag,
      { type: isSwitch(kind) ? ('boolean' as const) : ('string' as const) },
    ]),
  );
  const { values, positionals } = parse(argv, { ...options, ...COMMON });
  const isHelp = values['help'] === true;
  const given = new Map<string, string | true>();
  for (const option of verb.options ?? []) {
    const value = values[option.flag];
    if (value !== undefined && value !== false) given.set(option.flag, value);
    else if (option.isRequired && !isHelp) throw new UsageError(`--${option.flag} is missing`);
  }
  return {
    positionals: isHelp ? new Map() : assign(verb.positionals, positionals),
    options: given,
    isJson: values['json'] === true,
    isQuiet: values['quiet'] === true,
    isHelp,
  };
}

function isSwitch(kind: Option['kind']): boolean {
  return kind === 'flag' || kind === 'print';
}

function parse(
  argv: readonly string[],
  options: Record<string, { type: 'boolean' | 'string'; short?: string }>,
) {
  try {
    return parseArgs({ args: valuesAttached(argv, options), options, allowPositionals: true });
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error));
  }
}

/** `--range -1:1`: a value that begins with a dash belongs to its flag all the same. */
function valuesAttached(
  argv: readonly string[],
  options: Record<string, { type: 'boolean' | 'string' }>,
): string[] {
  const attached: string[] = [];
  for (let i = 0; i < argv.length; i++) {
    const word = argv[i]!;
    const isValued =
      word.startsWith('--') && !word.includes('=') && options[word.slice(2)]?.type === 'string';
    const next = argv[i + 1];
    if (isValued && next !== undefined && /^-[\d.:]/.test(next)) {
      attached.push(`${word}=${next}`);
      i++;
    } else attached.push(word);
  }
  return attached;
}

function assign(
  positionals: readonly Positional[],
  words: readonly string[],
): Map<string, readonly string[]> {
  const assigned = new Map<string, readonly string[]>();
  let rest = [...words];
  for (const positional of positionals) {
    const taken = positional.isRepeated ? rest : rest.slice(0, 1);
    if (taken.length === 0 && !positional.isOptional) throw new UsageError(`${positional.title} is missing`);
    if (taken.length > 0) assigned.set(positional.param, taken);
    rest = rest.slice(taken.length);
  }
  if (rest.length > 0) throw new UsageError(`${rest[0]} is too much`);
  return assigned;
}

/** `12`, `1e3`, `-0.5`. @throws UsageError */
export function parseNumber(text: string, flag: string): number {
  const value = text.trim() === '' ? NaN : Number(text);
  if (Number.isNaN(value)) throw new UsageError(`--${flag}: ${text} is no number`);
  return value;
}
