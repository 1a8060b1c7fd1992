// `npm run package`: the installable app. Makes what this machine can make without a download:
// the unpacked folder and, on Linux, the tar.gz. Everything else is asked for by name:
//   npm run package -- --linux AppImage deb     (electron-builder then downloads Electron and its tools)
import { chmodSync, chownSync, existsSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { runCommand } from './command.mjs';
import { needsBuild } from './freshness.mjs';
import { archiverPath, testElectron } from './machine.mjs';
import { testAppFolder, testPackageFolder } from './test-app.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const require = createRequire(import.meta.url);
const builder = join(require.resolve('electron-builder/package.json'), '..', 'cli.js');

/** @param {string} complaint @returns {never} */
function stop(complaint) {
  process.stderr.write(`${complaint}\n`);
  process.exit(1);
}

/** A folder with an unpacked Electron, looked for where nothing has to be downloaded for it. */
async function electronDist() {
  const named = process.env.PARAMSCOPE_ELECTRON_DIST;
  if (named)
    return existsSync(named) ? named : stop(`PARAMSCOPE_ELECTRON_DIST names ${named}, which is not there`);
  const installed = join(root, 'node_modules', 'electron', 'dist');
  if (existsSync(join(installed, 'version'))) return installed;
  const genuine = await testElectron(root);
  return typeof genuine === 'object' ? genuine.dist : undefined;
}

/**
 * electron-builder strips the setuid bit that Chromium's sandbox helper needs where user namespaces are closed.
 * @param {string} folder of the unpacked app
 */
function restoreSandbox(folder) {
  const helper = join(folder, 'chrome-sandbox');
  if (process.getuid?.() !== 0 || !existsSync(helper)) return;
  chownSync(helper, 0, 0);
  chmodSync(helper, 0o4755);
}

const wishes = process.argv.slice(2);
const isTest = wishes[0] === '--test';
if (needsBuild(root)) {
  const { code } = await runCommand(process.execPath, [join(root, 'build', 'bundle.mjs')], { cwd: root });
  if (code !== 0) process.exit(code);
}

const env = { ...(archiverPath() ? { ELECTRON_BUILDER_7ZIP_PATH: archiverPath() } : {}) };
const parameters = ['--publish', 'never'];
if (isTest || wishes.length === 0) {
  const dist = await electronDist();
  if (!dist) {
    stop(
      'no Electron on this machine: run `npx install-electron`, or name an unpacked one in PARAMSCOPE_ELECTRON_DIST',
    );
  }
  parameters.push(`-c.electronDist=${dist}`);
  if (isTest)
    parameters.push(
      '--linux',
      'dir',
      `-c.directories.output=${testPackageFolder(root)}`,
      '-c.electronFuses.enableNodeCliInspectArguments=true',
    );
  else if (process.platform === 'linux' && archiverPath()) parameters.push('--linux', 'dir', 'tar.gz');
  else parameters.push('--dir');
} else parameters.push(...wishes);

if (isTest) rmSync(testPackageFolder(root), { recursive: true, force: true });
const { code } = await runCommand(
  process.execPath,
  [builder, '--config', 'electron-builder.yml', ...parameters],
  { cwd: root, env },
);
restoreSandbox(isTest ? testAppFolder(root) : join(root, 'release', 'linux-unpacked'));
process.exitCode = code;
