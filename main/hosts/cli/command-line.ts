import { UsageError, parseVerb, type ParsedArguments } from '#main/hosts/cli/arguments.ts';
import { toJson } from '#main/hosts/cli/json.ts';
import { paramsOf } from '#main/hosts/cli/params.ts';
import { progressLine } from '#main/hosts/cli/progress-line.ts';
import { styleFor, type PrintContext, type Printer } from '#main/hosts/cli/print/printer.ts';
import { PRINTERS } from '#main/hosts/cli/print/printers.ts';
import { trainLine } from '#main/hosts/cli/print/train.ts';
import {
  SERVE_VERB,
  VERBS,
  generalHelp,
  usageLine,
  verbHelp,
  type VerbEntry,
} from '#main/hosts/cli/usage.ts';
import type { Engine } from '#main/engine.ts';
import type { CommandName } from '#shared/commands/commands.ts';
import { escapeName } from '#shared/display.ts';
import { AppError, isAppError, toWire } from '#shared/errors.ts';
import type { RunEvent } from '#shared/run.ts';

/** Where a call of the command line reads and writes; a test gives its own. */
export interface Terminal {
  readonly out: (text: string) => void;
  readonly error: (text: string) => void;
  readonly isTerminal: boolean;
  readonly isErrorTerminal: boolean;
  /** Aborted by Ctrl+C. */
  readonly signal: AbortSignal;
}

export interface CommandLine {
  readonly version: string;
  readonly startEngine: () => Promise<Engine>;
  /** Runs the browser form until it is told to stop. */
  readonly serve: (folders: readonly string[], port: number | undefined) => Promise<void>;
}

/** Runs one command line to its end. @returns the exit code of the contract. */
export async function runCommandLine(
  argv: readonly string[],
  host: CommandLine,
  terminal: Terminal,
): Promise<number> {
  const [word, ...rest] = argv;
  if (word === undefined || word === '--help' || word === '-h' || word === 'help') {
    terminal.out(generalHelp(host.version));
    return word === undefined ? 2 : 0;
  }
  if (word === '--version') {
    terminal.out(`${host.version}\n`);
    return 0;
  }
  const entry = word === 'serve' ? undefined : VERBS.find(({ verb }) => verb.verb === word);
  const verb = word === 'serve' ? SERVE_VERB : entry?.verb;
  if (!verb) {
    terminal.error(`paramscope: there is no verb ${escapeName(word)}\n\n${generalHelp(host.version)}`);
    return 2;
  }
  let isJson = rest.includes('--json');
  try {
    const parsed = parseVerb(verb, rest);
    isJson = parsed.isJson;
    if (parsed.isHelp) {
      terminal.out(verbHelp(verb));
      return 0;
    }
    if (!entry) return await serve(host, parsed);
    return await runVerb(entry, parsed, host, terminal);
  } catch (error) {
    return report(error, usageLine(verb), isJson, terminal);
  }
}

async function serve(host: CommandLine, parsed: ParsedArguments): Promise<number> {
  const port = parsed.options.get('port');
  const number = port === undefined ? undefined : Number(port);
  if (number !== undefined && !(Number.isInteger(number) && number >= 0 && number < 65_536)) {
    throw new UsageError(`--port: ${String(port)} is no port`);
  }
  await host.serve(parsed.positionals.get('folders') ?? [], number);
  return 0;
}

