import { _electron, errors, type ElectronApplication } from '@playwright/test';

import type { Started, StartOptions } from '#test/journeys/kit/app.ts';
import { launchOfApp } from '#test/journeys/kit/places.ts';

/** Longer than a start takes on a busy machine. */
const LAUNCH_MS = 20_000;
const ATTEMPTS = 3;

/**
 * Starts the packaged app with a profile of its own, up to its first window.
 * Playwright attaches to a packaged app while its window already loads, and in Chromium 108 now and then never hears
 * of the page, although that is up and running: then it is started anew.
 */
export async function launchApp(
  dataFolder: string,
  parameters: readonly string[] = [],
  attempt = 1,
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
      timeout: LAUNCH_MS,
    });
    await app.firstWindow({ timeout: LAUNCH_MS });
    return app;
  } catch (error) {
    await app?.close();
    if (!(error instanceof errors.TimeoutError) || attempt === ATTEMPTS) throw error;
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
