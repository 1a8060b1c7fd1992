import { mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';

import { needsBuild, needsInstall, sourceDigest, stampPath } from '#build/freshness.mjs';

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'paramscope-freshness-'));
  write('package.json', '{}');
  write('package-lock.json', '{}');
  write('main/a.ts', 'a');
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

function write(path: string, text: string, seconds?: number): void {
  mkdirSync(dirname(join(root, path)), { recursive: true });
  writeFileSync(join(root, path), text);
  if (seconds !== undefined) utimesSync(join(root, path), seconds, seconds);
}

function build(): void {
  write('dist/electron.cjs', 'bundle');
  writeFileSync(stampPath(root), sourceDigest(root));
}

describe('packages are installed', () => {
  test.each([
    ['when none are', undefined, true],
    ['when the lock is newer than what was installed from it', 1000, true],
    ['not when they are as new as the lock', 3000, false],
  ])('%s', (_when, installed, expected) => {
    write('package-lock.json', '{}', 2000);
    if (installed !== undefined) write('node_modules/.package-lock.json', '{}', installed);
    expect(needsInstall(root)).toBe(expected);
  });
});

describe('the app is built', () => {
  const check = (change: () => void, expected: boolean) => {
    build();
    change();
    expect(needsBuild(root)).toBe(expected);
  };

  test('when it was not', () => expect(needsBuild(root)).toBe(true));
  test('not when nothing changed', () => check(() => undefined, false));
  test('not when a source was only touched', () => check(() => write('main/a.ts', 'a', 9), false));
  test('when a source changed', () => check(() => write('main/a.ts', 'b'), true));
  test('when one came', () => check(() => write('renderer/b.vue', ''), true));
  test('when one went', () => check(() => rmSync(join(root, 'main/a.ts')), true));
  test('when one was renamed', () =>
    check(() => {
      rmSync(join(root, 'main/a.ts'));
      write('main/b.ts', 'a');
    }, true));
  test('when the build itself changed', () => check(() => write('build/bundle.mjs', ''), true));
  test('not when a test or a document changed', () =>
    check(() => {
      write('test/a.test.ts', '');
      write('README.md', '');
    }, false));
  test('when dist is gone', () => check(() => rmSync(join(root, 'dist'), { recursive: true }), true));
});
