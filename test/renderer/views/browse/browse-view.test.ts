import { flushPromises, mount, type VueWrapper } from '@vue/test-utils';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';

import { useCheckpoints } from '#renderer/stores/checkpoints.ts';
import { useNotices } from '#renderer/stores/notices.ts';
import { useSelection } from '#renderer/stores/selection.ts';
import { useStatus } from '#renderer/stores/status.ts';
import BrowseView from '#renderer/views/browse/BrowseView.vue';
import { connectPage, type PageEngine } from '#test/kit/page-engine.ts';
import { layOut, until } from '#test/kit/page-layout.ts';
import { plainSafetensors } from '#test/kit/write-plain-safetensors.ts';

const floats = (...values: number[]) => new Uint8Array(Float32Array.from(values).buffer);

const FILE = plainSafetensors(
  [
    {
      name: 'hidden.weight',
      dtype: 'F32',
      shape: [2, 3],
      bytes: floats(1, -2, 3, Number.NaN, Infinity, 0.5),
    },
    { name: 'hidden.bias', dtype: 'F32', shape: [2], bytes: floats(0, 0.25) },
    {
      name: 'odd\u202ename',
      dtype: 'I64',
      shape: [1],
      bytes: new Uint8Array(BigInt64Array.of(2n ** 62n).buffer),
    },
  ],
  { note: '<b>not bold</b>' },
);

let page: PageEngine;
let folder: string;
let wrapper: VueWrapper;

beforeEach(async () => {
  layOut();
  folder = mkdtempSync(join(tmpdir(), 'paramscope-browse-'));
  writeFileSync(join(folder, 'mlp.params'), FILE);
  writeFileSync(join(folder, 'broken'), 'no checkpoint at all');
  page = await connectPage();
  wrapper = mount(BrowseView, {
    attachTo: document.body,
    // pictures need a canvas, which this page has not
    global: { stubs: { ChartCanvas: true, HeatCanvas: true, ColourLegend: true } },
  });
});
afterEach(async () => {
  wrapper.unmount();
  await page.close();
  rmSync(folder, { recursive: true });
});

const open = (name: string) => useCheckpoints().openFile(page.engine.grant(join(folder, name)));
const found = async (selector: string) => {
  await until(() => wrapper.find(selector).exists());
  return wrapper.get(selector);
};
const rowTexts = () =>
  wrapper
    .findAll('[role=treegrid][aria-label=Tensors] [role=row]')
    .slice(1)
    .map((row) => row.findAll('[role=gridcell]').map((cell) => cell.text()));

describe('the first screen', () => {
  test('says what to do and offers it', async () => {
    await flushPromises();
    const names = wrapper.findAll('button').map((button) => button.text());
    expect(names).toEqual(
      expect.arrayContaining([
        expect.stringContaining('Open files…'),
        expect.stringContaining('Open folder…'),
        'Open the sample checkpoint',
        'Train the sample network',
      ]),
    );
  });
});

test('a scalar and a tensor without a name say that they are such, in the list and above the picture', async () => {
  const bytes = floats(1);
  const tensors = ['', 'step'].map((name) => ({ name, dtype: 'F32', shape: [], bytes }));
  writeFileSync(join(folder, 'odd'), plainSafetensors(tensors));
  await open('odd');
  await until(() => rowTexts().length === 2);
  expect(rowTexts()).toEqual([
    ['(empty name)', 'f32', 'scalar', '4 B'],
    ['step', 'f32', 'scalar', '4 B'],
  ]);
  expect(wrapper.get('h1').text()).toBe('(empty name)');
});

test('the current one of many checkpoints is scrolled into sight, whoever chose it', async () => {
  const shown: string[] = [];
  vi.spyOn(HTMLElement.prototype, 'scrollIntoView').mockImplementation(function (this: HTMLElement) {
    shown.push(this.querySelector('.name')?.textContent ?? '');
  });
  for (const name of ['first', 'second']) writeFileSync(join(folder, name), FILE);
  const first = await open('first');
  await open('second');
  useCheckpoints().show(first!.file);
  await flushPromises();
  expect(shown.slice(-2)).toEqual(['second', 'first']);
});

