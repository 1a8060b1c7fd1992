// Where unpacked apps lie that are packaged for this checkout's own use: one to be tested, one to be started.
import { createHash } from 'node:crypto';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

/** What electron-builder calls the folder of an unpacked app. @type {Readonly<Record<string, string>>} */
const UNPACKED = { linux: 'linux-unpacked', win32: 'win-unpacked', darwin: 'mac' };

/**
 * What is packaged there. It is in the system's temporary folder because a checkout of root's is often
 * closed to the unprivileged user whom Chromium's sandbox wants.
 * @param {'test' | 'start'} purpose
 * @param {string} root of the checkout
 */
export function packageFolder(purpose, root) {
  const checkout = createHash('sha256').update(resolve(root)).digest('hex').slice(0, 8);
  return join(tmpdir(), `paramscope-${purpose}-app-${checkout}`);
}

/** The folder of the unpacked app itself. @param {'test' | 'start'} purpose @param {string} root */
export function appFolder(purpose, root) {
  return join(packageFolder(purpose, root), UNPACKED[process.platform] ?? 'linux-unpacked');
}
