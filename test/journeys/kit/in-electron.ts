import { _electron } from '@playwright/test';

import type { Started, StartOptions } from '#test/journeys/kit/app.ts';
import { launchOfApp } from '#test/journeys/kit/places.ts';

/** Starts the packaged app with a profile of its own. */
export async function startInElectron({ parameters, dataFolder }: StartOptions): Promise<Started> {
  const { executablePath, env } = launchOfApp();
  const app = await _electron.launch({
    executablePath,
    env: { ...(process.env as Record<string, string>), ...env },
    args: [`--user-data-dir=${dataFolder}`, ...parameters],
    // otherwise Playwright keeps the page light whatever the app says
    colorScheme: null,
  });
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
