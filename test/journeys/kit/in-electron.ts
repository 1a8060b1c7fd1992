import { _electron, errors, type ElectronApplication } from '@playwright/test';

import type { Started, StartOptions } from '#test/journeys/kit/app.ts';
import { launchOfApp } from '#test/journeys/kit/places.ts';

/** How long each start is waited for: first several times what it takes, at last longer than on the busiest machine. */
const LAUNCHES_MS = [6_000, 12_000, 24_000, 48_000];

/**
 * Starts the packaged app with a profile of its own, up to its first window.
 * Playwright attaches to a packaged app while its window already loads, and in Chromium 108 now and then (one start in
 * twenty) never hears of the page, although that is up and running: then it is started anew.
 */
export async function launchApp(
  dataFolder: string,
  parameters: readonly string[] = [],
  attempt = 0,
): Promise<ElectronApplication> {
  const { executablePath, env } = launchOfApp();
  let app: ElectronApplication | undefined;
  try {
    app = await _electron.launch({
      executablePath,
      env: { ...(process.env as Record<string, string>), ...env },
      args: [`--user-data-dir=${dataFolder}`, ...parameters],
      // otherwise Playwright keeps the page light whatever the app says
      colorScheme: null,
      timeout: LAUNCHES_MS[attempt]!,
    });
    await app.firstWindow({ timeout: LAUNCHES_MS[attempt]! });
    return app;
  } catch (error) {
    await app?.close();
    if (!(error instanceof errors.TimeoutError) || attempt === LAUNCHES_MS.length - 1) throw error;
    return launchApp(dataFolder, parameters, attempt + 1);
  }
}

export async function startInElectron({ parameters, dataFolder }: StartOptions): Promise<Started> {
  const app = await launchApp(dataFolder, parameters);
  const page = await app.firstWindow();
  return {
    page,
    session: () => app.context().newCDPSession(page),
    answerNextDialog: (paths) =>
      app.evaluate(({ dialog }, filePaths) => {
        dialog.showOpenDialog = () => Promise.resolve({ canceled: false, filePaths });
        dialog.showSaveDialog = () => Promise.resolve({ canceled: false, filePath: filePaths[0] ?? '' });
      }, paths as string[]),
    stop: () => app.close(),
  };
}
