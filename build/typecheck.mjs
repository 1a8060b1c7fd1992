// Type-checks every process against what it may know: one tsconfig each, side by side. What was found of a file that has not
// changed since is kept, so that the second time is quick.
import { spawn } from 'node:child_process';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';

const require = createRequire(import.meta.url);
const checker = require.resolve('vue-tsc/bin/vue-tsc.js');
const names =
  process.argv.length > 2
    ? process.argv.slice(2)
    : ['shared', 'main', 'assembly', 'preload', 'renderer', 'test'];

/** @param {string} name */
function check(name) {
  const config = fileURLToPath(new URL(`tsconfig.${name}.json`, import.meta.url));
  const kept = fileURLToPath(new URL(`../node_modules/.cache/types/${name}.tsbuildinfo`, import.meta.url));
  const parameters = [checker, '--noEmit', '--incremental', '--tsBuildInfoFile', kept, '-p', config];
  return new Promise((resolve) => {
    spawn(process.execPath, parameters, { stdio: 'inherit' }).on('exit', resolve);
  });
}

let failures = 0;
for (let index = 0; index < names.length; index += 2) {
  const codes = await Promise.all(names.slice(index, index + 2).map(check));
  failures += codes.filter((code) => code !== 0).length;
}
process.exitCode = failures === 0 ? 0 : 1;
