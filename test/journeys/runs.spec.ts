/** What a person does to runs beside training them. */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Locator, Page } from '@playwright/test';

import { expect, test } from '#test/journeys/kit/app.ts';

async function trained(page: Page, name: string): Promise<Locator> {
  await page.getByRole('tab', { name: 'Train' }).click();
  const form = page.getByRole('form', { name: 'New run' });
  await form.locator('summary', { hasText: 'Training' }).click();
  await form.locator('summary', { hasText: 'Name and place' }).click();
  await form.getByLabel('Stop at step').fill('60');
  await form.getByLabel('Every (steps)').fill('20');
  await form.getByLabel('Name').fill(name);
  await form.getByRole('button', { name: 'Start training' }).click();
  const run = page.getByRole('region', { name: 'Run' });
  await expect(run.getByRole('status').first()).toHaveText('finished', { timeout: 30_000 });
  return run;
}

test('a run is renamed, a checkpoint of it pinned, and then it is deleted with what it says', async ({
  app,
}) => {
  const { page, dataFolder } = app;
  const run = await trained(page, 'First try');
  await run.getByRole('button', { name: /^Pin step 40/ }).click();
  const row = run.getByRole('grid', { name: 'Checkpoints' }).getByRole('row').filter({ hasText: '40' });
  await expect(row).toContainText('one of the last 5, pinned');
  await expect(run.getByRole('status').first()).toHaveText('finished');
  await expect(run.getByRole('button', { name: /^Step 40, kept: .*pinned/ })).toHaveText('◆');

  await page.getByRole('tab', { name: /^Runs/ }).click();
  await page.getByRole('button', { name: 'Rename run First try' }).click();
  const naming = page.getByRole('dialog', { name: 'Rename the run' });
  await naming.getByRole('textbox', { name: 'Name' }).fill('Second try');
  await naming.getByRole('textbox', { name: 'Name' }).press('Enter');
  await expect(naming).toBeHidden();
  await expect(run.getByRole('heading', { name: 'Second try' })).toBeVisible();
  await app.picture('runs');

  await page.getByRole('button', { name: 'Delete run Second try' }).click();
  const asking = page.getByRole('dialog', { name: 'Delete Second try?' });
  await expect(asking).toContainText(
    /deletes 3 checkpoints, [\d.]+ KiB, its log and its settings in the folder first-try/,
  );
  await app.picture('delete-run');
  await asking.getByRole('button', { name: 'Cancel' }).click();
  expect(readdirSync(join(dataFolder, 'runs'))).toEqual(['first-try']);
  await page.getByRole('button', { name: 'Delete run Second try' }).click();
  await asking.getByRole('button', { name: 'Delete the run' }).click();
  await expect(page.getByText('No runs yet.')).toBeVisible();
  expect(readdirSync(join(dataFolder, 'runs'))).toEqual([]);
});
