// `npm run bench:window`: how long the window takes, in the packaged app in genuine Electron.
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { runCommand } from './command.mjs';
import { commandPath, installSystemPackages, testElectron } from './machine.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));

/** @param {string} complaint @returns {never} */
function stop(complaint) {
  process.stderr.write(`${complaint}\n`);
  process.exit(1);
}

const missing = await installSystemPackages(join(root, 'test-results', 'system-packages.log'));
if (missing) stop(missing);
const electron = await testElectron(root);
if (typeof electron === 'string') stop(electron);
const env = { PARAMSCOPE_ELECTRON_DIST: electron.dist, PARAMSCOPE_LAUNCH: electron.launch };
const packaged = await runCommand(process.execPath, [join(root, 'build', 'package.mjs'), '--test'], {
  cwd: root,
  env,
  isQuiet: true,
});
if (packaged.code !== 0) stop(`packaging ended with exit ${packaged.code}`);
const playwright = [
  join(root, 'node_modules', '.bin', 'playwright'),
  'test',
  '--config',
  'build/bench-window.config.ts',
  ...process.argv.slice(2),
];
const display = commandPath('xvfb-run') ? ['xvfb-run', '-a', '-s', '-screen 0 1600x1200x24'] : [];
const [command, ...parameters] = [...display, ...playwright];
const { code } = await runCommand(/** @type {string} */ (command), parameters, { cwd: root, env });
process.exitCode = code;
