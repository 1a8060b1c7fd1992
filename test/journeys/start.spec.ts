import { expect, test } from '#test/journeys/kit/app.ts';

test('the app starts with something to do', async ({ app }) => {
  const { page } = app;
  await expect(page.getByRole('heading', { name: 'Drop a checkpoint here' })).toBeVisible();
  await expect(page.getByRole('button', { name: 'Open the sample checkpoint' })).toBeEnabled();
  await expect(page).toHaveTitle('Paramscope');
  await app.picture('start');
});
