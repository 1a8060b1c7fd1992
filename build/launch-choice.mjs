// Decides how `npm start` shows the app. Pure: facts of the machine in, a decision out.
import { dirname, join } from 'node:path';

/**
 * @typedef {object} Facts
 * @property {string} platform
 * @property {boolean} isRoot
 * @property {boolean} hasDisplay
 * @property {string | undefined} named what `PARAMSCOPE_ELECTRON` says
 * @property {string | undefined} installed the `electron` package's binary, where it is there
 * @property {(path: string) => boolean} exists
 * @property {(path: string) => boolean} isScript whether a file is a script around a binary
 */

/**
 * @typedef {object} ElectronChoice
 * @property {'electron'} kind
 * @property {string} binary
 * @property {string} [packageWith] an unpacked Electron that opens no folder: the app has to be packaged with it first
 * @property {boolean} isWrapper starts what `PARAMSCOPE_APP` names
 */

/** @typedef {{ kind: 'browser', reason: string }} BrowserChoice */

/** Where the `electron` package has its binary, below its `dist`. @type {Readonly<Record<string, string>>} */
const BINARIES = { darwin: 'Electron.app/Contents/MacOS/Electron', win32: 'electron.exe' };

const ROOT_REFUSED = 'Electron’s sandbox refuses to run as root';

/** @param {string} platform */
export function binaryName(platform) {
  return BINARIES[platform] ?? 'electron';
}

/**
 * Why there is no point in looking for Electron, where there is none.
 * @param {Pick<Facts, 'platform' | 'hasDisplay' | 'isRoot' | 'named'>} facts
 * @returns {BrowserChoice | undefined}
 */
export function withoutWindow({ platform, hasDisplay, isRoot, named }) {
  if (platform !== 'linux') return undefined;
  if (!hasDisplay) return browser('there is no display here');
  // what is named may be a script that changes the user before it starts the binary
  return isRoot && !named ? browser(ROOT_REFUSED) : undefined;
}

/** @param {Facts} facts @returns {ElectronChoice | BrowserChoice} */
export function chooseHost(facts) {
  const { platform, isRoot, named, installed, exists, isScript } = facts;
  const hidden = withoutWindow(facts);
  if (hidden) return hidden;
  if (named && !exists(named)) return browser(`PARAMSCOPE_ELECTRON names ${named}, which is not there`);
  const binary = named || installed;
  if (!binary) return browser('no Electron binary could be had');
  const isWrapper = isScript(binary);
  // a wrapper may change the user before it starts the binary
  if (platform === 'linux' && isRoot && !isWrapper)
    return browser('Electron’s sandbox refuses to run as root');
  const dist = [dirname(binary), join(dirname(binary), 'dist')].find((folder) =>
    exists(join(folder, 'resources')),
  );
  // official ones carry a default app; only Linux has builds about that lack it
  const opensFolders = platform !== 'linux' || !dist || exists(join(dist, 'resources', 'default_app.asar'));
  return { kind: 'electron', binary, isWrapper, ...(opensFolders ? {} : { packageWith: dist }) };
}

/** @param {string} reason @returns {BrowserChoice} */
function browser(reason) {
  return { kind: 'browser', reason };
}

/** The command that opens a link in the person's browser. @param {string} platform @param {string} link @returns {[string, string[]]} */
export function openLink(platform, link) {
  if (platform === 'darwin') return ['open', [link]];
  // the empty text is the title of a window that start would otherwise take from the link
  if (platform === 'win32') return ['cmd', ['/c', 'start', '', link]];
  return ['xdg-open', [link]];
}
