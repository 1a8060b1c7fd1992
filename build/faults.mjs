// Every fault at length, with counts: `npm run faults [-- power-cut kills …] [-- --kills 10000 --flips 10000 …]`.
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
/** @type {Record<string, number>} */
const counts = {};
/** @type {string[]} */
const names = [];
const words = process.argv.slice(2);
for (let index = 0; index < words.length; index++) {
  const word = words[index] ?? '';
  if (word.startsWith('--')) counts[word.slice(2)] = Number(words[++index]);
  else names.push(`test/faults/${word}`);
}
const started = Date.now();
const run = spawnSync(
  process.execPath,
  [
    join(root, 'node_modules', 'vitest', 'vitest.mjs'),
    'run',
    '--config',
    join(root, 'build', 'faults.vitest.config.mjs'),
    ...names,
  ],
  { stdio: 'inherit', cwd: root, env: { ...process.env, PARAMSCOPE_FAULTS: JSON.stringify(counts) } },
);
process.stdout.write(`took ${((Date.now() - started) / 1000).toFixed(0)} s\n`);
process.exitCode = run.status ?? 1;
