import type { Locator, Page } from '@playwright/test';

import { expect, test } from '#test/journeys/kit/app.ts';

async function startRun(page: Page, steps: number, everySteps: number): Promise<Locator> {
  await page.getByRole('tab', { name: 'Train' }).click();
  const form = page.getByRole('form', { name: 'New run' });
  await form.locator('summary', { hasText: 'Training' }).click();
  await form.getByLabel('Stop at step').fill(String(steps));
  await form.getByLabel('Every (steps)').fill(String(everySteps));
  await form.getByRole('button', { name: 'Start training' }).click();
  return page.getByRole('region', { name: 'Run' });
}

test('200 steps with a checkpoint every 50, and each restore is the original to the last bit', async ({
  app,
}) => {
  const { page } = app;
  const run = await startRun(page, 200, 50);
  await expect(run.getByRole('status').first()).toHaveText(/finished|done/i, { timeout: 30_000 });
  const kept = run.getByRole('button', { name: /^Verify restore of step/ });
  await expect(kept).toHaveCount(4);
  await app.picture('train');
  await run.getByRole('button', { name: 'Verify restore of step 100', exact: true }).click();
  const report = page.getByRole('article', { name: 'Restore report' });
  await expect(report.getByRole('status').first()).toContainText(
    /^Identical: (\d+) of \1 tensors, every bit\. Outputs equal: (\d+) of \2\./,
  );
  await expect(report).toContainText('each loss equal to the log');
  await app.picture('restore');
});

test('the sample network trains at once, to the end', async ({ app }) => {
  await app.page.getByRole('button', { name: 'Train the sample network' }).click();
  const run = app.page.getByRole('region', { name: 'Run' });
  await expect(run.getByRole('status').first()).toHaveText(/finished|done/i, { timeout: 40_000 });
  await expect(run.getByRole('button', { name: /^Verify restore of step/ }).first()).toBeVisible();
});

test('a run pauses, is compared byte for byte where it stands, goes on and stops', async ({ app }) => {
  const { page } = app;
  const run = await startRun(page, 1_000_000, 500);
  const state = run.getByRole('status').first();
  await expect(state).toHaveText('running');
  await run.getByRole('button', { name: 'Pause' }).click();
  await expect(state).toHaveText('paused');
  const totals = await page.getByLabel('Totals').innerText();
  const step = /step ([\d,]+)/.exec(totals)?.[1]?.replaceAll(',', '');
  await run.getByRole('button', { name: 'Save checkpoint now' }).click();
  await run.getByRole('button', { name: `Verify restore of step ${step}`, exact: true }).click();
  const report = page.getByRole('article', { name: 'Restore report' });
  const verdict = report.getByRole('status').first();
  await expect(verdict).toContainText(/^Identical: .*every bit\. Outputs equal: (\d+) of \1\./);
  await expect(verdict).toContainText('Compared byte for byte with the original');
  await run.getByRole('button', { name: 'Resume' }).click();
  await expect(state).toHaveText('running');
  await run.getByRole('button', { name: 'Stop' }).click();
  await expect(state).toHaveText('stopped');
});
