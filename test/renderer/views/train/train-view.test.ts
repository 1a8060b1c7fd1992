import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { flushPromises, mount, type VueWrapper } from '@vue/test-utils';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';

import { useCheckpoints } from '#renderer/stores/checkpoints.ts';
import { useNavigation } from '#renderer/stores/navigation.ts';
import { useRuns } from '#renderer/stores/runs.ts';
import CheckpointStrip from '#renderer/views/train/CheckpointStrip.vue';
import TrainView from '#renderer/views/train/TrainView.vue';
import { connectPage, type PageEngine } from '#test/kit/page-engine.ts';
import { plainSafetensors } from '#test/kit/write-plain-safetensors.ts';
import type { FileId } from '#shared/bridge.ts';

let page: PageEngine;
let view: VueWrapper;
let folder: string;
/** An engine on a busy machine takes a while. */
const PATIENCE = { timeout: 20_000 };
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'paramscope-train-'));
  page = await connectPage({ dataFolder: folder });
  useNavigation().go('train');
  // without a layout there is no canvas to draw on; the pictures have tests of their own
  const stubs = { LossCurve: true, OutputMaps: true, OutlineChart: true };
  view = mount(TrainView, { global: { stubs }, attachTo: document.body });
  await flushPromises();
});
afterEach(async () => {
  view.unmount();
  await page.close();
  rmSync(folder, { recursive: true, force: true });
});

const button = (name: string) =>
  view.findAll('button').find((one) => (one.attributes('aria-label') ?? one.text()) === name)!;
const field = (label: string) => {
  const id = view
    .findAll('label')
    .find((one) => one.text() === label)!
    .attributes('for')!;
  return view.get(`[id="${id}"]`);
};
const statuses = () => view.findAll('[role=status]').map((one) => one.text());

async function trained(): Promise<void> {
  await field('Layer widths').setValue('6, 8, 3');
  await field('Stop at step').setValue('40');
  await field('Every (steps)').setValue('10');
  await button('Start training').trigger('click');
  await vi.waitFor(() => expect(useRuns().snapshot?.state).toBe('finished'), PATIENCE);
  await flushPromises();
}

test('the form shows the chapter’s network with every default, and digits at one choice', async () => {
  const shown = (label: string) => (field(label).element as HTMLInputElement).value;
  expect([
    shown('Layer widths'),
    shown('Batch size'),
    shown('Learning rate'),
    shown('Every (steps)'),
  ]).toEqual(['20, 256, 10', '32', '0.001', '100']);
  await field('Start from').setValue('digits');
  expect(shown('Layer widths')).toBe('784, 256, 10');
  expect(view.text()).toContain('203,530 parameters');
});

/** Writes and opens an f32 file of tensors of these shapes, filled with `value`. */
async function openShapes(
  name: string,
  shapes: Readonly<Record<string, readonly number[]>>,
  value: number,
): Promise<FileId> {
  const tensors = Object.entries(shapes).map(([tensor, shape]) => {
    const values = new Float32Array(shape.reduce((count, length) => count * length, 1)).fill(value);
    return { name: tensor, dtype: 'F32', shape, bytes: new Uint8Array(values.buffer) };
  });
  const path = join(folder, name);
  writeFileSync(path, plainSafetensors(tensors));
  const { file } = page.engine.grant(path);
  await useCheckpoints().openFile({ file, name });
  await flushPromises();
  return file;
}

test('a run starts from an opened checkpoint, with its widths', async () => {
  const file = await openShapes(
    'trained.safetensors',
    { 'fc1.weight': [5, 20], 'fc1.bias': [5], 'fc2.weight': [10, 5], 'fc2.bias': [10] },
    0.5,
  );
  await field('Initial parameters').setValue(file);
  await vi.waitFor(
    () => expect((field('Layer widths').element as HTMLInputElement).value).toBe('20, 5, 10'),
    PATIENCE,
  );
  expect(view.findAll('label').map((one) => one.text())).not.toContain('Initializer');
  await field('Optimizer').setValue('sgd');
  await field('Learning rate').setValue('0');
  await field('Stop at step').setValue('2');
  await button('Start training').trigger('click');
  await vi.waitFor(() => expect(useRuns().snapshot?.state).toBe('finished'), PATIENCE);
  const { run } = useRuns().snapshot!;
  const signal = new AbortController().signal;
  const ask = (command: string, params: unknown) =>
    page.engine.answer(command, params, { signal, progress: () => {} });
  const saved = (await ask('run.checkpoint-file', { run, step: 2 })) as { file: FileId };
  // at a rate of 0 the first parameters are the last ones, too
  expect(await ask('tensor.summary', { file: saved.file, name: 'hidden.weight' })).toMatchObject({
    count: 100,
    min: 0.5,
    max: 0.5,
  });
  expect(view.text()).toContain('from trained.safetensors');
});

