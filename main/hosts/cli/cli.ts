/** The command line itself, which `start.ts` starts. */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';

import { runCommandLine } from '#main/hosts/cli/command-line.ts';
import type { ServeOptions } from '#main/hosts/serve/serve.ts';
import { nodeProcesses } from '#main/hosts/training/node-process.ts';

interface ServeBundle {
  readonly serve: (options: ServeOptions) => Promise<void>;
}

const controller = new AbortController();
let interruptions = 0;
process.on('SIGINT', () => {
  controller.abort();
  // the second one does not wait for an orderly end
  if (++interruptions > 1) process.exit(130);
});
process.on('SIGTERM', () => controller.abort());
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  // the reader of a pipe went away, as head does
  if (error.code === 'EPIPE') process.exit(0);
  throw error;
});

const folder = __dirname;

void runCommandLine(
  process.argv.slice(2),
  {
    version: versionOf(join(folder, '..', 'package.json')),
    startEngine: async () => {
      const { createEngine } = await import('#main/engine.ts');
      return createEngine({
        resourceFolder: join(folder, 'resources'),
        threadFolder: folder,
        startProcess: nodeProcesses(folder),
      });
    },
    serve: async (folders, port) => {
      // a bundle of its own: nobody else needs a web server
      const { serve } = createRequire(__filename)(join(folder, 'serve.cjs')) as ServeBundle;
      await serve({ folders, port, bundleFolder: folder, signal: controller.signal });
    },
  },
  {
    out: (text) => void process.stdout.write(text),
    error: (text) => void process.stderr.write(text),
    isTerminal: process.stdout.isTTY === true && !process.env['NO_COLOR'],
    isErrorTerminal: process.stderr.isTTY === true,
    signal: controller.signal,
  },
).then((code) => {
  process.exitCode = code;
});

function versionOf(path: string): string {
  return (JSON.parse(readFileSync(path, 'utf8')) as { version: string }).version;
}
