import { copyFileSync } from 'node:fs';
import { join } from 'node:path';

import { expect, test } from '#test/journeys/kit/app.ts';
import { chooseTensor } from '#test/journeys/kit/browse.ts';
import { ROOT, SCREENS } from '#test/journeys/kit/places.ts';

/** The picture of the README. `PARAMSCOPE_KEEP_SCREENSHOT=1` puts it in its place. */
test('the app shows its own trainer’s checkpoint', async ({ app }) => {
  const { page } = app;
  await page.getByRole('button', { name: 'Open the sample checkpoint' }).click();
  await chooseTensor(page, 'hidden.weight');
  await expect(page.getByRole('img', { name: 'Histogram of hidden.weight' })).toBeVisible();
  await expect(page.getByRole('region', { name: 'Statistics' })).toContainText('5,120');
  // nobody’s hand is on it
  await page.mouse.move(2, 2);
  await page.evaluate(() => (document.activeElement as HTMLElement | null)?.blur());
  await app.picture('readme');
  if (process.env['PARAMSCOPE_KEEP_SCREENSHOT']) {
    copyFileSync(
      join(SCREENS, 'readme-electron-light.png'),
      join(ROOT, 'build', 'resources', 'screenshot.png'),
    );
  }
});
