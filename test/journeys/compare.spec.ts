import { join } from 'node:path';

import { expect, test } from '#test/journeys/kit/app.ts';
import { checkpointList } from '#test/journeys/kit/browse.ts';
import { ORACLES } from '#test/journeys/kit/places.ts';

test('two files that differ in one value: that tensor and that coordinate are found', async ({ app }) => {
  const { page } = app;
  await app.drop([join(ORACLES, 'pairs/mlp.pt'), join(ORACLES, 'pairs/one-ulp.pt')]);
  await expect(checkpointList(page).getByRole('option')).toHaveCount(2);
  await page.getByRole('tab', { name: 'Compare' }).click();
  await page.getByLabel('Original', { exact: true }).selectOption({ index: 1 });
  await page.getByLabel('Clone', { exact: true }).selectOption({ index: 2 });
  await page.getByRole('button', { name: 'Compare checkpoints' }).click();
  const verdict = page.getByRole('status').filter({ hasText: 'Different' });
  await expect(verdict).toContainText('Different: 1 of 4 tensors');
  await expect(verdict).toContainText(/hidden\.weight\b.*\[247, 13\]/);
  const worst = page.getByRole('grid', { name: 'Comparison' }).getByRole('row').nth(1);
  await expect(worst).toContainText('hidden.weight');
  await expect(worst).toContainText('247');
  await app.picture('compare-different');
});

test('one network written by two frameworks is the same network', async ({ app }) => {
  const { page } = app;
  await app.drop([join(ORACLES, 'pairs/mlp.pt'), join(ORACLES, 'pairs/mlp-mxnet.params')]);
  await expect(checkpointList(page).getByRole('option')).toHaveCount(2);
  await page.getByRole('tab', { name: 'Compare' }).click();
  await page.getByLabel('Original', { exact: true }).selectOption({ index: 1 });
  await page.getByLabel('Clone', { exact: true }).selectOption({ index: 2 });
  await page.getByRole('button', { name: 'Compare checkpoints' }).click();
  await expect(
    page.getByRole('status').filter({ hasText: 'Identical: 4 of 4 tensors, every bit.' }),
  ).toBeVisible();
  await app.picture('compare-identical');
});
