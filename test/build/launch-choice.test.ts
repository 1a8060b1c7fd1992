import { describe, expect, test } from 'vitest';

import { chooseHost, openLink, type Facts } from '#build/launch-choice.mjs';

/** A Linux desktop with Electron's own binary installed by npm. */
const INSTALLED = '/app/node_modules/electron/dist/electron';
const FILES = [
  INSTALLED,
  '/app/node_modules/electron/dist/resources',
  '/app/node_modules/electron/dist/resources/default_app.asar',
];
/** One without a default app, behind a script that changes the user. */
const BARE = ['/opt/e/launch', '/opt/e/dist/electron', '/opt/e/dist/resources'];

function check(change: Partial<Facts> & { readonly files?: readonly string[] }, expected: unknown): void {
  const { files = [...FILES, ...BARE], ...facts } = change;
  const choice = chooseHost({
    platform: 'linux',
    isRoot: false,
    hasDisplay: true,
    named: undefined,
    installed: INSTALLED,
    exists: (path) => files.includes(path),
    isScript: (path) => path.endsWith('launch'),
    ...facts,
  });
  expect(choice).toEqual(expected);
}

describe('npm start opens', () => {
  test('the installed Electron', () => check({}, { kind: 'electron', binary: INSTALLED, isWrapper: false }));

  test('the Electron that is named, before the installed one', () =>
    check(
      { named: '/usr/bin/electron', files: [...FILES, '/usr/bin/electron'] },
      { kind: 'electron', binary: '/usr/bin/electron', isWrapper: false },
    ));

  test('a packaged app where the named Electron opens no folder', () => {
    check(
      { named: '/opt/e/dist/electron' },
      { kind: 'electron', binary: '/opt/e/dist/electron', isWrapper: false, packageWith: '/opt/e/dist' },
    );
    check(
      { named: '/opt/e/launch' },
      { kind: 'electron', binary: '/opt/e/launch', isWrapper: true, packageWith: '/opt/e/dist' },
    );
  });

  test('the browser where there is no display', () =>
    check({ hasDisplay: false }, { kind: 'browser', reason: 'there is no display here' }));

  test('Electron without a DISPLAY on systems that know none', () => {
    check(
      { platform: 'darwin', hasDisplay: false },
      { kind: 'electron', binary: INSTALLED, isWrapper: false },
    );
    check(
      { platform: 'win32', hasDisplay: false },
      { kind: 'electron', binary: INSTALLED, isWrapper: false },
    );
  });

  test('the browser where no Electron is there', () =>
    check({ installed: undefined }, { kind: 'browser', reason: 'no Electron binary could be had' }));

  test('the browser where the named one is not there, and says which that was', () =>
    check(
      { named: '/nowhere' },
      { kind: 'browser', reason: 'PARAMSCOPE_ELECTRON names /nowhere, which is not there' },
    ));

  test('the browser for root, unless a script changes the user', () => {
    check(
      { isRoot: true, named: INSTALLED },
      { kind: 'browser', reason: 'Electron’s sandbox refuses to run as root' },
    );
    check(
      { isRoot: true, installed: undefined },
      { kind: 'browser', reason: 'Electron’s sandbox refuses to run as root' },
    );
    check({ isRoot: true }, { kind: 'browser', reason: 'Electron’s sandbox refuses to run as root' });
    check(
      { isRoot: true, named: '/opt/e/launch' },
      { kind: 'electron', binary: '/opt/e/launch', isWrapper: true, packageWith: '/opt/e/dist' },
    );
  });
});

test('a link is opened by what the system has for it, never by a shell', () => {
  const link = 'http://127.0.0.1:1/#a';
  expect(['linux', 'darwin', 'win32'].map((platform) => openLink(platform, link))).toEqual([
    ['xdg-open', [link]],
    ['open', [link]],
    ['cmd', ['/c', 'start', '', link]],
  ]);
});
