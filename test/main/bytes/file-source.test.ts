import { pbkdf2 } from 'node:crypto';
import { closeSync, mkdtempSync, openSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { fileSource, fileSourceNow } from '#main/bytes/file-source.ts';

describe('a file that is closed is never taken for the one that the system gives its descriptor to', () => {
  const folder = mkdtempSync(join(tmpdir(), 'file-source-'));
  const ours = join(folder, 'ours');
  const other = join(folder, 'other');
  beforeAll(() => {
    writeFileSync(ours, 'ours');
    writeFileSync(other, 'else');
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  const closed = { code: 'io', message: 'the file was closed while it was read' };

  it.each([
    ['opened while others wait', fileSource],
    ['opened at once', (path: string) => Promise.resolve(fileSourceNow(path))],
  ])('%s, and read after that', async (_, open) => {
    const source = await open(ours);
    await source.close();
    const descriptor = openSync(other, 'r');
    try {
      await expect(source.read(0, 4)).rejects.toMatchObject(closed);
      await expect(source.identify()).rejects.toMatchObject(closed);
      await expect(source.checkUnchanged!()).rejects.toMatchObject(closed);
      const target = new Uint8Array(4);
      expect(() => source.readInto!(0, target)).toThrow(closed.message);
      expect([...target]).toEqual([0, 0, 0, 0]);
    } finally {
      closeSync(descriptor);
    }
  });

  it('while a read waits for its turn: closing waits for that', async () => {
    const source = await fileSource(ours);
    // the threads that read have something else to do for a while
    const busy = Promise.all(
      Array.from({ length: 8 }, () => promisify(pbkdf2)('', '', 100_000, 32, 'sha256')),
    );
    const reading = source.read(0, 4);
    const closing = source.close();
    const descriptor = openSync(other, 'r');
    try {
      expect(Buffer.from(await reading).toString()).toBe('ours');
      await closing;
    } finally {
      closeSync(descriptor);
      await busy;
    }
  });

  it('closed again, the other file stays open', async () => {
    const source = await fileSource(ours);
    await source.close();
    const theirs = await fileSource(other);
    await source.close();
    expect(Buffer.from(await theirs.read(0, 4)).toString()).toBe('else');
    await theirs.close();
  });
});
