import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Page } from '@playwright/test';

import { expect, test } from '#test/journeys/kit/app.ts';

async function openDrill(page: Page, kills: number, steps: number) {
  await page.getByRole('tab', { name: 'Train' }).click();
  await page.getByRole('tab', { name: 'Crash drill' }).click();
  const form = page.getByRole('form', { name: 'Crash drill' });
  await form.getByLabel('Kills').fill(String(kills));
  await form.getByLabel('Steps of each run').fill(String(steps));
  await form.getByLabel('Steps of each run').press('Tab');
  return form;
}

/** What a drill has left where runs and drills live. */
function left(dataFolder: string): string[] {
  const drills = join(dataFolder, 'drills');
  return existsSync(drills) ? readdirSync(drills) : [];
}

test('a drill kills training, shows each kill, ends as if nothing had been, and leaves nothing', async ({
  app,
}) => {
  const { page, dataFolder } = app;
  const form = await openDrill(page, 3, 120);
  await form.getByRole('button', { name: 'Start the drill' }).click();
  const drill = page.getByRole('article', { name: 'Crash drill' });
  const lives = drill.getByRole('table', { name: 'Processes of the drill' }).getByRole('row');
  await expect(lives.filter({ hasText: 'killed at step' }).first()).toBeVisible({ timeout: 60_000 });
  await expect(drill.getByRole('status')).toContainText(/^Identical to the last bit after \d kills?\./, {
    timeout: 90_000,
  });
  await expect(drill.getByRole('status')).toContainText('120 losses bit for bit');
  expect(await lives.filter({ hasText: /gone on from step|begun anew/ }).count()).toBeGreaterThanOrEqual(1);
  const files = drill.getByRole('region', { name: 'Checkpoints of both runs' }).getByRole('row');
  await expect(files.filter({ hasText: 'step-000120.safetensors' })).toContainText(/equal\s*[0-9a-f]{64}/);
  await app.picture('drill');
  expect(left(dataFolder)).toEqual([]);
  expect(existsSync(join(dataFolder, 'runs'))).toBe(false);
  await page.getByRole('tab', { name: /^Runs/ }).click();
  await expect(page.getByText('No runs yet.')).toBeVisible();
});

test('a drill that is cancelled leaves nothing either, and another one can start', async ({ app }) => {
  const { page, dataFolder } = app;
  const form = await openDrill(page, 100, 1_000_000);
  await form.getByRole('button', { name: 'Start the drill' }).click();
  const drill = page.getByRole('article', { name: 'Crash drill' });
  await expect(drill.getByRole('status')).toContainText(/step [1-9]/, { timeout: 60_000 });
  await drill.getByRole('button', { name: 'Cancel' }).click();
  await expect(
    page.getByRole('heading', { name: 'Kill training, and see that nothing is lost' }),
  ).toBeVisible();
  await expect.poll(() => left(dataFolder)).toEqual([]);
  await expect(form.getByRole('button', { name: 'Start the drill' })).not.toHaveAttribute(
    'aria-disabled',
    'true',
  );
});
