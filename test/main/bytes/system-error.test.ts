import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { fileSource } from '#main/bytes/file-source.ts';

describe('what the system refuses', () => {
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'paramscope-refused-'));
    writeFileSync(join(folder, 'file'), '');
    symlinkSync('circle', join(folder, 'circle'));
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it.each([
    ['gone', 'not-found', 'ENOENT', /moved, renamed or removed/],
    ['file/inner', 'not-found', 'ENOTDIR', /moved, renamed or removed/],
    ['circle', 'io', 'ELOOP', /name the file itself/],
    ['x'.repeat(300), 'io', 'ENAMETOOLONG', /choose a shorter one/],
  ])('is said with what to do: %.20s', async (path, code, found, hint) => {
    await expect(fileSource(join(folder, path))).rejects.toMatchObject({
      code,
      fields: { found, hint: expect.stringMatching(hint) as string },
    });
  });
});
