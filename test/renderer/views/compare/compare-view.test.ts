import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { flushPromises, mount, type VueWrapper } from '@vue/test-utils';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';

import { useCheckpoints } from '#renderer/stores/checkpoints.ts';
import { useComparison } from '#renderer/stores/comparison.ts';
import { useNavigation } from '#renderer/stores/navigation.ts';
import CompareView from '#renderer/views/compare/CompareView.vue';
import { connectPage, type PageEngine } from '#test/kit/page-engine.ts';
import { ORACLES, hasOracles } from '#test/kit/shared-files.ts';
import { plainSafetensors } from '#test/kit/write-plain-safetensors.ts';

describe.skipIf(!hasOracles)('the comparison on the screen', () => {
  let page: PageEngine;
  let view: VueWrapper;
  beforeEach(async () => {
    page = await connectPage();
    useNavigation().go('compare');
    // without a layout there is no canvas to draw on; the pictures have tests of their own
    view = mount(CompareView, { global: { stubs: { PairPanel: true } }, attachTo: document.body });
  });
  afterEach(async () => {
    view.unmount();
    await page.close();
  });

  const open = (path: string) => useCheckpoints().openFile(page.engine.grant(`${ORACLES}${path}`));
  const verdict = () => view.get('[role=status]').text();
  const button = (name: string) =>
    view.findAll('button').find((one) => one.text() === name || one.attributes('aria-label') === name);

  async function compared(a: string, b: string) {
    await open(a);
    await open(b);
    await vi.waitFor(() => expect(useComparison().comparison).toBeDefined());
    await flushPromises();
  }

  test('with nothing chosen it says what to do, and why it cannot be done yet', () => {
    expect(view.text()).toContain('Compare two checkpoints');
    expect(button('Compare checkpoints')?.attributes('aria-disabled')).toBe('true');
    expect(view.find('[role=status]').exists()).toBe(false);
  });

  test('two files of one network in two frameworks are said to be identical', async () => {
    await compared('pairs/mlp.pt', 'pairs/mlp-mxnet.params');
    expect(verdict()).toContain('Identical: 4 of 4 tensors, every bit.');
    expect(view.get('[aria-label=Comparison]').attributes('aria-rowcount')).toBe('5');
    expect(view.find('[aria-label="Show states"]').exists()).toBe(false);
  });

  test('one changed value: verdict, place, and a filter by state', async () => {
    await compared('pairs/mlp.safetensors', 'pairs/one-ulp.safetensors');
    expect(verdict()).toMatch(/^Different: 1 of 4 tensors, by value\./);
    expect(verdict()).toContain('1 element changed');
    const chips = view.get('[aria-label="Show states"]').findAll('button');
    expect(chips.map((chip) => chip.text())).toEqual(['different1', 'identical3']);
    await chips[1]!.trigger('click');
    expect(chips[1]!.attributes('aria-pressed')).toBe('false');
    expect(view.get('[aria-label=Comparison]').attributes('aria-rowcount')).toBe('2');
  });

  test('a tolerance is used when the comparison is run again', async () => {
    await compared('pairs/mlp.safetensors', 'pairs/one-ulp.safetensors');
    await view.get('input[type=checkbox]').setValue(true);
    await button('Compare checkpoints')!.trigger('click');
    await vi.waitFor(() =>
      expect(verdict()).toMatch(/^Within tolerance of 1e-5 absolute, 1e-5 relative: 4 of 4/),
    );
  });

  test('metadata that differ are counted on their tab', async () => {
    await compared('steps/step-0010.safetensors', 'steps/step-0020.safetensors');
    const tab = view.findAll('[role=tab]').find((one) => one.text().startsWith('Metadata'))!;
    expect(tab.text()).toMatch(/^Metadata \d+$/);
  });
});

/** An engine on a busy machine takes a while. */
const PATIENCE = { timeout: 20_000 };

describe('a state that a wrapper has renamed', () => {
  let page: PageEngine;
  let view: VueWrapper;
  let folder: string;
  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'paramscope-renamed-'));
    page = await connectPage();
    useNavigation().go('compare');
    const stubs = { OutlineChart: true, ChartCanvas: true, HeatCanvas: true };
    view = mount(CompareView, { global: { stubs }, attachTo: document.body });
  });
  afterEach(async () => {
    view.unmount();
    await page.close();
    rmSync(folder, { recursive: true, force: true });
  });

  async function open(name: string, prefix: string): Promise<void> {
    const bytes = (...values: number[]) => new Uint8Array(Float32Array.from(values).buffer);
    const tensors = [
      { name: `${prefix}fc.weight`, dtype: 'F32', shape: [2, 2], bytes: bytes(1, 2, 3, 4) },
      { name: `${prefix}fc.bias`, dtype: 'F32', shape: [2], bytes: bytes(5, 6) },
    ];
    const path = join(folder, name);
    writeFileSync(path, plainSafetensors(tensors));
    await useCheckpoints().openFile(page.engine.grant(path));
  }

  test('is told with its likely names, and compared by value once those are taken to be the same', async () => {
    await open('plain.safetensors', '');
    await open('wrapped.safetensors', 'module.');
    const verdict = () => view.get('[role=status]').text();
    await vi.waitFor(() => expect(verdict()).toMatch(/^Different: 4 of 4 tensors/), PATIENCE);
    await vi.waitFor(
      () => expect(view.text()).toContain('module.fc.weight may be the same under another name.'),
      PATIENCE,
    );
    const pairUp = () => view.findAll('button').find((one) => one.text() === 'Pair up 2 renamed tensors');
    await pairUp()!.trigger('click');
    await vi.waitFor(() => expect(verdict()).toMatch(/^Identical: 2 of 2 tensors, every bit\./), PATIENCE);
    expect(verdict()).toContain('2 under another name');
    expect(pairUp()).toBeUndefined();
  });
});
