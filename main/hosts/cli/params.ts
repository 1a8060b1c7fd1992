import { readFile } from 'node:fs/promises';
import { basename } from 'node:path';

import { parseNumber, UsageError, type ParsedArguments } from '#main/hosts/cli/arguments.ts';
import type { Engine } from '#main/engine.ts';
import type { Option, Verb } from '#shared/commands/command.ts';
import { AppError } from '#shared/errors.ts';

/**
 * Params of a command out of what stood on the command line; paths become files the engine knows.
 * @throws UsageError for values that do not fit their option, AppError for JSON files that cannot be read.
 */
export async function paramsOf(
  verb: Verb,
  parsed: ParsedArguments,
  engine: Pick<Engine, 'grant'>,
): Promise<Record<string, unknown>> {
  const params: Record<string, unknown> = {};
  for (const { param, kind, isRepeated } of verb.positionals) {
    const words = parsed.positionals.get(param);
    if (!words) continue;
    if (kind === 'json') params[param] = grantedFiles(await readJson(words[0]!), engine);
    else if (kind === 'text') params[param] = isRepeated ? words : words[0];
    else params[param] = engine.grant(words[0]!).file;
  }
  for (const option of verb.options ?? []) {
    const value = parsed.options.get(option.flag);
    if (value === undefined || option.kind === 'print') continue;
    Object.assign(params, await optionParams(option, value, engine));
  }
  return params;
}

async function optionParams(
  { flag, param, kind }: Option,
  value: string | true,
  engine: Pick<Engine, 'grant'>,
): Promise<Record<string, unknown>> {
  if (value === true) return { [param]: true };
  switch (kind) {
    case 'integer': {
      const number = parseNumber(value, flag);
      if (!Number.isSafeInteger(number)) throw new UsageError(`--${flag}: ${value} is no whole number`);
      return { [param]: number };
    }
    case 'numbers':
      return { [param]: value.split(',').map((text) => parseNumber(text, flag)) };
    case 'words':
      return { [param]: value.split(',').map((word) => word.trim()) };
    case 'range': {
      const ends = value.split(':');
      if (ends.length !== 2) throw new UsageError(`--${flag}: ${value} is no range; A:B is`);
      return { [param]: ends.map((text) => parseNumber(text, flag)) };
    }
    case 'json':
      return { [param]: await readJson(value) };
    case 'path':
    case 'new-path':
      return { [param]: engine.grant(value).file };
    case 'tensor-path':
      return tensorPath(param, value, engine);
    default:
      return { [param]: value };
  }
}

/** Whoever names data or a checkpoint in a run's configuration has chosen it: the engine may read it. */
function grantedFiles(document: unknown, engine: Pick<Engine, 'grant'>): unknown {
  const { data, startFrom } = (document ?? {}) as { data?: { source?: unknown } | null; startFrom?: unknown };
  for (const path of [data?.source, startFrom]) if (typeof path === 'string') engine.grant(path);
  return document;
}

/** `FILE:NAME` names a tensor; a colon within the file's own path (a drive) does not. */
function tensorPath(param: string, value: string, engine: Pick<Engine, 'grant'>): Record<string, unknown> {
  const colon = value.lastIndexOf(':');
  if (colon <= 1 || /[\\/]/.test(value.slice(colon + 1))) return { [param]: engine.grant(value).file };
  return { [param]: engine.grant(value.slice(0, colon)).file, [`${param}Name`]: value.slice(colon + 1) };
}

async function readJson(path: string): Promise<unknown> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    throw new AppError('not-found', `${basename(path)} cannot be read`, { file: basename(path) }, error);
  }
  try {
    return JSON.parse(text) as unknown;
  } catch (error) {
    throw new UsageError(`${basename(path)} is no JSON: ${error instanceof Error ? error.message : ''}`);
  }
}
