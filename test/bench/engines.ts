import { mkdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { createEngine, type Engine } from '#main/engine.ts';
import type { Case } from '#test/bench/measure.ts';
import type { CommandName, Input, Result } from '#shared/commands/commands.ts';

/** Where files of the benchmarks are kept between runs. */
export const FOLDER = join(tmpdir(), 'paramscope-bench');
mkdirSync(FOLDER, { recursive: true });

/** Where the bundle lies: this file is part of it then. */
export const BUNDLE = __dirname;

/** As the apps have it, with compute threads, or as one thread does all. */
export async function engineFor(threads: boolean): Promise<Engine> {
  return createEngine({
    resourceFolder: join(BUNDLE, 'resources'),
    ...(threads ? { threadFolder: BUNDLE } : {}),
  });
}

export async function ask<Name extends CommandName>(
  engine: Engine,
  name: Name,
  params: Input<Name>,
): Promise<Result<Name>> {
  return engine.answer(name, params, { signal: new AbortController().signal, progress: () => {} });
}

/** A case on an engine that knows no answers yet, but whose threads, if it has any, are awake. */
export function engineCase(
  name: string,
  threads: boolean,
  warmUp: string,
  run: (engine: Engine) => Promise<unknown>,
): Case {
  let engine: Engine | undefined;
  return {
    name,
    prepare: async () => {
      engine = await engineFor(threads);
      const { file } = engine.grant(warmUp);
      await ask(engine, 'checkpoint.summarize', { file, quantiles: [], bins: 256 });
      await ask(engine, 'checkpoint.compare', { a: file, b: file });
    },
    run: async () => void (await run(engine!)),
    clean: () => engine?.close(),
  };
}