describe('an opened checkpoint', () => {
  beforeEach(async () => void (await open('mlp.params')));

  test('is shown as a tree, with every odd character escaped', async () => {
    await until(() => rowTexts().length === 4);
    expect(rowTexts()).toEqual([
      ['hidden', '', '8', '32 B'],
      ['weight', 'f32', '2×3', '24 B'],
      ['bias', 'f32', '2', '8 B'],
      ['odd\\u202ename', 'i64', '1', '8 B'],
    ]);
    expect(useStatus().totals).toEqual(['3 tensors', '9 parameters', '40 B', 'f32 ×2, i64 ×1']);
  });

  test('has its first tensor chosen, with its figures', async () => {
    const strip = await found('[aria-label=Statistics]:has(dl)');
    const told = strip.findAll('button').map((button) => button.attributes('aria-label'));
    expect(told.slice(0, 4)).toEqual([
      '6, all elements: 6',
      '−2, least finite value: -2',
      '3, greatest finite value: 3',
      '0.625, mean of the finite values: 0.625',
    ]);
    expect(told).toContain('1, elements that are no number: 1');
    expect(told).toContain('1, infinite elements: 1');
    expect(wrapper.get('h1').text()).toBe('hidden.weight');
  });

  test('is walked with the arrow keys', async () => {
    await until(() => rowTexts().length === 4);
    const tree = wrapper.get('[role=treegrid][aria-label=Tensors]');
    await tree.trigger('keydown', { key: 'ArrowDown' });
    expect(wrapper.get('h1').text()).toBe('hidden.bias');
    await tree.trigger('keydown', { key: 'Home' });
    expect([wrapper.get('h1').text(), wrapper.get('.facts').text()]).toEqual([
      'hidden',
      '2 tensors · 8 parameters · 32 B',
    ]);
    await tree.trigger('keydown', { key: 'ArrowLeft' });
    expect(rowTexts().map(([name]) => name)).toEqual(['hidden', 'odd\\u202ename']);
  });

  test('is filtered by name, shape and dtype', async () => {
    await wrapper.get('input[aria-label="Filter tensors"]').setValue('2x3');
    expect(rowTexts().map(([name]) => name)).toEqual(['hidden', 'weight']);
    await wrapper.get('input[aria-label="Filter tensors"]').setValue('i64');
    expect(rowTexts().map(([name]) => name)).toEqual(['odd\\u202ename']);
    await wrapper.get('input[aria-label="Filter tensors"]').setValue('nothing');
    expect(wrapper.text()).toContain('No tensor has all of');
  });

  test('shows its values, NaN and infinities marked, and goes to a coordinate', async () => {
    useSelection().tab = 'values';
    const grid = await found('[role=grid][aria-label="Values of hidden.weight"]');
    await until(() => grid.findAll('[role=gridcell]').length === 6);
    expect(grid.findAll('[role=gridcell]').map((cell) => cell.text())).toEqual([
      '1',
      '-2',
      '3',
      'NaN',
      '+Inf',
      '0.5',
    ]);
    expect(grid.findAll('.odd')).toHaveLength(2);
    const go = wrapper.get('input[aria-label="Go to coordinate"]');
    await go.setValue('1, -1');
    await wrapper.get('form').trigger('submit');
    await flushPromises();
    expect(wrapper.get('[aria-label=Value]').text()).toBe('0.5');
    await go.setValue('2, 0');
    await wrapper.get('form').trigger('submit');
    expect(wrapper.get('[role=alert]').text()).toBe('axis 0 goes from 0 to 1, not 2');
  });

  test('shows metadata as text, never as markup', async () => {
    useSelection().tab = 'metadata';
    await flushPromises();
    expect(wrapper.get('[role=treegrid][aria-label=Metadata]').text()).toContain('<b>not bold</b>');
    expect(wrapper.find('[role=treegrid] b').exists()).toBe(false);
  });

  test('offers for a tensor only the views that can show it', async () => {
    await flushPromises();
    const tabs = () =>
      wrapper.findAll('[role=tablist][aria-label="Views of the tensor"] [role=tab]').map((tab) => tab.text());
    expect(tabs()).toEqual([
      'Histogram',
      'Heat map',
      'Profiles',
      'Spectrum',
      'Values',
      'Metadata',
      'X-ray',
      'NaN, ∞',
      'Equal',
      'Problems',
    ]);
  });

  test('is looked through for NaN and ∞, and a find leads to its value', async () => {
    useSelection().tab = 'non-finite';
    useSelection().select('hidden.bias');
    await (await found('[aria-label="NaN and ∞ in the whole file"] button')).trigger('click');
    const grid = await found('[role=grid][aria-label="Tensors with NaN or ∞"]');
    const said = () => wrapper.findAll('[role=status]').map((one) => one.text());
    await until(() => said().some((text) => text.includes('Looked at 8 elements of 2 tensors')));
    expect(said().find((text) => text.includes('Looked at'))).toMatch(/^1 NaN and 1 ±∞ in 1 tensor\./);
    expect(grid.findAll('[role=gridcell]').map((cell) => cell.text())).toEqual([
      'hidden.weight',
      '1',
      '1',
      '0',
      '6',
      '[1, 0]',
    ]);
    await grid.get('button[aria-label="Go to [1, 0] of hidden.weight"]').trigger('click');
    await found('[role=grid][aria-label="Values of hidden.weight"]');
    await until(() => wrapper.get('[aria-label=Value]').text() === 'NaN');
  });

  test('has singular values computed on request, never by itself, and says why there are none', async () => {
    const bytes = floats(3, 0, 0, 0, -4, 0);
    writeFileSync(
      join(folder, 'plain'),
      plainSafetensors([{ name: 'w', dtype: 'F32', shape: [2, 3], bytes }]),
    );
    await open('plain');
    useSelection().tab = 'spectrum';
    const start = await found('[aria-label="Singular values"] button');
    expect(wrapper.find('[aria-label="Figures of the singular values"]').exists()).toBe(false);
    await start.trigger('click');
    const figures = await found('[aria-label="Figures of the singular values"]');
    const texts = figures.findAll('dd').map((one) => one.text());
    expect(texts.slice(0, 5)).toEqual(['4', '3', '1.333', '2 of 2', '1.563']);

    await open('mlp.params');
    useSelection().select('hidden.weight');
    await (await found('[aria-label="Singular values"] button')).trigger('click');
    await until(() => wrapper.text().includes('NaN at [1, 0], the first of them'));
    useSelection().select('hidden.bias');
    await until(() => wrapper.text().includes('This tensor is a vector: only a matrix has singular values.'));
  });

  test('a tensor is kept over the histograms of others until it is taken off', async () => {
    useSelection().tab = 'histogram';
    await (await found('button[aria-label="Keep over other histograms"]')).trigger('click');
    useSelection().select('hidden.bias');
    const legend = await found('[aria-label="Overlaid tensors"]');
    expect(legend.text()).toContain('hidden.weight');
    await found('figure[aria-label="Histogram of hidden.bias"]');
    await wrapper.get('button[aria-label="Take hidden.weight off"]').trigger('click');
    await until(() => !wrapper.find('[aria-label="Overlaid tensors"]').exists());
  });

  test('stays when another file cannot be opened, and the failure is told', async () => {
    await open('broken');
    expect(useCheckpoints().open.map(({ name }) => name)).toEqual(['mlp.params']);
    const [notice] = useNotices().notices;
    expect([notice?.title, notice?.error?.code]).toEqual(['Could not open broken', 'unknown-format']);
  });

  test('closed, leaves the first screen', async () => {
    await wrapper.get('button[aria-label="Close mlp.params"]').trigger('click');
    await flushPromises();
    expect(wrapper.find('[aria-label=Start]').exists()).toBe(true);
  });
});
