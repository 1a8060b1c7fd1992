/** The command line's entry: `node dist/paramscope.cjs …`. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { runCommandLine } from '#main/hosts/cli/command-line.ts';

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
      return createEngine({ resourceFolder: join(folder, 'resources'), threadFolder: folder });
    },
    serve: async (folders, port) => {
      const { serve } = await import('#main/hosts/serve/serve.ts');
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
