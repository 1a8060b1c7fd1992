// Answers what has to be made again: installed packages and the bundle. Plain Node, nothing installed.
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';

/** What the bundle is made of. */
const SOURCES = ['main', 'renderer', 'shared', 'build', 'package.json', 'package-lock.json'];

/**
 * Whether `npm ci` has to run: nothing installed, or the lock is newer than what was installed from it.
 * @param {string} root
 */
export function needsInstall(root) {
  const installed = join(root, 'node_modules', '.package-lock.json');
  if (!existsSync(installed)) return true;
  return statSync(join(root, 'package-lock.json')).mtimeMs > statSync(installed).mtimeMs;
}

/**
 * SHA-256 over names and contents of everything that goes into the bundle.
 * @param {string} root
 */
export function sourceDigest(root) {
  const hash = createHash('sha256');
  for (const source of SOURCES) {
    for (const path of filesUnder(root, source)) {
      hash
        .update(`${path}\0`)
        .update(readFileSync(join(root, path)))
        .update('\0');
    }
  }
  return hash.digest('hex');
}

/** @param {string} root @param {string} path @returns {string[]} */
function filesUnder(root, path) {
  const absolute = join(root, path);
  if (!existsSync(absolute)) return [];
  if (!statSync(absolute).isDirectory()) return [path];
  return readdirSync(absolute)
    .sort()
    .flatMap((name) => filesUnder(root, `${path}/${name}`));
}

/** The file that says which sources `dist` was made from. @param {string} root */
export function stampPath(root) {
  return join(root, 'dist', 'sources.sha256');
}

/** Whether `dist` is missing or made from other sources. @param {string} root */
export function needsBuild(root) {
  const stamp = stampPath(root);
  return !existsSync(stamp) || readFileSync(stamp, 'utf8') !== sourceDigest(root);
}
