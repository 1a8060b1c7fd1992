// `npm run package`: the installable app. Makes what this machine can make without a download:
// the unpacked folder and, on Linux, the tar.gz. Everything else is asked for by name:
//   npm run package -- --linux AppImage deb     (electron-builder then downloads Electron and its tools)
import {
  chmodSync,
  chownSync,
  copyFileSync,
  existsSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { packageFolder } from './app-folders.mjs';
import { runCommand } from './command.mjs';
import { needsBuild, stampPath } from './freshness.mjs';
import { FUSES, readFuses } from './fuses.mjs';
import { archiverPath, testElectron } from './machine.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const require = createRequire(import.meta.url);

/** Where Electron's own executable is in its unpacked folder. */
const BINARIES = ['electron', 'electron.exe', 'Electron.app/Contents/MacOS/Electron'];

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
 * The configuration without the fuses that this Electron is too old to have: electron-builder cannot be told to leave one out.
 * @param {string} dist
 * @param {boolean} isTest
 */
function configurationFor(dist, isTest) {
  const binary = BINARIES.map((name) => join(dist, name)).find((path) => existsSync(path));
  if (!binary) stop(`${dist} holds no Electron`);
  const present = readFuses(binary);
  const lines = readFileSync(join(root, 'electron-builder.yml'), 'utf8').split('\n');
  const kept = lines.filter(
    (line) => !FUSES.some((fuse) => line.startsWith(`  ${fuse}:`) && !present.has(fuse)),
  );
  const text = kept.join('\n');
  // it is by these arguments that a test drives the app
  return isTest
    ? text.replace('enableNodeCliInspectArguments: false', 'enableNodeCliInspectArguments: true')
    : text;
}

/**
 * electron-builder strips the setuid bit that Chromium's sandbox helper needs where user namespaces are closed.
 * @param {string} output
 */
function restoreSandbox(output) {
  for (const folder of existsSync(output) ? readdirSync(output) : []) {
    const helper = join(output, folder, 'chrome-sandbox');
    if (process.getuid?.() !== 0 || !existsSync(helper)) continue;
    chownSync(helper, 0, 0);
    chmodSync(helper, 0o4755);
  }
}

/** @param {readonly string[]} parameters @param {Record<string, string>} env */
async function runBuilder(parameters, env) {
  const builder = require.resolve('electron-builder/cli.js');
  return (
    await runCommand(process.execPath, [builder, '--publish', 'never', ...parameters], { cwd: root, env })
  ).code;
}

/**
 * Packages with an Electron that is here.
 * @param {'test' | 'start' | undefined} purpose the folder alone, to be driven by a test or started from the checkout
 */
async function packageHere(purpose) {
  const dist =
    (await electronDist()) ??
    stop(
      'no Electron on this machine: run `npx install-electron`, or name an unpacked one in PARAMSCOPE_ELECTRON_DIST',
    );
  const output = purpose ? packageFolder(purpose, root) : join(root, 'release');
  rmSync(output, { recursive: true, force: true });
  const archiver = archiverPath();
  const targets =
    !purpose && process.platform === 'linux' && archiver ? ['--linux', 'dir', 'tar.gz'] : ['--dir'];
  const folder = mkdtempSync(join(tmpdir(), 'paramscope-package-'));
  const configuration = join(folder, 'electron-builder.yml');
  writeFileSync(configuration, configurationFor(dist, purpose === 'test'));
  const places = [`-c.electronDist=${dist}`, `-c.directories.output=${output}`];
  const code = await runBuilder(
    ['--projectDir', root, '--config', configuration, ...targets, ...places],
    archiver ? { ELECTRON_BUILDER_7ZIP_PATH: archiver } : {},
  );
  rmSync(folder, { recursive: true, force: true });
  restoreSandbox(output);
  if (code === 0) copyFileSync(stampPath(root), join(output, 'sources.sha256'));
  return code;
}

if (needsBuild(root)) {
  const { code } = await runCommand(process.execPath, [join(root, 'build', 'bundle.mjs')], { cwd: root });
  if (code !== 0) process.exit(code);
}
const wishes = process.argv.slice(2);
const purpose = wishes[0] === '--test' ? 'test' : wishes[0] === '--start' ? 'start' : undefined;
process.exitCode = purpose || wishes.length === 0 ? await packageHere(purpose) : await runBuilder(wishes, {});
