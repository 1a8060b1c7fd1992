import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { changeSettings, createSettings, currentSettings } from '#main/services/settings.ts';

const DEFAULTS = {
  theme: 'system',
  bins: 64,
  isLogCount: false,
  isSymlog: false,
  isClipped: false,
  sidebar: 30,
};

describe('settings', () => {
  let folder: string;
  beforeEach(() => void (folder = mkdtempSync(join(tmpdir(), 'settings-'))));
  afterEach(() => rmSync(folder, { recursive: true }));

  const keep = (text: string) => writeFileSync(join(folder, 'settings.json'), text);

  it.each([
    ['nothing', undefined, {}],
    ['what is no JSON', '{"settings":', {}],
    ['what is no object', '[7]', {}],
    ['settings that are none', '{"settings":null}', {}],
    ['values that do not fit', '{"settings":{"theme":"blue","bins":15,"sidebar":"wide"}}', {}],
    ['one that fits', '{"settings":{"bins":16,"isSymlog":1,"colour":"red"}}', { bins: 16 }],
  ])('are the defaults where %s is kept', async (_, text, kept) => {
    if (text !== undefined) keep(text);
    expect(currentSettings(await createSettings(folder))).toEqual({ ...DEFAULTS, ...kept });
  });

  it('are kept as they were changed, the others as they were, the files beside them too', async () => {
    keep('{"settings":{"bins":16},"recent":["/a.npy"]}');
    const store = await createSettings(folder);
    expect(changeSettings(store, { theme: 'dark' })).toEqual({ ...DEFAULTS, bins: 16, theme: 'dark' });
    await store.flush();
    expect(JSON.parse(readFileSync(join(folder, 'settings.json'), 'utf8'))).toEqual({
      settings: { ...DEFAULTS, bins: 16, theme: 'dark' },
      recent: ['/a.npy'],
    });
  });
});
