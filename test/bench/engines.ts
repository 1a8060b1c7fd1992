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

/** Passes after which V8 has compiled what it will compile: each thread begins with none of it. */
const WARM_PASSES = 8;

/** A case on an engine that knows no answers yet, but has worked before, as that of an app in use. */
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
      for (let pass = 0; pass < WARM_PASSES; pass++) {
        // other bins each time, so that the answer is not known
        await ask(engine, 'checkpoint.summarize', { file, quantiles: [], bins: 256 - pass });
        await ask(engine, 'checkpoint.compare', { a: file, b: file });
      }
    },
    run: async () => void (await run(engine!)),
    clean: () => engine?.close(),
  };
}
