/** What training survives: a window that is closed in the middle of it, and the death of the whole app in the middle of a save. */
import { readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test, type Locator, type Page } from '@playwright/test';

import { launchApp } from '#test/journeys/kit/in-electron.ts';
import { newFolder } from '#test/journeys/kit/places.ts';

let dataFolder: string;
test.beforeEach(() => void (dataFolder = newFolder('data')));
test.afterEach(() => rmSync(dataFolder, { recursive: true, force: true }));

async function startRun(page: Page, widths: string, everySteps: number): Promise<Locator> {
  await page.getByRole('tab', { name: 'Train' }).click();
  const form = page.getByRole('form', { name: 'New run' });
  await form.locator('summary', { hasText: 'Training' }).click();
  await form.locator('summary', { hasText: 'Name and place' }).click();
  await form.getByLabel('Layer widths').fill(widths);
  await form.getByLabel('Stop at step').fill('1000000');
  await form.getByLabel('Every (steps)').fill(String(everySteps));
  await form.getByLabel('Name').fill('Survivor');
  await form.getByRole('button', { name: 'Start training' }).click();
  return page.getByRole('region', { name: 'Run' });
}

/** Goes on with the run in a new window, to a checkpoint after `step`, and stops it. */
async function resumeAndStop(page: Page, step: number): Promise<Locator> {
  await page.getByRole('tab', { name: 'Train' }).click();
  await page.getByRole('tab', { name: /^Runs/ }).click();
  await page.getByRole('button', { name: 'Resume run Survivor' }).click();
  const run = page.getByRole('region', { name: 'Run' });
  await expect(run.getByRole('status').first()).toHaveText('running', { timeout: 30_000 });
  await expect.poll(newest, { timeout: 60_000 }).toBeGreaterThan(step);
  await run.getByRole('button', { name: 'Stop', exact: true }).click();
  await expect(run.getByRole('status').first()).toHaveText('stopped', { timeout: 60_000 });
  return run;
}

async function expectIdentical(page: Page, run: Locator, step: number): Promise<void> {
  await run.getByRole('button', { name: `Verify restore of step ${step}`, exact: true }).click();
  const report = page.getByRole('article', { name: 'Restore report' });
  await expect(report.getByRole('status').first()).toContainText(
    /^Identical: (\d+) of \1 tensors, every bit\. Outputs equal: (\d+) of \2\./,
    { timeout: 60_000 },
  );
}

function names(): readonly string[] {
  try {
    return readdirSync(join(dataFolder, 'runs', 'survivor'));
  } catch {
    return [];
  }
}

/** Step of the newest checkpoint; 0 where there is none. */
function newest(): number {
  return Math.max(0, ...names().map((name) => Number(/^step-(\d+)\.safetensors$/.exec(name)?.[1] ?? 0)));
}

const halfWritten = () => names().filter((name) => /^\.paramscope-[0-9a-f]+-.*\.tmp$/.test(name));

test('a window that is closed in the middle of a run has saved it, and the next one goes on', async () => {
  const first = await launchApp(dataFolder);
  await startRun(await first.firstWindow(), '20, 256, 10', 500);
  await expect.poll(newest, { timeout: 60_000 }).toBeGreaterThan(0);
  await first.close();
  const saved = newest();
  expect(halfWritten()).toEqual([]);

  const second = await launchApp(dataFolder);
  const page = await second.firstWindow();
  const run = await resumeAndStop(page, saved);
  await expectIdentical(page, run, newest());
  await second.close();
});

test('an app that is killed in the middle of a save goes on from the checkpoint before, to the bit', async () => {
  const first = await launchApp(dataFolder);
  // some fifty megabytes a checkpoint: a save takes a while
  await startRun(await first.firstWindow(), '20, 2048, 2048, 10', 1);
  await expect.poll(newest, { timeout: 60_000 }).toBeGreaterThan(0);
  const gone = first.waitForEvent('close');
  let wasThere = true;
  // at once when a file appears: a moment later the save may have ended
  const killInSave = () => {
    const isThere = halfWritten().length > 0;
    const hasBegun = isThere && !wasThere;
    if (hasBegun) process.kill(-first.process().pid!, 'SIGKILL');
    wasThere = isThere;
    return hasBegun;
  };
  await expect.poll(killInSave, { timeout: 60_000, intervals: [1] }).toBe(true);
  await gone;
  const saved = newest();
  expect(halfWritten()).toHaveLength(1);

  const second = await launchApp(dataFolder);
  const page = await second.firstWindow();
  const run = await resumeAndStop(page, saved);
  expect(halfWritten()).toEqual([]);
  await expectIdentical(page, run, newest());
  await second.close();
});
