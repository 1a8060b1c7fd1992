/** What only the browser form promises: it is yours alone, and survives what browsers do. */
import { existsSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { expect, test } from '#test/journeys/kit/app.ts';
import { checkpointList } from '#test/journeys/kit/browse.ts';
import { startServe } from '#test/journeys/kit/in-browser.ts';
import { ORACLES, newFolder } from '#test/journeys/kit/places.ts';

test.describe('with a folder on the command line', () => {
  test.use({ parameters: [join(ORACLES, 'chapter')] });

  test('a file in it is found and opened where it lies', async ({ app }) => {
    await expect(app.page.getByRole('region', { name: 'chapter' })).toBeVisible();
    await app.page.getByRole('button', { name: 'pytorch' }).click();
    await app.page.getByRole('button', { name: /^mlp\.params/ }).click();
    await expect(checkpointList(app.page).getByRole('option')).toContainText('PyTorch');
  });
});

test('the address keeps no token, a reload goes on, and a second tab needs no link', async ({ app }) => {
  const { page } = app;
  expect(new URL(page.url()).hash).toBe('');
  await page.reload();
  await expect(page.getByRole('heading', { name: 'Drop a checkpoint here' })).toBeVisible();
  const tab = await page.context().newPage();
  await tab.goto(page.url());
  await expect(tab.getByRole('heading', { name: 'Drop a checkpoint here' })).toBeVisible();
});

test('another browser without the link sees no data and is told what to do', async ({ app }) => {
  const stranger = await app.page.context().browser()!.newContext();
  const page = await stranger.newPage();
  await page.goto(app.page.url());
  await expect(page.getByText(/link/)).toBeVisible();
  await expect(page.getByRole('tablist', { name: 'Screens' })).toHaveCount(0);
  expect(await page.evaluate(() => fetch('/session').then(({ status }) => status))).toBe(401);
  await stranger.close();
});

test('what was sent to it is gone when it ends', async () => {
  const ours = () => readdirSync(tmpdir()).filter((name) => name.startsWith('paramscope-serve-'));
  const dataFolder = newFolder('data');
  const before = new Set(ours());
  const serve = await startServe({ parameters: [], dataFolder });
  const { origin, hash } = new URL(serve.link);
  const session = await fetch(`${origin}/session`, {
    method: 'POST',
    headers: { origin },
    body: JSON.stringify({ token: hash.slice(1) }),
  });
  const cookie = session.headers.get('set-cookie')?.split(';')[0] ?? '';
  const answer = await fetch(`${origin}/upload?name=a.npy`, {
    method: 'POST',
    headers: { origin, cookie },
    body: 'bytes',
  });
  expect(answer.status).toBe(200);
  const [folder] = ours().filter((name) => !before.has(name));
  expect(folder).toBeDefined();
  await serve.stop();
  expect(existsSync(join(tmpdir(), folder ?? ''))).toBe(false);
  expect([0, 130]).toContain(serve.process.exitCode);
  rmSync(dataFolder, { recursive: true, force: true });
});
