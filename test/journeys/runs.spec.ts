/** What a person does to runs beside training them, and how a run looks that somebody else trains. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Locator, Page } from '@playwright/test';

import { expect, test } from '#test/journeys/kit/app.ts';
import { ROOT } from '#test/journeys/kit/places.ts';

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

test('a run that another process trains is followed, and cannot be touched until that ends', async ({
  app,
}) => {
  const { page, dataFolder } = app;
  const folder = join(dataFolder, 'runs', 'theirs');
  const program = join(ROOT, 'dist', 'paramscope.cjs');
  const other = spawn(process.execPath, [program, 'train', '--out', folder, '--steps', '1000000'], {
    stdio: 'ignore',
  });
  try {
    await expect.poll(() => existsSync(join(folder, 'run.jsonl')), { timeout: 30_000 }).toBe(true);
    await page.getByRole('tab', { name: 'Train' }).click();
    await page.getByRole('tab', { name: /^Runs/ }).click();
    const listed = page.getByRole('list', { name: 'Runs' }).getByRole('listitem');
    await expect(listed).toContainText('trained by another process');
    await listed.getByRole('button').first().click();
    const run = page.getByRole('region', { name: 'Run' });
    await expect(run.getByRole('status').first()).toHaveText('trained by another process');
    const steps = async () =>
      Number(
        (/step ([\d,]+)/.exec(await page.getByLabel('Totals').innerText())?.[1] ?? '').replaceAll(',', ''),
      );
    const before = await steps();
    await expect.poll(steps, { timeout: 30_000 }).toBeGreaterThan(before);
    const resume = run.getByRole('button', { name: 'Resume' });
    await expect(resume).toHaveAttribute('aria-disabled', 'true');
    await resume.hover();
    await expect(page.getByRole('tooltip')).toContainText(`Process ${other.pid} trains this run`);
    await app.picture('run-elsewhere');
  } finally {
    other.kill('SIGKILL');
    await once(other, 'exit');
  }
  const run = page.getByRole('region', { name: 'Run' });
  await expect(run.getByRole('status').first()).toHaveText('stopped', { timeout: 30_000 });
  await expect(run.getByRole('button', { name: 'Resume' })).not.toHaveAttribute('aria-disabled', 'true');
});
