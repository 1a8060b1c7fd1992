/** A run is set up, started and stopped without a mouse: the keys alone, the focus always in sight. */
import type { Page } from '@playwright/test';

import { expect, test } from '#test/journeys/kit/app.ts';

/** What has the keyboard: its name as a screen reader has it, its value, and whether a ring shows where it is. */
async function focused(page: Page): Promise<{ name: string; value: string; hasRing: boolean }> {
  return page.evaluate(() => {
    const element = document.activeElement as HTMLInputElement;
    const { outlineStyle, outlineWidth, boxShadow } = getComputedStyle(element);
    const name =
      element.getAttribute('aria-label') ?? element.labels?.[0]?.textContent ?? element.textContent ?? '';
    return {
      name: name.trim(),
      value: element.value ?? '',
      hasRing: (outlineStyle !== 'none' && outlineWidth !== '0px') || boxShadow !== 'none',
    };
  });
}

/** Presses Tab until the control of this name has the keyboard. @throws Error after more than the form has. */
async function tabTo(page: Page, name: string | RegExp): Promise<void> {
  const passed: string[] = [];
  for (let presses = 0; presses < 60; presses++) {
    await page.keyboard.press('Tab');
    const now = await focused(page);
    expect(now.hasRing, `a ring around ${now.name}`).toBe(true);
    if (typeof name === 'string' ? now.name === name : name.test(now.name)) return;
    passed.push(now.name);
  }
  throw new Error(`no Tab leads to ${String(name)}: ${passed.join(', ')}`);
}

async function retype(page: Page, text: string): Promise<void> {
  await page.keyboard.press('ControlOrMeta+A');
  await page.keyboard.type(text);
}

test('a run is set up, started, paused and stopped by the keyboard alone', async ({ app }) => {
  const { page } = app;
  await page.keyboard.press('ControlOrMeta+3');
  await expect(page.getByRole('form', { name: 'New run' })).toBeVisible();

  await tabTo(page, 'Start from');
  await tabTo(page, 'Initial parameters');
  await tabTo(page, 'Layer widths');
  await retype(page, '20, 8, 10');
  await tabTo(page, 'Activation');
  await page.keyboard.press('t');
  expect((await focused(page)).value).toBe('tanh');

  // a folded section opens by its title
  await tabTo(page, /^Training/);
  await page.keyboard.press('Enter');
  await tabTo(page, 'Stop at step');
  await retype(page, '1000000');
  await tabTo(page, 'Every (steps)');
  await retype(page, '0.5');
  await page.keyboard.press('Enter');
  await expect(page.getByRole('alert')).toHaveText('One setting needs another value.');
  await retype(page, '500');
  await page.keyboard.press('Enter');

  const run = page.getByRole('region', { name: 'Run', exact: true });
  const state = run.getByRole('status').first();
  await expect(state).toHaveText('running');
  await expect(run).toContainText('20 → 8 → 10 tanh');
  await tabTo(page, 'Pause');
  await page.keyboard.press('Space');
  await expect(state).toHaveText('paused');
  await tabTo(page, 'Stop');
  await page.keyboard.press('Enter');
  await expect(state).toHaveText('stopped');
  await tabTo(page, /^Verify restore of step/);
});
