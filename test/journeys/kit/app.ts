/** One app in either host, driven from outside as a person would: real drops, real dialogs, no way around the screen. */
import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { test as base, expect, type CDPSession, type Locator, type Page } from '@playwright/test';

import { startInBrowser } from '#test/journeys/kit/in-browser.ts';
import { startInElectron } from '#test/journeys/kit/in-electron.ts';
import { SCREENS, newFolder } from '#test/journeys/kit/places.ts';

export type Host = 'electron' | 'serve';

/** What a host brings: a page, and what only that host can do. */
export interface Started {
  readonly page: Page;
  session(): Promise<CDPSession>;
  /** Answers the next dialog for files with these paths: the system's own, or the browser's. */
  answerNextDialog(paths: readonly string[]): Promise<void>;
  stop(): Promise<void>;
}

export interface StartOptions {
  /** Given on the command line: to the app itself, or to `serve` (folders). */
  readonly parameters: readonly string[];
  /** Where settings and runs are kept. */
  readonly dataFolder: string;
}

export interface App extends Omit<Started, 'stop' | 'session'> {
  readonly host: Host;
  readonly dataFolder: string;
  /** What the page has complained about; a test that means to provoke something takes it out. */
  readonly complaints: string[];
  /** Drags these files from outside onto the window and lets them go. */
  drop(paths: readonly string[], onto?: Locator): Promise<void>;
  /** Keeps a picture of the screen in both themes. */
  picture(name: string): Promise<void>;
}

export const test = base.extend<{ parameters: readonly string[]; folder: string; app: App }>({
  parameters: [[], { option: true }],
  // eslint-disable-next-line no-empty-pattern -- Playwright reads the fixtures a fixture needs from this pattern
  folder: async ({}, use) => {
    const folder = newFolder('files');
    await use(folder);
    rmSync(folder, { recursive: true, force: true });
  },
  app: async ({ parameters }, use, info) => {
    const host = info.project.name as Host;
    const dataFolder = newFolder('data');
    const started = await (host === 'electron' ? startInElectron : startInBrowser)({
      parameters,
      dataFolder,
    });
    const complaints = listenToComplaints(started.page);
    await expect(started.page.getByRole('tablist', { name: 'Screens' })).toBeVisible();
    await use({ ...appOver(started, host), dataFolder, complaints });
    if (info.status !== info.expectedStatus)
      await keepLastScreen(started.page, host, info.titlePath.at(-1) ?? '');
    await started.stop();
    rmSync(dataFolder, { recursive: true, force: true });
    expect(complaints, 'the page complained').toEqual([]);
  },
});

export { expect };

/** Nothing leaves the machine: the page asks only where it came from. */
function isOwn(url: string): boolean {
  return /^(app:\/\/paramscope\/|(http|ws):\/\/127\.0\.0\.1:|blob:|data:)/.test(url);
}

/** Console errors (a refused style or script is one) and exceptions: each of them is a finding. */
function listenToComplaints(page: Page): string[] {
  const complaints: string[] = [];
  page.on('console', (message) => {
    if (message.type() === 'error' || message.type() === 'warning')
      complaints.push(`${message.type()}: ${message.text()}`);
  });
  page.on('pageerror', (error) => complaints.push(`exception: ${error.stack ?? error.message}`));
  page.on('request', (request) => {
    if (!isOwn(request.url())) complaints.push(`asked for ${request.url()}`);
  });
  page.on('crash', () => complaints.push('the page crashed'));
  return complaints;
}

function appOver(started: Started, host: Host): Omit<App, 'dataFolder' | 'complaints'> {
  const { page } = started;
  return {
    page,
    host,
    answerNextDialog: (paths) => started.answerNextDialog(paths),
    drop: async (paths, onto = page.locator('body')) => {
      const box = await onto.boundingBox();
      if (!box) throw new Error('there is nothing to drop onto');
      const session = await started.session();
      const place = { x: box.x + box.width / 2, y: box.y + box.height / 2 };
      const data = { items: [], files: [...paths], dragOperationsMask: 1 };
      for (const type of ['dragEnter', 'dragOver', 'drop'] as const) {
        await session.send('Input.dispatchDragEvent', { type, ...place, data });
      }
      await session.detach();
    },
    picture: async (name) => {
      mkdirSync(SCREENS, { recursive: true });
      for (const colorScheme of ['light', 'dark'] as const) {
        await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
        // charts are drawn anew in the colours of the theme
        await page.waitForTimeout(300);
        await keepScreen(page, `${name}-${host}-${colorScheme}.png`);
      }
      await page.emulateMedia({ colorScheme: 'light' });
    },
  };
}

/** Chromium refuses a capture now and then, and takes the very same a moment later. */
async function keepScreen(page: Page, file: string): Promise<void> {
  const path = join(SCREENS, file);
  await page.screenshot({ path }).catch(() => page.screenshot({ path }));
}

async function keepLastScreen(page: Page, host: Host, title: string): Promise<void> {
  mkdirSync(SCREENS, { recursive: true });
  const name = title.replaceAll(/[^a-z0-9]+/gi, '-').slice(0, 80);
  await keepScreen(page, `failed-${name}-${host}.png`).catch(() => undefined);
}
