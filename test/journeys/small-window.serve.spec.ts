/** At the smallest size the window takes, nothing is cut off that has no other way to be read. */
import type { Page } from '@playwright/test';

import { expect, test } from '#test/journeys/kit/app.ts';
import { tensorPanel, tensorTree } from '#test/journeys/kit/browse.ts';
import { newFile } from '#test/journeys/kit/places.ts';
import { plainSafetensors } from '#test/kit/write-plain-safetensors.ts';

const SMALLEST = { width: 1024, height: 700 };

/** A name as networks inside networks inside networks have. */
const LONG = `${'encoder.'.repeat(30)}weight`;

async function expectNoScrolling(page: Page): Promise<void> {
  const widths = await page.evaluate(() => [document.documentElement.scrollWidth, document.body.scrollWidth]);
  expect(Math.max(...widths)).toBeLessThanOrEqual(page.viewportSize()!.width);
}

test('names, kinds, views and failures of the first screen are all there', async ({ app, folder }) => {
  const { page } = app;
  await page.setViewportSize(SMALLEST);
  const bytes = new Uint8Array(Float32Array.of(1, 2, 3, 4).buffer);
  const content = plainSafetensors([{ name: LONG, dtype: 'F32', shape: [2, 2], bytes }]);
  await app.drop([newFile(folder, 'deep.safetensors', content)]);
  const facts = tensorPanel(page).getByText('f32 · 2 × 2 · 16 B');
  await expect(facts).toBeVisible();
  expect(await facts.evaluate((element) => element.scrollWidth <= element.clientWidth)).toBe(true);
  const save = tensorPanel(page).getByRole('button', { name: 'Save as…' });
  const atEnd = async () => {
    const [panel, button] = [(await tensorPanel(page).boundingBox())!, (await save.boundingBox())!];
    return panel.x + panel.width - (button.x + button.width);
  };
  expect(await atEnd()).toBeLessThan(24);
  await page.setViewportSize({ width: 1920, height: 1080 });
  expect(await atEnd()).toBeLessThan(24);
  await page.setViewportSize(SMALLEST);
  const tabs = page.getByRole('tablist', { name: 'Views of the tensor' }).getByRole('tab');
  for (const tab of await tabs.all()) {
    const title = tab.locator('.title');
    expect((await title.boundingBox())!.width, (await title.innerText()).trim()).toBeGreaterThan(20);
  }
  const size = tensorTree(page).getByRole('gridcell', { name: '16 B' });
  const list = (await tensorTree(page).boundingBox())!;
  const cell = (await size.boundingBox())!;
  expect(cell.x + cell.width).toBeLessThanOrEqual(list.x + list.width);

  const broken = ['one.bin', 'two.bin', 'three.bin', 'four.bin', 'five.bin'];
  await app.drop(broken.map((name) => newFile(folder, name, '')));
  const notices = page.getByRole('region', { name: 'Notices' });
  await expect(notices.getByRole('alert')).toHaveCount(4);
  for (const notice of await notices.getByRole('alert').all()) {
    await notice.getByRole('button', { name: 'Dismiss' }).scrollIntoViewIfNeeded();
    const { y, height } = (await notice.getByRole('button', { name: 'Dismiss' }).boundingBox())!;
    expect(y).toBeGreaterThan(40);
    expect(y + height).toBeLessThan(SMALLEST.height);
  }
  await expectNoScrolling(page);
});

test('the form of a run has room for its choices, and the run for what can be done to its checkpoints', async ({
  app,
}) => {
  const { page } = app;
  await page.setViewportSize(SMALLEST);
  await page.getByRole('tab', { name: 'Train' }).click();
  const form = page.getByRole('form', { name: 'New run' });
  await expect.poll(async () => (await form.boundingBox())!.width).toBeGreaterThanOrEqual(370);
  await expectNoScrolling(page);

  await form.locator('summary', { hasText: 'Training' }).click();
  await form.getByLabel('Stop at step').fill('20');
  await form.getByRole('button', { name: 'Start training' }).click();
  const pin = page.getByRole('region', { name: 'Run' }).getByRole('button', { name: /^Pin step 20:/ });
  await expect(pin).toBeVisible();
  const { x, width } = (await pin.boundingBox())!;
  expect(x + width).toBeLessThanOrEqual(SMALLEST.width);
});

test('enlarged to twice its size, nothing leads out of the window', async ({ app }) => {
  const { page } = app;
  await page.setViewportSize({ width: SMALLEST.width / 2, height: SMALLEST.height / 2 });
  for (const screen of ['Compare', 'Train', 'Browse']) {
    await page.getByRole('tablist', { name: 'Screens' }).getByRole('tab', { name: screen }).click();
    await expectNoScrolling(page);
  }
  await expect(page.getByRole('button', { name: 'Open the sample checkpoint' })).toBeInViewport();
  await page.getByRole('button', { name: 'Search or run a command' }).click();
  await expect(page.getByRole('dialog')).toBeVisible();
});
