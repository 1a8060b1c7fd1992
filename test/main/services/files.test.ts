import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { createFiles } from '#main/services/files.ts';
import { createSettings } from '#main/services/settings.ts';

describe('the folder a listing leads up to', () => {
  let top: string;
  beforeAll(() => {
    top = mkdtempSync(join(tmpdir(), 'paramscope-files-'));
    mkdirSync(join(top, 'served', 'inner'), { recursive: true });
    mkdirSync(join(top, 'served-not', 'inner'), { recursive: true });
    writeFileSync(join(top, 'secret'), '');
  });
  afterAll(() => rmSync(top, { recursive: true, force: true }));

  it('is the one above inside a root, and none at its top', async () => {
    const files = createFiles(await createSettings(undefined));
    const root = files.addRoot(join(top, 'served'));
    const listing = await files.list(root.file);
    expect(listing.parent).toBeUndefined();
    const inner = await files.list(listing.entries.find(({ name }) => name === 'inner')!.file);
    expect(inner.parent).toBe(root.file);
  });

  it.each(['served-not/inner', 'served-not', '.'])(
    'is none for %s, which was opened before and lies in no root',
    async (path) => {
      const files = createFiles(await createSettings(undefined));
      files.addRoot(join(top, 'served'));
      const { file } = files.grant(join(top, path));
      expect((await files.list(file)).parent).toBeUndefined();
      expect(files.isGranted(join(top, path, '..'))).toBe(false);
    },
  );
});
