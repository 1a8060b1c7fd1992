/** What a person who got a file from somewhere wants to know of it. */
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { expect, test } from '#test/journeys/kit/app.ts';
import { checkpointList, showView } from '#test/journeys/kit/browse.ts';
import { ORACLES, newFile } from '#test/journeys/kit/places.ts';
import { plainSafetensors } from '#test/kit/write-plain-safetensors.ts';

/** One network, as each framework writes it. */
const TWINS = [
  'mlp.pt',
  'mlp.safetensors',
  'mlp.msgpack',
  'mlp.onnx',
  'mlp.gguf',
  'mlp.npz',
  'mlp.keras',
  'mlp.weights.h5',
  'mlp-keras2.h5',
  'mlp-mxnet.params',
  'mlp-mxnet2.params',
  'mlp-tf.index',
];

test('one network from every framework: all open, and JAX’s is PyTorch’s to the last bit', async ({
  app,
}) => {
  const { page } = app;
  await app.drop([...TWINS, 'mlp-tf.data-00000-of-00001'].map((name) => join(ORACLES, 'pairs', name)));
  await expect(checkpointList(page).getByRole('option')).toHaveCount(TWINS.length);
  await page.getByRole('tab', { name: 'Compare' }).click();
  await choose('Original', 'mlp.pt');
  await choose('Clone', 'mlp.msgpack');
  await page.getByRole('button', { name: 'Compare checkpoints' }).click();
  await expect(
    page.getByRole('status').filter({ hasText: 'Identical: 4 of 4 tensors, every bit.' }),
  ).toBeVisible();

  /** Chooses a checkpoint by its file's name, once the list of them is there. */
  async function choose(role: 'Original' | 'Clone', name: string): Promise<void> {
    const list = page.getByLabel(role, { exact: true });
    const label = await list
      .locator('option')
      .filter({ hasText: `${name} ` })
      .innerText();
    await list.selectOption({ label });
  }
});

test('the one NaN of a file is found, and one click leads to it', async ({ app }) => {
  const { page } = app;
  await app.drop([join(ORACLES, 'steps/step-0040.pt')]);
  await showView(page, 'NaN, ∞');
  await page.getByRole('button', { name: 'Look through the file' }).click();
  await expect(page.getByRole('status').filter({ hasText: '1 NaN in 1 tensor.' })).toBeVisible();
  await app.picture('non-finite');
  await page.getByRole('button', { name: 'Go to [61, 14] of model_state_dict.hidden.weight' }).click();
  await expect(page.getByLabel('Value', { exact: true })).toHaveText('NaN');
});

test('equal tensors of a file are found, and each leads to its tensor', async ({ app, folder }) => {
  const { page } = app;
  const weights = new Uint8Array(Float32Array.from({ length: 12_000 }, (_, at) => Math.sin(at)).buffer);
  const matrix = (name: string, bytes: Uint8Array) => ({ name, dtype: 'F32', shape: [100, 120], bytes });
  const content = plainSafetensors([
    matrix('embed.weight', weights),
    matrix('slots.0', new Uint8Array(48_000)),
    matrix('slots.1', new Uint8Array(48_000)),
    matrix('head.weight', weights),
    matrix('inner.weight', weights.slice().reverse()),
  ]);
  await app.drop([newFile(folder, 'tied.safetensors', content)]);
  await showView(page, 'Equal');
  await page.getByRole('button', { name: 'Look for equal tensors' }).click();
  const verdict = page.getByRole('status').filter({ hasText: '4 tensors are equal to another' });
  await expect(verdict).toContainText('93.8 KiB could be spared');
  await app.picture('equal-tensors');
  await page
    .getByRole('grid', { name: 'Equal tensors' })
    .getByRole('gridcell', { name: 'head.weight', exact: true })
    .dblclick();
  await expect(page.getByRole('heading', { name: 'head.weight' })).toBeVisible();
});

test('the dead units of a layer are seen, and one click leads to one of them', async ({ app, folder }) => {
  const { page } = app;
  const [rows, columns] = [300, 200];
  const values = Float32Array.from({ length: rows * columns }, (_, at) => Math.sin(at * 12.9898) * 0.1);
  for (let row = 0; row < rows; row++) values[row * columns + 12] = 0;
  values.fill(0, 123 * columns, 124 * columns);
  values.fill(0, 7 * columns, 8 * columns);
  values.fill(0.25, 200 * columns, 201 * columns);
  values[50 * columns + 3] = NaN;
  const path = join(folder, 'layer.safetensors');
  const shape = [rows, columns];
  const bytes = new Uint8Array(values.buffer);
  writeFileSync(path, plainSafetensors([{ name: 'weight', dtype: 'F32', shape, bytes }]));
  await app.drop([path]);
  await showView(page, 'Profiles');
  const findings = page.getByRole('list', { name: 'What the rows have' });
  await expect(findings).toContainText(/2 dead:\s*7\s*123/);
  await expect(findings).toContainText(/1 constant:\s*200/);
  await app.picture('profiles');
  const picture = page.getByRole('application', { name: /^200 columns of 300 values along axis 1/ });
  await picture.focus();
  await picture.press('End');
  await expect(page.getByText('column 199: norm')).toBeAttached();
  await findings.getByRole('button', { name: 'Go to row 123' }).click();
  await expect(page.getByText('[123, 0]')).toBeVisible();
});

test('what a pickle would run is shown, and nothing is run', async ({ app, folder }) => {
  const { page } = app;
  const trace = join(folder, 'was-run');
  // protocol 0, as Python writes it for an object whose __reduce__ is (os.system, (…,))
  await app.drop([newFile(folder, 'weights.pkl', `cposix\nsystem\n(Vtouch ${trace}\ntR.`)]);
  await expect(checkpointList(page).getByRole('option')).toContainText('weights.pkl');
  await showView(page, 'X-ray');
  await expect(page.getByRole('status').filter({ hasText: 'It asks for 1 dangerous name.' })).toBeVisible();
  const rows = page.getByRole('grid', { name: 'What the file asks for' }).getByRole('row');
  await expect(rows.filter({ hasText: 'would call' })).toContainText(`posix.system('touch ${trace}')`);
  await app.picture('xray');
  expect(existsSync(trace)).toBe(false);
});
