import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { mount, type VueWrapper } from '@vue/test-utils';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';

import { useCheckpoints } from '#renderer/stores/checkpoints.ts';
import { useComparison } from '#renderer/stores/comparison.ts';
import { useNavigation } from '#renderer/stores/navigation.ts';
import RecordedInput from '#renderer/views/compare/RecordedInput.vue';
import { connectPage, type PageEngine } from '#test/kit/page-engine.ts';
import { ORACLES, hasOracles } from '#test/kit/shared-files.ts';

describe.skipIf(!hasOracles)('a recorded input on the screen', () => {
  let page: PageEngine;
  let view: VueWrapper;
  let folder: string;
  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'paramscope-recorded-'));
    page = await connectPage();
    useNavigation().go('compare');
    view = mount(RecordedInput);
  });
  afterEach(async () => {
    view.unmount();
    await page.close();
    rmSync(folder, { recursive: true, force: true });
  });

  const run = () => view.findAll('button').find((one) => one.text() === 'Run recorded input')!;
  const answer = () => view.get('[role=status]').text();

  async function choose(paths: readonly string[]): Promise<void> {
    for (const [index, path] of paths.entries()) {
      const opened = await useCheckpoints().openFile(page.engine.grant(path));
      await view.findAll('select')[index]!.setValue(opened!.file);
    }
  }

  const chapter = (framework: string, ...names: readonly string[]) =>
    names.map((name) => `${ORACLES}chapter/${framework}/${name}`);

  test.each([
    ['pytorch', 'mlp.params'],
    ['mxnet-1.9-np', 'mlp.params'],
    ['tensorflow-keras3', 'mlp.params.index'],
  ])('%s: the recorded output is reproduced, and the layers used are named', async (framework, name) => {
    await choose(chapter(framework, name, 'X.npy', 'Y.npy'));
    await run().trigger('click');
    await vi.waitFor(() => expect(answer()).toMatch(/^Reproduced: 20 of 20 cells/));
    expect(view.findAll('[aria-label="Layers used"] tbody tr')).toHaveLength(4);
  });

  test('an output with one cell changed is not reproduced, and the cell is named', async () => {
    const [model, input, output] = chapter('pytorch', 'mlp.params', 'X.npy', 'Y.npy');
    const bytes = readFileSync(output!);
    // the last of the 2 x 10 float32 cells
    bytes.writeFloatLE(bytes.readFloatLE(bytes.length - 4) + 0.25, bytes.length - 4);
    writeFileSync(join(folder, 'Y.npy'), bytes);
    await choose([model!, input!, join(folder, 'Y.npy')]);
    await run().trigger('click');
    await vi.waitFor(() => expect(answer()).toMatch(/^Not reproduced/));
    expect(answer()).toContain('[1, 9]: |d| = 0.25');
  });

  test('the architecture is guessed until a person writes one, and text that is no JSON is refused', async () => {
    const area = view.get('textarea');
    expect((area.element as HTMLTextAreaElement).value).toContain('[20,256]');
    await choose(chapter('pytorch', 'mlp.params', 'X.npy', 'Y.npy'));
    await area.setValue('{"layers": [');
    expect(view.text()).toContain('not JSON');
    expect(run().attributes('aria-disabled')).toBe('true');
    await area.setValue('{"layers": [{"linear": [20, 64]}]}');
    await run().trigger('click');
    await vi.waitFor(() => expect(view.find('[role=alert]').exists()).toBe(true));
  });

  test('files opened for it do not become sides of the comparison', async () => {
    await choose(chapter('pytorch', 'mlp.params', 'X.npy'));
    expect(useComparison().original).toBeUndefined();
  });
});
