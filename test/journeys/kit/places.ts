import { chmodSync, copyFileSync, existsSync, mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';

import { appFolder } from '#build/app-folders.mjs';
import { chromiumPath } from '#build/machine.mjs';

/** The checkout; Playwright is started at its top. */
export const ROOT = process.cwd();
export const ORACLES = join(ROOT, '..', 'shared', 'oracles');
export const hasOracles = existsSync(join(ORACLES, 'expected.json'));
export const SCREENS = join(ROOT, 'test-results', 'screens');

export interface Launch {
  readonly executablePath: string;
  readonly env: Readonly<Record<string, string>>;
}

/**
 * What starts the packaged app: the script of `../shared`, which changes from root to an unprivileged user, or the app itself.
 * The script was looked up once for all workers: looking it up writes it anew.
 */
export function launchOfApp(): Launch {
  const app = join(appFolder('test', ROOT), 'paramscope');
  const script = process.env['PARAMSCOPE_LAUNCH'];
  return script ? { executablePath: script, env: { PARAMSCOPE_APP: app } } : { executablePath: app, env: {} };
}

export function chromium(): string | undefined {
  return chromiumPath();
}

/** A new folder that the app's user may read and write, whoever runs the tests. */
export function newFolder(purpose: string): string {
  const folder = mkdtempSync(join(tmpdir(), `paramscope-journey-${purpose}-`));
  chmodSync(folder, 0o777);
  return folder;
}

/** A file with this content, readable by the app. */
export function newFile(folder: string, name: string, content: string | Uint8Array): string {
  const path = join(folder, name);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, content);
  chmodSync(path, 0o644);
  return path;
}

/** A copy that the app may read and a test may damage. */
export function copyOf(path: string, folder: string, name = basename(path)): string {
  const copy = join(folder, name);
  copyFileSync(path, copy);
  chmodSync(copy, 0o666);
  return copy;
}
