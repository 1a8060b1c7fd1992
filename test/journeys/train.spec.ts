import { expect, test } from '#test/journeys/kit/app.ts';

test('200 steps with a checkpoint every 50, and each restore is the original to the last bit', async ({
  app,
}) => {
  const { page } = app;
  await page.getByRole('tab', { name: 'Train' }).click();
  const form = page.getByRole('form', { name: 'New run' });
  await form.locator('summary', { hasText: 'Training' }).click();
  await form.getByLabel('Stop at step').fill('200');
  await form.getByLabel('Every (steps)').fill('50');
  await form.getByRole('button', { name: 'Start training' }).click();
  const run = page.getByRole('region', { name: 'Run' });
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

test('the sample network trains at once, pauses, is verified where it stands, goes on and stops', async ({
  app,
}) => {
  const { page } = app;
  await page.getByRole('button', { name: 'Train the sample network' }).click();
  const run = page.getByRole('region', { name: 'Run' });
  const state = run.getByRole('status').first();
  await expect(state).toHaveText('running');
  await expect(page.getByLabel('Totals')).toContainText(/step [1-9]/);
  await run.getByRole('button', { name: 'Pause' }).click();
  await expect(state).toHaveText('paused');
  await run.getByRole('button', { name: 'Save checkpoint now' }).click();
  const verify = run.getByRole('button', { name: /^Verify restore of step/ }).first();
  await verify.click();
  const report = page.getByRole('article', { name: 'Restore report' });
  await expect(report.getByRole('status').first()).toContainText('Compared byte for byte with the original');
  await run.getByRole('button', { name: 'Resume' }).click();
  await expect(state).toHaveText('running');
  await run.getByRole('button', { name: 'Stop' }).click();
  await expect(state).toHaveText(/stopped|finished|done/);
});