test('a file that holds no network is refused at its field, and what was chosen stays', async () => {
  const file = await openShapes('kernel.safetensors', { 'conv.weight': [1, 1, 2, 2] }, 1);
  await field('Initial parameters').setValue(file);
  await vi.waitFor(
    () => expect(view.text()).toContain('kernel.safetensors: the file holds no plain MLP'),
    PATIENCE,
  );
  expect((field('Initial parameters').element as HTMLSelectElement).value).toBe('');
  expect((field('Layer widths').element as HTMLInputElement).value).toBe('20, 256, 10');
});

test('a fault is told at its field, and nothing is started', async () => {
  await field('Batch size').setValue('0');
  expect(view.text()).not.toContain('at least 1');
  await button('Start training').trigger('click');
  expect(view.text()).toContain('at least 1');
  expect(field('Batch size').attributes('aria-invalid')).toBe('true');
  expect(view.get('form [role=alert]').text()).toBe('One setting needs another value.');
  expect(useRuns().list).toEqual([]);
});

test('a fault in a folded section unfolds it', async () => {
  const section = () => view.findAll('details').find((one) => one.text().startsWith('Training'))!;
  expect((section().element as HTMLDetailsElement).open).toBe(false);
  await field('Learning rate').setValue('fast');
  await button('Start training').trigger('click');
  expect((section().element as HTMLDetailsElement).open).toBe(true);
});

test('a started run shows its state, its figures and its controls; what cannot be done says why', async () => {
  await trained();
  expect(statuses()[0]).toBe('finished');
  expect(view.get('[aria-label="Figures of the run"]').text()).toContain('40 of 40');
  expect(button('Resume').attributes('aria-disabled')).toBe('true');
  // the heading and each checkpoint: on a busy machine a save may still be under way when the next is due
  const { checkpoints } = useRuns().snapshot!;
  expect(checkpoints.map(({ step }) => step)).toEqual(expect.arrayContaining([10, 40]));
  expect(view.get('[aria-label=Checkpoints]').attributes('aria-rowcount')).toBe(
    String(1 + checkpoints.length),
  );
});

test('one press on a mark proves the restore, in words and in tables', async () => {
  await trained();
  const strip = view.getComponent(CheckpointStrip);
  const mark = strip.findAll('button').find((one) => one.attributes('aria-label')?.startsWith('Step 10,'))!;
  expect(mark.attributes('aria-label')).toContain('kept: one of the last 5');
  await mark.trigger('click');
  await vi.waitFor(() => expect(view.find('[aria-label="Restore report"]').exists()).toBe(true), PATIENCE);
  const report = view.get('[aria-label="Restore report"]');
  expect(report.get('[role=status]').text()).toMatch(
    /^Identical: 12 of 12 tensors, every bit\. Outputs equal: 24 of 24\..*each loss equal to the log\./,
  );
  expect(report.get('[aria-label="Restored tensors"]').attributes('aria-rowcount')).toBe('13');
  expect(
    Number(report.get('[aria-label="Further steps"] [role=grid]').attributes('aria-rowcount')),
  ).toBeGreaterThan(1);
  expect(button('Copy report').exists()).toBe(true);
});

test('past runs are listed with what they are', async () => {
  await trained();
  await view
    .findAll('[role=tab]')
    .find((one) => one.text().startsWith('Runs'))!
    .trigger('mousedown');
  await flushPromises();
  const list = view.get('ul[aria-label=Runs]');
  expect(list.text()).toContain('finished');
  expect(list.text()).toContain('6 → 8 → 3 relu, random data, adam');
});
