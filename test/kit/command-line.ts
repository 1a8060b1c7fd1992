import { createEngine } from '#main/engine.ts';
import { runCommandLine } from '#main/hosts/cli/command-line.ts';

export interface Outcome {
  readonly code: number;
  readonly out: string;
  readonly error: string;
}

/** Runs one command line in this process, with the engine inline, and gives back all that it said. */
export async function paramscope(...argv: string[]): Promise<Outcome> {
  return paramscopeUntil(new AbortController().signal, ...argv);
}

export async function paramscopeUntil(signal: AbortSignal, ...argv: string[]): Promise<Outcome> {
  let out = '';
  let error = '';
  const code = await runCommandLine(
    argv,
    {
      version: '0.0.0',
      startEngine: () => createEngine({ resourceFolder: 'dist/resources' }),
      serve: async () => {},
    },
    {
      out: (text) => void (out += text),
      error: (text) => void (error += text),
      isTerminal: false,
      isErrorTerminal: false,
      signal,
    },
  );
  return { code, out, error };
}

/** As `paramscope … --json`, parsed. */
export async function paramscopeJson<Document>(
  ...argv: string[]
): Promise<{ readonly code: number; readonly document: Document }> {
  const { code, out } = await paramscope(...argv, '--json');
  return { code, document: JSON.parse(out) as Document };
}
