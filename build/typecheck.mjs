// Type-checks every process, or those named, against what it may know: one tsconfig each, two side by side. What was found of
// a file that has not changed since is kept, so that the second time is quick.
import { spawn } from 'node:child_process';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';

import { processes } from './processes.mjs';
import { runParts } from './schedule.mjs';

const require = createRequire(import.meta.url);
const checker = require.resolve('vue-tsc/bin/vue-tsc.js');
const names = process.argv.length > 2 ? process.argv.slice(2) : processes;

/** @param {string} name @returns {Promise<number | null>} how the checker ended: 0 where it found nothing */
function check(name) {
  const config = fileURLToPath(new URL(`tsconfig.${name}.json`, import.meta.url));
  const kept = fileURLToPath(new URL(`../node_modules/.cache/types/${name}.tsbuildinfo`, import.meta.url));
  const parameters = [checker, '--noEmit', '--incremental', '--tsBuildInfoFile', kept, '-p', config];
  return new Promise((resolve) => {
    spawn(process.execPath, parameters, { stdio: 'inherit' }).on('exit', resolve);
  });
}

const parts = names.map((name) => ({ name, cores: 1, run: () => check(name) }));
const codes = await runParts(parts, 2);
process.exitCode = [...codes.values()].every((code) => code === 0) ? 0 : 1;
