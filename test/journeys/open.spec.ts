import { readFileSync } from 'node:fs';
import { basename, join } from 'node:path';

import { expect, test } from '#test/journeys/kit/app.ts';
import {
  checkpointList,
  chooseTensor,
  figure,
  firstValues,
  showView,
  tensorTree,
} from '#test/journeys/kit/browse.ts';
import { expectedOf } from '#test/journeys/kit/oracle.ts';
import { ORACLES, copyOf, newFile } from '#test/journeys/kit/places.ts';

/** The chapter's trained network as each framework wrote it, and what the screen calls that. */
const NETWORKS = [
  ['pytorch/mlp.params', /PyTorch/],
  ['mxnet-1.9-np/mlp.params', /MXNet/],
  ['mxnet-1.9-nd/mlp.params', /MXNet/],
  ['mxnet-2.0/mlp.params', /MXNet|NumPy/],
  ['numpy/mlp.npz', /NumPy/],
  ['tensorflow-tf-keras/mlp.params.index', /TensorFlow/],
  ['tensorflow-keras2/mlp.params.index', /TensorFlow/],
  ['tensorflow-keras3/mlp.params.index', /TensorFlow/],
] as const;

for (const [path, dialect] of NETWORKS) {
  test(`${path}: dropped, its histogram, statistics and values are what the framework had`, async ({
    app,
  }) => {
    const { page } = app;
    const { paths, tensors } = expectedOf(`chapter/${path}`);
    await app.drop(paths.filter((part) => basename(part) !== 'checkpoint'));
    await expect(checkpointList(page).getByRole('option')).toHaveCount(1);
    await expect(checkpointList(page).getByRole('option')).toContainText(dialect);
    const [name, expected] =
      Object.entries(tensors).find(
        ([, tensor]) => tensor.shape.join() === '256,20' || tensor.shape.join() === '20,256',
      ) ?? [];
    if (name === undefined || !expected) throw new Error('no hidden weight');
    await chooseTensor(page, name);
    await showView(page, 'Histogram');
    await expect(
      page.getByRole('img', { name: `Histogram of ${name}: 5,120 values in 64 bins` }),
    ).toBeVisible();
    // until the new figures are there, the old ones stay
    await expect.poll(() => figure(page, 'all elements')).toBe(5120);
    expect(await figure(page, 'least finite value')).toBe(expected.min);
    expect(await figure(page, 'greatest finite value')).toBe(expected.max);
    expect(await figure(page, 'mean of the finite values')).toBeCloseTo(expected.mean as number, 12);
    const values = await firstValues(page, name, 4);
    const asStored = expected.dtype === 'f32' ? Math.fround : Number;
    expect(values.map((text) => asStored(Number(text)))).toEqual(expected.head);
    await app.picture(`open-${path.replaceAll(/[^a-z0-9]+/g, '-')}`);
  });
}

test('many files dropped at once are all there, and close one by one', async ({ app }) => {
  const { page } = app;
  const files = [
    'pytorch/x-file',
    'pytorch/x-files',
    'pytorch/mydict',
    'numpy/x-file.npy',
    'mxnet-1.9-nd/mydict',
  ];
  await app.drop(files.map((path) => join(ORACLES, 'chapter', path)));
  const options = checkpointList(page).getByRole('option');
  await expect(options).toHaveCount(files.length);
  for (let left = files.length; left > 0; left--) {
    await expect(options).toHaveCount(left);
    await page
      .getByRole('button', { name: /^Close / })
      .first()
      .click();
  }
  await expect(page.getByRole('heading', { name: 'Drop a checkpoint here' })).toBeVisible();
});

test('a dialog opens what was chosen', async ({ app }) => {
  await app.answerNextDialog([join(ORACLES, 'chapter/pytorch/mydict')]);
  await app.page.getByRole('button', { name: 'Open files…' }).click();
  await expect(checkpointList(app.page).getByRole('option')).toContainText('mydict');
  await expect(tensorTree(app.page).getByRole('row')).toHaveCount(3);
});

test('the sample checkpoint opens with nothing prepared', async ({ app }) => {
  await app.page.getByRole('button', { name: 'Open the sample checkpoint' }).click();
  await expect(checkpointList(app.page).getByRole('option')).toHaveCount(1);
  await expect(app.page.getByRole('img', { name: /^Histogram of / })).toBeVisible();
});

test('integers beyond what a float holds are shown exactly', async ({ app }) => {
  await app.drop([join(ORACLES, 'odd/pytorch/dtypes.pt')]);
  await chooseTensor(app.page, 'u64');
  expect(await firstValues(app.page, 'u64', 4)).toEqual([
    '0',
    '1',
    '9007199254740993',
    '18446744073709551615',
  ]);
});

test('what is no checkpoint gets one plain message, and nothing is lost by it', async ({ app, folder }) => {
  const good = join(ORACLES, 'chapter/pytorch/mlp.params');
  const whole = readFileSync(join(ORACLES, 'pairs/mlp.pt'));
  const bad = [
    newFile(
      folder,
      'garbage.bin',
      Uint8Array.from({ length: 5000 }, (_, index) => (index * 7919) % 251),
    ),
    newFile(folder, 'empty.pt', ''),
    newFile(folder, 'truncated.pt', whole.subarray(0, Math.floor(whole.length / 2))),
  ];
  await app.drop([good]);
  for (const path of bad) {
    await app.drop([path]);
    const alert = app.page.getByRole('alert');
    await expect(alert).toHaveCount(1);
    await expect(alert).toContainText(`Could not open ${basename(path)}`);
    await expect(alert).not.toContainText(/undefined|TypeError|\bat .*:\d+:\d+|internal|should not have/i);
    await app.picture(`refused-${basename(path).replaceAll('.', '-')}`);
    await alert.getByRole('button', { name: 'Dismiss' }).click();
    await expect(checkpointList(app.page).getByRole('option')).toHaveCount(1);
  }
  await app.drop([copyOf(good, folder, 'another.params')]);
  await expect(checkpointList(app.page).getByRole('option')).toHaveCount(2);
  await expect(app.page.getByRole('img', { name: /^Histogram of / })).toBeVisible();
});

test('a whole sitting with the keyboard alone', async ({ app }) => {
  await app.drop([join(ORACLES, 'chapter/pytorch/mlp.params')]);
  const heading = app.page
    .getByRole('region', { name: 'Tensor', exact: true })
    .getByRole('heading', { level: 1 });
  await tensorTree(app.page).focus();
  await app.page.keyboard.press('Home');
  for (const name of ['hidden.weight', 'hidden.bias']) {
    await app.page.keyboard.press('ArrowDown');
    await expect(heading).toHaveText(name);
  }
  await app.page.keyboard.press('Control+K');
  await expect(app.page.getByRole('dialog')).toBeVisible();
  await app.page.keyboard.press('Escape');
  await expect(app.page.getByRole('dialog')).toHaveCount(0);
  await app.page.keyboard.press('Control+2');
  await expect(app.page.getByRole('tab', { name: 'Compare', selected: true })).toBeVisible();
  await app.page.keyboard.press('Control+1');
  await expect(heading).toHaveText('hidden.bias');
});
