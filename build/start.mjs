// `npm start`: from a fresh clone to the open app, and in the foreground until it is closed. Plain Node, nothing installed.
import { spawn } from 'node:child_process';
import { closeSync, existsSync, openSync, readFileSync, readSync, statSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

import { appFolder, packageFolder } from './app-folders.mjs';
import { runCommand } from './command.mjs';
import { needsBuild, needsInstall, sourceDigest } from './freshness.mjs';
import { binaryName, chooseHost, openLink, withoutWindow } from './launch-choice.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));

/** The longest that fetching the Electron binary may keep anybody waiting. */
const FETCH_SECONDS = 8;
/** An app that ends sooner than this, and badly, did not open. */
const OPENED_MS = 5000;

/** @param {string} text */
const say = (text) => process.stdout.write(`${text}\n`);

/** @param {string} what @param {string} command @param {readonly string[]} parameters */
async function prepare(what, command, parameters) {
  say(what);
  const { code } = await runCommand(command, parameters, { cwd: root });
  if (code === 0) return;
  process.stderr.write(`${[command, ...parameters].join(' ')} ended with exit ${code}\n`);
  process.exit(1);
}

/** The `electron` package's binary; never asked of the package itself, which would go and fetch it. */
function installedElectron() {
  const dist = join(root, 'node_modules', 'electron', 'dist');
  const binary = join(dist, binaryName(process.platform));
  return existsSync(join(dist, 'version')) && existsSync(binary) ? binary : undefined;
}

/** @param {string} path */
function isScript(path) {
  const file = openSync(path, 'r');
  const head = Buffer.alloc(2);
  readSync(file, head, 0, 2, 0);
  closeSync(file);
  return head.toString('latin1') === '#!';
}

async function hostOfThisMachine() {
  const facts = {
    platform: process.platform,
    isRoot: process.getuid?.() === 0,
    hasDisplay: hasDisplay(),
    named: process.env.PARAMSCOPE_ELECTRON || undefined,
    exists: existsSync,
    isScript,
  };
  if (!facts.named && !installedElectron() && !withoutWindow(facts)) {
    say('looking for the Electron binary');
    const installer = join(root, 'node_modules', 'electron', 'install.js');
    await runCommand(process.execPath, [installer], { cwd: root, seconds: FETCH_SECONDS, isQuiet: true });
  }
  return chooseHost({ ...facts, installed: installedElectron() });
}

/** Where the person was when calling npm. */
const place = process.env.INIT_CWD ?? process.cwd();
const files = process.argv.slice(2).map((path) => resolve(place, path));

/** Packages the app with an Electron that opens no folder, unless that is done. @param {string} dist */
async function packagedApp(dist) {
  const stamp = join(packageFolder('start', root), 'sources.sha256');
  if (!existsSync(stamp) || readFileSync(stamp, 'utf8') !== sourceDigest(root)) {
    process.env.PARAMSCOPE_ELECTRON_DIST = dist;
    await prepare('packaging the app for this Electron', process.execPath, [
      join(root, 'build', 'package.mjs'),
      '--start',
    ]);
  }
  return join(appFolder('start', root), 'paramscope');
}

/**
 * @param {string} command @param {readonly string[]} parameters @param {Record<string, string>} env
 * @returns {Promise<number>} its exit code
 */
function inForeground(command, parameters, env) {
  const child = spawn(command, parameters, { stdio: 'inherit', env: { ...process.env, ...env }, cwd: place });
  for (const signal of /** @type {const} */ (['SIGINT', 'SIGTERM']))
    process.on(signal, () => child.kill(signal));
  return new Promise((done) => {
    child.once('error', () => done(127));
    child.once('exit', (code, signal) => done(code ?? (signal ? 0 : 1)));
  });
}

/** @param {import('./launch-choice.mjs').ElectronChoice} choice @returns {Promise<string | undefined>} why it did not open */
async function openInElectron({ binary, isWrapper, packageWith }) {
  const began = Date.now();
  const app = packageWith === undefined ? undefined : await packagedApp(packageWith);
  const [command, parameters] =
    app === undefined ? [binary, [root, ...files]] : [isWrapper ? binary : app, files];
  const code = await inForeground(command, parameters, app === undefined ? {} : { PARAMSCOPE_APP: app });
  if (code === 0 || Date.now() - began > OPENED_MS) {
    process.exitCode = code;
    return undefined;
  }
  return `Electron ended at once with exit ${code}`;
}

/** Opens the same app in the browser; where there is none to be opened, the link is on the screen. */
function openInBrowser() {
  const folders = files.map((path) =>
    existsSync(path) && statSync(path).isDirectory() ? path : dirname(path),
  );
  const parameters = [join(root, 'dist', 'paramscope.cjs'), 'serve', ...new Set(folders)];
  const child = spawn(process.execPath, parameters, { stdio: ['ignore', 'pipe', 'inherit'] });
  for (const signal of /** @type {const} */ (['SIGINT', 'SIGTERM']))
    process.on(signal, () => child.kill(signal));
  let isOpened = false;
  child.stdout.setEncoding('utf8').on('data', (text) => {
    process.stdout.write(text);
    const link = /http:\/\/\S+/.exec(text)?.[0];
    if (!link || isOpened || (process.platform === 'linux' && !hasDisplay())) return;
    isOpened = true;
    const [command, words] = openLink(process.platform, link);
    // without such a command the link on the screen has to do
    spawn(command, words, { stdio: 'ignore', detached: true })
      .on('error', () => undefined)
      .unref();
  });
  child.once('exit', (code) => (process.exitCode = code ?? 0));
}

function hasDisplay() {
  return Boolean(process.env.DISPLAY || process.env.WAYLAND_DISPLAY);
}

if (needsInstall(root))
  await prepare('installing packages (npm ci)', 'npm', ['ci', '--no-audit', '--no-fund', '--loglevel=error']);
if (needsBuild(root))
  await prepare('building the app', process.execPath, [join(root, 'build', 'bundle.mjs')]);
const choice = await hostOfThisMachine();
const obstacle = choice.kind === 'browser' ? choice.reason : await openInElectron(choice);
if (obstacle !== undefined) {
  say(`${obstacle}, so the same app is served to a browser; Ctrl+C ends it`);
  openInBrowser();
}
