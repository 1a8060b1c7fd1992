import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';

import type { EngineOptions } from '#main/engine.ts';
import type { RunEvent } from '#shared/run.ts';

type StartProcess = NonNullable<EngineOptions['startProcess']>;

/** Starts the command line's bundle in a process of Node. @param bundle its path. */
export function processStarter(bundle: string): StartProcess {
  return (args, onEvent) => {
    const child = spawn(process.execPath, [bundle, ...args], { stdio: ['ignore', 'pipe', 'inherit'] });
    createInterface({ input: child.stdout }).on('line', (line) => {
      const event = parse(line);
      if (event) onEvent(event);
    });
    return {
      kill: () => void child.kill('SIGKILL'),
      ended: new Promise((resolve, reject) => {
        child.once('error', reject);
        // its output may have more to say than the process itself
        child.once('close', (code) => resolve(code ?? undefined));
      }),
    };
  };
}

/** A process that is killed may leave half a line. */
function parse(line: string): RunEvent | undefined {
  try {
    return JSON.parse(line) as RunEvent;
  } catch {
    return undefined;
  }
}
