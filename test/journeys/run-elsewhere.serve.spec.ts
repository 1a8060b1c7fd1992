/** A run that another process trains. Both are of one person: the desktop app of these tests may be somebody else's. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { join } from 'node:path';

import { expect, test } from '#test/journeys/kit/app.ts';
import { ROOT } from '#test/journeys/kit/places.ts';

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
