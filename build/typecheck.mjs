// Type-checks every process against what it may know: one tsconfig each, side by side.
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
  return new Promise((resolve) => {
    spawn(process.execPath, [checker, '--noEmit', '-p', config], { stdio: 'inherit' }).on('exit', resolve);
  });
}

let failures = 0;
for (let index = 0; index < names.length; index += 2) {
  const codes = await Promise.all(names.slice(index, index + 2).map(check));
  failures += codes.filter((code) => code !== 0).length;
}
process.exitCode = failures === 0 ? 0 : 1;
