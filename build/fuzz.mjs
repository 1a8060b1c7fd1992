// Damages files for as long as it is told: `npm run fuzz -- --format mxnet --minutes 10 [--seed 7]`. Prints counts.
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const run = spawnSync(
  process.execPath,
  [
    join(root, 'node_modules', 'vitest', 'vitest.mjs'),
    'run',
    '--config',
    join(root, 'build', 'fuzz.vitest.config.mjs'),
  ],
  {
    stdio: 'inherit',
    cwd: root,
    env: { ...process.env, FUZZ_ARGUMENTS: JSON.stringify(process.argv.slice(2)) },
  },
);
process.exitCode = run.status ?? 1;
