/** What a person waits for in the window, timed inside the page: from the click to the picture, from the ✕ to silence. */
import { ftruncateSync, mkdirSync, openSync, closeSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Page } from '@playwright/test';

import { makeSafetensors } from '#test/bench/data.ts';
import { expect, test } from '#test/journeys/kit/app.ts';
import { tensorTree } from '#test/journeys/kit/browse.ts';

const FOLDER = join(tmpdir(), 'paramscope-bench');
const ELEMENTS = 2 ** 24;
/** One more than is clicked: the first is shown without a click. */
const TENSORS = 21;

interface Spread {
  readonly median: number;
  readonly min: number;
  readonly max: number;
}

function spreadOf(times: readonly number[]): Spread {
  const sorted = [...times].sort((a, b) => a - b);
  return { median: sorted[sorted.length >> 1]!, min: sorted[0]!, max: sorted[sorted.length - 1]! };
}

function report(what: string, { median, min, max }: Spread): void {
  process.stdout.write(`\n${what}: ${median.toFixed(0)} ms (${min.toFixed(0)}..${max.toFixed(0)})\n`);
}

/** Twenty-one tensors of sixteen million f32 each. */
function manyLargeTensors(): string {
  mkdirSync(FOLDER, { recursive: true });
  const path = join(FOLDER, 'window.safetensors');
  makeSafetensors(path, { sizes: new Array<number>(TENSORS).fill(ELEMENTS), seed: 3 });
  return path;
}

/** One tensor of 20 GB that takes no room on the disk: all of it is a hole. */
function sparseFile(): string {
  mkdirSync(FOLDER, { recursive: true });
  const path = join(FOLDER, 'sparse.safetensors');
  const byteLength = 20_000_000_000;
  const header = Buffer.from(
    JSON.stringify({ hole: { dtype: 'F32', shape: [byteLength / 4], data_offsets: [0, byteLength] } }),
  );
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(header.byteLength));
  const file = openSync(path, 'w');
  writeSync(file, length);
  writeSync(file, header);
  ftruncateSync(file, 8 + header.byteLength + byteLength);
  closeSync(file);
  return path;
}

/** Milliseconds from a click to the frame after a picture is of the tensor clicked, and to that after it is exact. */
interface Waits {
  readonly picture: number;
  readonly exact: number;
}

function clickToHistogram(page: Page, row: string, name: string): Promise<Waits> {
  return page.evaluate(
    async ([text, tensor]) => {
      const rows = [...document.querySelectorAll<HTMLElement>('[role=treegrid] [role=row]')];
      const row = rows.find((one) => one.innerText.split(/\s/)[0] === text);
      if (!row) throw new Error(`no row ${text}`);
      const wanted = `Histogram of ${tensor}:`;
      const labelOf = () =>
        [...document.querySelectorAll('[role=img]')]
          .map((one) => one.getAttribute('aria-label'))
          .find((label) => label?.startsWith(wanted));
      const nextFrame = () => new Promise((next) => requestAnimationFrame(next));
      const began = performance.now();
      row.click();
      while (labelOf() === undefined) await nextFrame();
      await nextFrame();
      const picture = performance.now() - began;
      while (labelOf()?.endsWith(', binned')) await nextFrame();
      return { picture, exact: performance.now() - began };
    },
    [row, name] as const,
  );
}

/** Collects, from now on, every task of the page's thread that took 50 ms or more. */
async function watchLongTasks(page: Page): Promise<() => Promise<number[]>> {
  await page.evaluate(() => {
    const tasks: number[] = [];
    Object.assign(window, { longTasks: tasks });
    new PerformanceObserver((list) => {
      for (const { duration } of list.getEntries()) tasks.push(duration);
    }).observe({ entryTypes: ['longtask'] });
  });
  return () => page.evaluate(() => (window as unknown as { longTasks: number[] }).longTasks);
}

test('histogram of 16 million values after a click', async ({ app }) => {
  const { page } = app;
  await app.drop([manyLargeTensors()]);
  await expect(page.getByRole('img', { name: /^Histogram of layers\.0\.weight/ })).toBeVisible();
  const longTasks = await watchLongTasks(page);
  const waits: Waits[] = [];
  for (let index = 1; index < TENSORS; index++) {
    waits.push(await clickToHistogram(page, `${index}.weight`, `layers.${index}.weight`));
    await expect(page.getByRole('list', { name: 'Running' }).getByRole('listitem')).toHaveCount(0);
  }
  const what = `histogram of ${ELEMENTS.toLocaleString('en')} values, ${waits.length} tensors`;
  report(`click to ${what}`, spreadOf(waits.map(({ picture }) => picture)));
  report('click to its exact counts', spreadOf(waits.map(({ exact }) => exact)));
  const blocked = await longTasks();
  process.stdout.write(
    `tasks of 50 ms or more in the page during these passes: ${blocked.length}${
      blocked.length > 0 ? `, the longest ${Math.max(...blocked).toFixed(0)} ms` : ''
    }\n`,
  );
});

test('cancel of a pass over 20 GB', async ({ app }) => {
  const { page } = app;
  await app.drop([sparseFile()]);
  await expect(tensorTree(page).getByRole('row', { name: /^hole/ })).toBeVisible();
  const times: number[] = [];
  const running = page.getByRole('list', { name: 'Running' }).getByRole('listitem');
  await expect(running.first()).toBeVisible();
  for (let left = await running.count(); left > 0; left--) {
    times.push(
      await page.evaluate(async () => {
        const items = () => document.querySelectorAll('[aria-label=Running] > li');
        const before = items().length;
        const button = items()[0]!.querySelector('button')!;
        const began = performance.now();
        button.click();
        while (items().length === before) await new Promise((next) => requestAnimationFrame(next));
        return performance.now() - began;
      }),
    );
  }
  report('cancel to nothing running in the page', spreadOf(times));
  // the threads are free again when a small answer comes at once
  const began = Date.now();
  await page
    .getByRole('tablist', { name: 'Views of the tensor' })
    .getByRole('tab', { name: 'Values' })
    .click();
  await expect(
    page.getByRole('grid', { name: 'Values of hole' }).getByRole('gridcell').first(),
  ).toBeVisible();
  process.stdout.write(`values after it: ${Date.now() - began} ms\n`);
});
