/** What a person does on the first screen and sees there. */
import { expect, type Locator, type Page } from '@playwright/test';

export const checkpointList = (page: Page): Locator => page.getByRole('listbox', { name: 'Checkpoints' });
export const tensorTree = (page: Page): Locator => page.getByRole('treegrid', { name: 'Tensors' });
export const tensorPanel = (page: Page): Locator => page.getByRole('region', { name: 'Tensor', exact: true });

/** Chooses a tensor by its full name: filters by it, then takes the one whose full name is on the right. */
export async function chooseTensor(page: Page, name: string): Promise<void> {
  const filter = page.getByRole('searchbox', { name: 'Filter tensors' });
  await filter.fill(name);
  const leaves = tensorTree(page)
    .locator('[role=row]:not([aria-expanded])')
    .filter({ has: page.getByRole('gridcell') });
  await leaves.first().click();
  await expect(tensorPanel(page).getByRole('heading', { level: 1 })).toHaveText(name);
  await filter.fill('');
}

/** A figure of the strip, in full. @param about as the strip calls it, such as "least finite value" */
export async function figure(page: Page, about: string): Promise<number> {
  const value = page.getByRole('region', { name: 'Statistics' }).getByRole('button', { name: `${about}: ` });
  const label = await value.getAttribute('aria-label');
  return Number(label?.slice(label.lastIndexOf(': ') + 2));
}

export async function showView(
  page: Page,
  name:
    | 'Histogram'
    | 'Heat map'
    | 'Profiles'
    | 'Spectrum'
    | 'Values'
    | 'Metadata'
    | 'X-ray'
    | 'NaN, ∞'
    | 'Equal'
    | 'Problems',
): Promise<void> {
  await page.getByRole('tablist', { name: 'Views of the tensor' }).getByRole('tab', { name }).click();
}

/** The first cells of the values on the screen, as texts. */
export async function firstValues(page: Page, name: string, count: number): Promise<string[]> {
  await showView(page, 'Values');
  const cells = page.getByRole('grid', { name: `Values of ${name}` }).getByRole('gridcell');
  await expect(cells.first()).toBeVisible();
  const texts: string[] = [];
  for (let index = 0; index < count; index++) texts.push(await cells.nth(index).innerText());
  return texts;
}
