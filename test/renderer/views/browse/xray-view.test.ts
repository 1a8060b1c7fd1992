import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { flushPromises, mount, type VueWrapper } from '@vue/test-utils';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';

import { useCheckpoints } from '#renderer/stores/checkpoints.ts';
import { useNotices } from '#renderer/stores/notices.ts';
import { useSelection } from '#renderer/stores/selection.ts';
import BrowseView from '#renderer/views/browse/BrowseView.vue';
import { xrayRows, xrayVerdict } from '#renderer/views/browse/xray-rows.ts';
import { connectPage, type PageEngine } from '#test/kit/page-engine.ts';
import { layOut, until } from '#test/kit/page-layout.ts';
import { plainSafetensors } from '#test/kit/write-plain-safetensors.ts';
import type { Xray } from '#shared/xray.ts';

/** A dict of one module's object and `os.system("id")`: neither is ever called. */
const EVIL = Buffer.from('\x80\x02(cmine\nNet\n)Rcos\nsystem\nX\x02\0\0\0id\x85Rl', 'latin1');
const MODULE = readFileSync('test/fixtures/pytorch/module.pt');

/** Where an entry's data begins: behind its local header, its name and its padding. */
function dataOf(zip: Buffer, name: string): number {
  const at = zip.indexOf(name);
  return at + name.length + zip.readUInt16LE(at - 2);
}

let page: PageEngine;
let folder: string;
let wrapper: VueWrapper;

beforeEach(async () => {
  layOut();
  folder = mkdtempSync(join(tmpdir(), 'paramscope-xray-'));
  writeFileSync(join(folder, 'evil.bin'), EVIL);
  writeFileSync(join(folder, 'module.pt'), MODULE);
  const damaged = Buffer.from(MODULE);
  damaged[dataOf(damaged, 'module/data/0')]! ^= 1;
  writeFileSync(join(folder, 'damaged.pt'), damaged);
  writeFileSync(
    join(folder, 'plain.safetensors'),
    plainSafetensors([{ name: 'x', dtype: 'U8', shape: [1], bytes: Uint8Array.of(7) }]),
  );
  page = await connectPage();
  wrapper = mount(BrowseView, {
    attachTo: document.body,
    global: { stubs: { ChartCanvas: true, HeatCanvas: true, ColourLegend: true } },
  });
});
afterEach(async () => {
  wrapper.unmount();
  await page.close();
  rmSync(folder, { recursive: true });
});

const open = (name: string) => useCheckpoints().openFile(page.engine.grant(join(folder, name)));
const rowsIn = (root: ParentNode) =>
  [...root.querySelectorAll('[role=grid][aria-label="What the file asks for"] [role=row]')]
    .slice(1)
    .map((row) => [...row.querySelectorAll('[role=gridcell]')].map((cell) => cell.textContent?.trim()));

describe('the X-ray of a checkpoint', () => {
  test('names what it would import, with verdict and place, and what torch would say', async () => {
    await open('module.pt');
    useSelection().tab = 'xray';
    await until(() => rowsIn(document).length > 0);
    const offset = MODULE.indexOf('cmine\nNet\n') - dataOf(MODULE, 'module/data.pkl');
    expect(rowsIn(document)[0]).toEqual(['unknown', 'mine Net', 'module/data.pkl', String(offset)]);
    expect(document.body.textContent).toContain('it imports mine.Net, which is not allowed by default');
    expect(document.body.textContent?.toLowerCase()).not.toContain('safe to');
  });

  test('of a file without pickles says that it asks for nothing', async () => {
    await open('plain.safetensors');
    useSelection().tab = 'xray';
    await until(() => wrapper.text().includes('It asks for nothing by name.'));
    expect(rowsIn(document)).toEqual([]);
  });
});

test('a file that does not open is offered to be looked into', async () => {
  await open('evil.bin');
  const notice = useNotices().notices[0];
  expect(notice?.action?.label).toBe('X-ray it');
  notice!.action!.run();
  await until(() => rowsIn(document).length > 0);
  expect(rowsIn(document).slice(0, 4)).toEqual([
    ['dangerous', 'os system', 'evil.bin', '15'],
    ['unknown', 'mine Net', 'evil.bin', '3'],
    ['would call', 'mine.Net()', 'evil.bin', '14'],
    ['would call', "os.system('id')", 'evil.bin', '34'],
  ]);
  expect(document.body.textContent).toContain('Incomplete: not everything could be read.');
});

test('a file that is not there is not', async () => {
  await open('nothing');
  expect(useNotices().notices[0]?.action).toBeUndefined();
});

describe('the mark of a tensor', () => {
  test.each([
    ['module.pt', 'verified'],
    ['damaged.pt', 'damaged'],
    ['plain.safetensors', 'no checksum recorded'],
  ])('%s: %s', async (name, word) => {
    await open(name);
    await flushPromises();
    await until(() => wrapper.find('header .verdict').exists());
    expect(wrapper.get('header .verdict').text()).toBe(word);
    expect(wrapper.get('header .verdict').attributes('title')).toMatch(/bytes [\d,]+ to [\d,]+ of /);
    const isDamaged = word === 'damaged';
    expect(wrapper.find('[aria-label=damaged]').exists()).toBe(isDamaged);
  });
});

describe('rows and sentence', () => {
  const nothing: Xray = {
    imports: [],
    calls: [],
    parts: [],
    complete: true,
    problems: [],
    weightsOnly: { accepted: false },
  };
  const imported = (module: string, name: string, verdict: 'dangerous' | 'data', offset: number) => ({
    module,
    name,
    verdict,
    offset,
    stream: 's',
  });

  test('repeats of a name are one row, at the first place', () => {
    const rows = xrayRows({
      ...nothing,
      imports: [
        imported('a', 'b', 'data', 9),
        imported('a', 'b', 'data', 20),
        imported('os', 'system', 'dangerous', 30),
      ],
    });
    expect(rows.map(({ kind, text, offset, times }) => [kind, text, offset, times])).toEqual([
      ['dangerous', 'os system', 30, 1],
      ['plain data', 'a b', 9, 2],
    ]);
  });

  test('odd characters are shown escaped', () => {
    const [row] = xrayRows({ ...nothing, imports: [imported('a\u202e', 'b\n', 'data', 0)] });
    expect(row?.text).toBe('a\\u202e b\\u000a');
  });

  test.each([
    ['neutral', {}],
    ['bad', { imports: [imported('os', 'system', 'dangerous', 0)] }],
    ['caution', { complete: false }],
    ['caution', { parts: [{ kind: 'lambda-layer', name: 'l', stream: 's', text: 't' }] }],
  ] as const)('its tone is %s', (tone, change) => {
    expect(xrayVerdict({ ...nothing, ...change }).tone).toBe(tone);
  });

  test('the sentence counts names by what is known of them, and says what torch would do only of pickles', () => {
    const part = { kind: 'lambda-layer', name: 'l', stream: 's', text: 't' };
    const imports = [
      imported('os', 'system', 'dangerous', 0),
      imported('a', 'b', 'data', 9),
      imported('a', 'c', 'data', 20),
    ];
    expect(xrayVerdict({ ...nothing, imports, parts: [part] })).toMatchObject({
      sentence:
        'It asks for 1 dangerous name and 2 names of plain data. It brings 1 piece of code or template.',
      details: [expect.stringContaining('weights_only'), expect.stringContaining('Nothing was run')],
    });
    expect(xrayVerdict({ ...nothing, parts: [part] }).details).toEqual([
      expect.stringContaining('Nothing was run'),
    ]);
  });
});
