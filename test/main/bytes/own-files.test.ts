import { mkdtempSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { temporaryPrefix } from '#main/bytes/pending-file.ts';
import { removeFileSync, removeTemporariesSync, setAsideSync } from '#main/bytes/own-files.ts';
import { isAppError } from '#shared/errors.ts';

let folder: string;
beforeEach(() => void (folder = mkdtempSync(join(tmpdir(), 'paramscope-own-'))));
afterEach(() => rmSync(folder, { recursive: true }));
const write = (name: string, text = name) => writeFileSync(join(folder, name), text);

describe('deleting', () => {
  it('is content with a file that is gone', () => {
    write('a');
    removeFileSync(join(folder, 'a'));
    removeFileSync(join(folder, 'a'));
    expect(readdirSync(folder)).toEqual([]);
  });
  it('does not delete folders', () => {
    mkdirSync(join(folder, 'b'));
    expect(() => removeFileSync(join(folder, 'b'))).toThrow('deleting b failed');
    expect(readdirSync(folder)).toEqual(['b']);
  });
});

describe('setting aside', () => {
  it('keeps the content and never takes a name that is taken', () => {
    const names = ['1', '2', '3'].map((text) => {
      write('a', text);
      return setAsideSync(join(folder, 'a'));
    });
    expect(names).toEqual(['a.damaged', 'a.damaged-2', 'a.damaged-3']);
    expect(names.map((name) => readFileSync(join(folder, name), 'utf8'))).toEqual(['1', '2', '3']);
  });
  it('says what is missing', () => {
    try {
      setAsideSync(join(folder, 'a'));
      expect.unreachable();
    } catch (error) {
      expect(isAppError(error) && [error.code, error.fields.file]).toEqual(['not-found', 'a']);
    }
  });
});

describe('cleaning up temporary files', () => {
  it('takes those of one tag only', () => {
    const own = `${temporaryPrefix('abc')}1.tmp`;
    const others = [`${temporaryPrefix('abd')}1.tmp`, `${temporaryPrefix('save')}2.tmp`, 'abc', 'x.tmp'];
    for (const name of [own, ...others]) write(name);
    removeTemporariesSync(folder, 'abc');
    expect(readdirSync(folder).sort()).toEqual([...others].sort());
  });
});
