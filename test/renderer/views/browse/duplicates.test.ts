import { flushPromises, mount, type VueWrapper } from '@vue/test-utils';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';

import { useCheckpoints } from '#renderer/stores/checkpoints.ts';
import { useSelection } from '#renderer/stores/selection.ts';
import TensorPanel from '#renderer/views/browse/TensorPanel.vue';
import { connectPage, type PageEngine } from '#test/kit/page-engine.ts';
import { layOut, until } from '#test/kit/page-layout.ts';
import { plainSafetensors } from '#test/kit/write-plain-safetensors.ts';

const f32 = (name: string, ...values: readonly number[]) => ({
  name,
  dtype: 'F32',
  shape: [values.length],
  bytes: new Uint8Array(Float32Array.from(values).buffer),
});

let page: PageEngine;
let folder: string;
let wrapper: VueWrapper | undefined;

beforeEach(async () => {
  layOut();
  folder = mkdtempSync(join(tmpdir(), 'paramscope-duplicates-'));
  page = await connectPage();
});
afterEach(async () => {
  wrapper?.unmount();
  wrapper = undefined;
  await page.close();
  rmSync(folder, { recursive: true });
});

async function searched(tensors: Parameters<typeof plainSafetensors>[0]): Promise<VueWrapper> {
  const path = join(folder, 'some.safetensors');
  writeFileSync(path, plainSafetensors(tensors));
  await useCheckpoints().openFile(page.engine.grant(path));
  wrapper = mount(TensorPanel, {
    attachTo: document.body,
    props: { checkpoint: useCheckpoints().current! },
    global: { stubs: { ChartCanvas: true, HeatCanvas: true, ColourLegend: true } },
  });
  useSelection().tab = 'duplicates';
  await flushPromises();
  await wrapper.get('[aria-label="Equal tensors in the file"] button').trigger('click');
  return wrapper;
}

const said = (panel: VueWrapper) => panel.findAll('[role=status]').map((one) => one.text());

test('equal tensors are told with what they cost, and each leads to its tensor', async () => {
  const panel = await searched([
    f32('head', 1, 2),
    f32('b', 0, 0, 0),
    f32('embed', 1, 2),
    f32('c', 0, 0, 0),
    f32('lone', 1, 3),
  ]);
  await until(() => panel.find('[role=grid][aria-label="Equal tensors"]').exists());
  expect(said(panel).find((text) => text.includes('equal'))).toBe(
    '4 tensors are equal to another, bit for bit; 20 B could be spared.5 of 5 tensors have another of their dtype and shape, and were read.',
  );
  const grid = panel.get('[role=grid][aria-label="Equal tensors"]');
  const rows = grid.findAll('[role=row]').slice(1);
  expect(rows.map((row) => row.findAll('[role=gridcell]').map((cell) => cell.text()))).toEqual([
    ['b', 'constant', 'f32', '3', '12 B'],
    ['c', '= b', 'f32', '3', ''],
    ['head', '', 'f32', '2', '8 B'],
    ['embed', '= head', 'f32', '2', ''],
  ]);
  await rows[3]!.trigger('dblclick');
  expect(useSelection().tensor?.name).toBe('embed');
});

test('where there are none, that is the verdict', async () => {
  const panel = await searched([f32('a', 1, 2), f32('b', 2, 1), f32('c', 1)]);
  await until(() => said(panel).some((text) => text.startsWith('No two tensors are equal.')));
  expect(said(panel).find((text) => text.startsWith('No two'))).toContain('2 of 3 tensors');
  expect(panel.find('[role=grid][aria-label="Equal tensors"]').exists()).toBe(false);
});
