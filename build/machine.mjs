// What the journeys need of the machine: a browser, a display, an archiver, a genuine Electron.
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';

import { runCommand } from './command.mjs';

const execute = promisify(execFile);

/** Debian's package for each command that may be missing. */
const PACKAGES = {
  chromium: ['chromium', 'fonts-dejavu-core'],
  'xvfb-run': ['xvfb', 'xauth'],
  '7za': ['p7zip-full'],
};

/** @param {string} name @returns {string | undefined} */
export function commandPath(name) {
  return (process.env.PATH ?? '')
    .split(delimiter)
    .map((folder) => join(folder, name))
    .find((path) => existsSync(path));
}

export function chromiumPath() {
  const named = process.env.PARAMSCOPE_CHROMIUM;
  if (named) return existsSync(named) ? named : undefined;
  return ['chromium', 'chromium-browser', 'google-chrome']
    .map(commandPath)
    .find((path) => path !== undefined);
}

export function archiverPath() {
  return ['7za', '7zz', '7z'].map(commandPath).find((path) => path !== undefined);
}

const isRoot = () => process.getuid?.() === 0;

/**
 * Installs the Debian packages that are missing, where that is possible.
 * @param {string} log
 * @returns {Promise<string | undefined>} why something is still missing
 */
export async function installSystemPackages(log) {
  const missing = Object.keys(PACKAGES).filter((name) =>
    name === 'chromium' ? !chromiumPath() : name === '7za' ? !archiverPath() : !commandPath(name),
  );
  if (process.platform !== 'linux' || missing.length === 0) return undefined;
  if (!isRoot() || !commandPath('apt-get')) {
    return `${missing.join(', ')} missing, and only root on Debian installs them by itself`;
  }
  const env = { DEBIAN_FRONTEND: 'noninteractive' };
  const names = missing.flatMap((name) => PACKAGES[/** @type {keyof typeof PACKAGES} */ (name)]);
  await runCommand('apt-get', ['update', '-qq'], { log: `${log}.update`, env, seconds: 180 });
  const parameters = ['install', '-y', '-qq', '--no-install-recommends', ...names];
  const { code } = await runCommand('apt-get', parameters, { log, env, seconds: 600 });
  return code === 0 ? undefined : `apt-get install ${names.join(' ')} ended with ${code}; see ${log}`;
}

/**
 * The genuine Electron of the tests.
 * @typedef {object} TestElectron
 * @property {string} launch starts `$PARAMSCOPE_APP`; as an unprivileged user where root calls it
 * @property {string} dist the unpacked binary, for packaging
 */

/**
 * Brings it where `../shared` offers it; the first time takes a download.
 * @param {string} root
 * @returns {Promise<TestElectron | string>} a text says why there is none
 */
export async function testElectron(root) {
  const script = join(root, '..', 'shared', 'electron', 'get-electron');
  if (!existsSync(script))
    return 'no genuine Electron for tests: ../shared/electron/get-electron is not there';
  try {
    const { stdout } = await execute(script, { timeout: 600_000 });
    const launch = stdout.trim();
    return { launch, dist: join(launch, '..', 'dist') };
  } catch (error) {
    return `../shared/electron/get-electron failed: ${String(error).split('\n')[0]}`;
  }
}