async function runVerb(
  entry: VerbEntry,
  parsed: ParsedArguments,
  host: CommandLine,
  terminal: Terminal,
): Promise<number> {
  const engine = await host.startEngine();
  const paths = entry.verb.positionals
    .filter(({ kind }) => kind === 'path')
    .flatMap(({ param }) => parsed.positionals.get(param) ?? []);
  const context: PrintContext = { options: parsed.options, paths, style: styleFor(terminal.isTerminal) };
  const line = progressLine(terminal, parsed.isQuiet);
  try {
    if (entry.command === 'checkpoint.open') return await listAll(entry, parsed, engine, context, terminal);
    const params = await paramsOf(entry.verb, parsed, engine);
    const result = await engine.answer(entry.command, params, {
      signal: terminal.signal,
      progress: (update) => {
        if (entry.command === 'run.train') tellEvent(update as RunEvent, parsed, context, terminal, line);
        else line.show(update);
      },
    });
    line.clear();
    const printer = printerOf(entry.command);
    if (!parsed.isJson) terminal.out(printer.text(result, context));
    else if (entry.command !== 'run.train') {
      terminal.out(`${toJson(printer.json ? printer.json(result, context) : result)}\n`);
    }
    return printer.exitCode?.(result, context) ?? 0;
  } finally {
    line.clear();
    await engine.close();
  }
}

function printerOf(command: CommandName): Printer<never> {
  const printer = PRINTERS[command];
  if (!printer) throw new Error(`${command} has no printer`);
  return printer;
}

function tellEvent(
  event: RunEvent,
  parsed: ParsedArguments,
  context: PrintContext,
  terminal: Terminal,
  line: ReturnType<typeof progressLine>,
): void {
  if (parsed.isJson) {
    terminal.out(`${toJson(event)}\n`);
    return;
  }
  const text = trainLine(event, context.style);
  if (text !== undefined) {
    line.clear();
    terminal.out(text);
  } else if (event.event === 'step') line.say(`step ${event.step}  loss ${event.loss.toPrecision(4)}`);
}

/** `ls` takes several paths; one that cannot be read does not keep the others from being listed. */
async function listAll(
  entry: VerbEntry,
  parsed: ParsedArguments,
  engine: Engine,
  context: PrintContext,
  terminal: Terminal,
): Promise<number> {
  const printer = printerOf(entry.command);
  const documents: unknown[] = [];
  let code = 0;
  for (const path of context.paths) {
    const own = { ...context, paths: [path] };
    try {
      const { file } = engine.grant(path);
      const result = await engine.answer(
        entry.command,
        { file },
        { signal: terminal.signal, progress: () => {} },
      );
      if (parsed.isJson) documents.push(printer.json?.(result, own));
      else terminal.out(`${documents.length > 0 ? '\n' : ''}${printer.text(result, own)}`);
      if (!parsed.isJson) documents.push(undefined);
    } catch (error) {
      if (context.paths.length === 1 || !isAppError(error) || error.code === 'cancelled') throw error;
      code = 3;
      if (parsed.isJson) documents.push({ path, error: toWire(error) });
      else terminal.error(errorText(error, path));
    }
  }
  if (parsed.isJson) terminal.out(`${toJson(context.paths.length === 1 ? documents[0] : documents)}\n`);
  return code;
}

function report(error: unknown, usage: string, isJson: boolean, terminal: Terminal): number {
  if (error instanceof UsageError) {
    terminal.error(`paramscope: ${escapeName(error.message)}\nusage: ${usage}\n`);
    return 2;
  }
  const known = isAppError(error)
    ? error
    : new AppError('internal', 'something went wrong that should not have', {}, error);
  if (known.code === 'cancelled') return 130;
  if (known.code === 'invalid-params') {
    terminal.error(`${errorText(known)}usage: ${usage}\n`);
    return 2;
  }
  if (isJson) terminal.out(`${toJson({ error: toWire(known) })}\n`);
  else terminal.error(errorText(known));
  return 3;
}

function errorText(error: AppError, path?: string): string {
  const { file, offset, expected, found, hint } = error.fields;
  const where = path ?? file;
  const lines = [
    `paramscope: ${where === undefined ? '' : `${escapeName(where)}: `}${escapeName(error.message)}`,
    ...(offset === undefined ? [] : [`  at byte ${offset}`]),
    ...(expected === undefined ? [] : [`  expected ${escapeName(expected)}`]),
    ...(found === undefined ? [] : [`  found    ${escapeName(found)}`]),
    ...(hint === undefined ? [] : [`  ${escapeName(hint)}`]),
  ];
  return `${lines.join('\n')}\n`;
}
