/** What only the desktop app promises: a locked window, files from the system, a life after a crash. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test as bare } from '@playwright/test';

import { appFolder } from '#build/app-folders.mjs';
import { readFuses } from '#build/fuses.mjs';
import { test } from '#test/journeys/kit/app.ts';
import { checkpointList } from '#test/journeys/kit/browse.ts';
import { launchApp } from '#test/journeys/kit/in-electron.ts';
import { ORACLES, ROOT, launchOfApp, newFolder } from '#test/journeys/kit/places.ts';

const NETWORK = join(ORACLES, 'chapter/pytorch/mlp.params');
const { executablePath, env } = launchOfApp();
const environment = { ...(process.env as Record<string, string>), ...env };

test.describe('with a file on the command line', () => {
  test.use({ parameters: [NETWORK] });

  test('the window opens it and names it in its title', async ({ app }) => {
    await expect(checkpointList(app.page).getByRole('option')).toContainText('mlp.params');
    await expect(app.page).toHaveTitle(/mlp\.params/);
  });

  test('a second start hands its file over and ends', async ({ app }) => {
    const args = [`--user-data-dir=${app.dataFolder}`, 'pairs/mlp.pt'];
    const second = spawn(executablePath, args, { env: environment, cwd: ORACLES, stdio: 'ignore' });
    const [code] = (await once(second, 'exit')) as [number];
    expect(code).toBe(0);
    await expect(checkpointList(app.page).getByRole('option')).toHaveCount(2);
    await expect(app.page).toHaveTitle(/mlp\.pt/);
  });
});

test('a dropped folder opens as one checkpoint', async ({ app }) => {
  await app.drop([join(ORACLES, 'chapter/tensorflow-tf-keras')]);
  await expect(checkpointList(app.page).getByRole('option')).toHaveCount(1);
  await expect(checkpointList(app.page).getByRole('option')).toContainText('TensorFlow');
});

for (const [path, dialect] of [
  ['odd/orbax/ocdbt', 'Orbax'],
  ['odd/orbax/zarr3', 'Orbax'],
] as const) {
  test(`${path}: a folder of JAX’s opens as one checkpoint`, async ({ app }) => {
    await app.drop([join(ORACLES, path)]);
    await expect(checkpointList(app.page).getByRole('option')).toHaveCount(1);
    await expect(checkpointList(app.page).getByRole('option')).toContainText(dialect);
  });
}

test('the page has no way out: no Node, no network, no other page, no other window', async ({ app }) => {
  const { page } = app;
  const found = await page.evaluate(async () => {
    const reach = (url: string) =>
      fetch(url).then(
        () => 'reached',
        () => 'refused',
      );
    const names = ['require', 'process', 'module', 'Buffer', 'electron', 'ipcRenderer'];
    return {
      globals: names.filter((name) => name in window),
      bridge: Object.keys((window as unknown as { paramscope: object }).paramscope).sort(),
      opened: window.open('https://example.org/') === null,
      isIsolated: crossOriginIsolated,
      notifications: await Notification.requestPermission(),
      reached: await Promise.all(
        ['app://paramscope/../../etc/passwd', 'app://paramscope/engine.cjs'].map((url) =>
          fetch(url).then(
            ({ status }) => status,
            () => 0,
          ),
        ),
      ),
      network: await Promise.all([reach('app://elsewhere/')]),
    };
  });
  expect(found).toEqual({
    globals: [],
    bridge: ['host', 'openDropped', 'pickFiles', 'requestPort'],
    opened: true,
    isIsolated: true,
    notifications: 'denied',
    reached: [404, 404],
    network: ['refused'],
  });
  // the refusals above are what the console is told
  expect(app.complaints.splice(0)).toHaveLength(4);
  await page.evaluate(() => location.assign('https://example.org/'));
  await page.waitForTimeout(300);
  expect(page.url()).toBe('app://paramscope/');
});

bare('the packaged app is fused', () => {
  const fuses = readFuses(join(appFolder('test', ROOT), 'paramscope'));
  expect(Object.fromEntries(fuses)).toMatchObject({
    runAsNode: false,
    enableCookieEncryption: true,
    enableNodeOptionsEnvironmentVariable: false,
    // only in the packaged app of the tests
    enableNodeCliInspectArguments: true,
    enableEmbeddedAsarIntegrityValidation: true,
    onlyLoadAppFromAsar: true,
  });
  const configuration = readFileSync(join(ROOT, 'electron-builder.yml'), 'utf8');
  expect(configuration).toContain('enableNodeCliInspectArguments: false');
});

bare('files opened, the theme and the window’s place are there again at the next start', async () => {
  const dataFolder = newFolder('data');
  const first = await launchApp(dataFolder, [NETWORK]);
  const page = await first.firstWindow();
  await expect(checkpointList(page).getByRole('option')).toHaveCount(1);
  await first.evaluate(({ BrowserWindow }) =>
    BrowserWindow.getAllWindows()[0]?.setBounds({ x: 60, y: 50, width: 1111, height: 777 }),
  );
  await page.getByRole('button', { name: 'Theme: as the system' }).click();
  await page.getByRole('button', { name: 'Theme: light' }).click();
  await expect.poll(() => first.evaluate(({ nativeTheme }) => nativeTheme.themeSource)).toBe('dark');
  await first.close();

  const second = await launchApp(dataFolder);
  const again = await second.firstWindow();
  const kept = await second.evaluate(({ BrowserWindow, nativeTheme }) => ({
    bounds: BrowserWindow.getAllWindows()[0]?.getNormalBounds(),
    theme: nativeTheme.themeSource,
  }));
  expect(kept.theme).toBe('dark');
  expect([kept.bounds?.width, kept.bounds?.height]).toEqual([1111, 777]);
  await again
    .getByRole('region', { name: 'Recent files' })
    .getByRole('button', { name: /^mlp\.params/ })
    .click();
  await expect(checkpointList(again).getByRole('option')).toHaveCount(1);
  await second.close();
  rmSync(dataFolder, { recursive: true, force: true });
});

bare('a page that crashes is offered again, and the log tells of it', async () => {
  const dataFolder = newFolder('data');
  const app = await launchApp(dataFolder);
  const page = await app.firstWindow();
  await expect(page.getByRole('heading', { name: 'Drop a checkpoint here' })).toBeVisible();
  await app.evaluate(({ dialog, BrowserWindow }) => {
    const asked: string[] = [];
    Object.assign(globalThis, { asked });
    dialog.showMessageBox = (...args: unknown[]) => {
      asked.push((args.at(-1) as { message: string }).message);
      return Promise.resolve({ response: 0, checkboxChecked: false });
    };
    BrowserWindow.getAllWindows()[0]?.webContents.forcefullyCrashRenderer();
  });
  const headline = () =>
    app.evaluate(({ BrowserWindow }) =>
      Promise.race([
        BrowserWindow.getAllWindows()[0]?.webContents.executeJavaScript(
          `document.querySelector('h1')?.textContent`,
        ),
        // a page that is gone never answers
        new Promise((resolve) => setTimeout(resolve, 1000)),
      ]),
    );
  await expect.poll(headline, { timeout: 15_000 }).toBe('Drop a checkpoint here');
  expect(await app.evaluate(() => (globalThis as unknown as { asked: string[] }).asked)).toEqual([
    'The window stopped working',
  ]);
  await app.close();
  const log = join(dataFolder, 'log.jsonl');
  expect(existsSync(log) && readFileSync(log, 'utf8')).toContain('the window’s page ended: crashed');
  rmSync(dataFolder, { recursive: true, force: true });
});
