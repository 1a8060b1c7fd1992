import { describe, expect, it } from 'vitest';

import { readNumberTable } from '#main/services/runs/data/number-table.ts';
import { isAppError } from '#shared/errors.ts';

const LIMITS = { numbers: 1000, lineLength: 200 };

/** The text in pieces of so many bytes, as a file streams in. */
async function* pieces(text: string, length: number): AsyncGenerator<Uint8Array> {
  const bytes = new TextEncoder().encode(text);
  for (let at = 0; at < bytes.length; at += length)
    yield await Promise.resolve(bytes.subarray(at, at + length));
}

async function read(text: string, length = 1000) {
  const { columns, values } = await readNumberTable(pieces(text, length), 'a.csv', LIMITS);
  return { columns, values: Array.from(values) };
}

describe('a table of numbers', () => {
  const check = (what: string, text: string, columns: number, values: number[]) =>
    it(what, async () => {
      const expected = { columns, values };
      expect(await read(text)).toEqual(expected);
      // wherever the pieces end, within numbers and line ends too
      for (const length of [17, 23]) expect(await read(text, length)).toEqual(expected);
    });
  check('is read line after line', '1,2\n3,4\n', 2, [1, 2, 3, 4]);
  check('may lack the last line end', '1,2\n3,4', 2, [1, 2, 3, 4]);
  check('may have a heading', 'x,"y, z"\n1,2\n', 2, [1, 2]);
  check('may come from a spreadsheet', '\uFEFFx;y\r\n1;2.5\r\n\r\n3;-4e-1\r\n', 2, [
    1,
    2.5,
    3,
    Math.fround(-0.4),
  ]);
  check('may be separated by tabs', '1\t2\n3\t4\n', 2, [1, 2, 3, 4]);
  check('may have spaces and quotes about its numbers', ' 1 , "2"\n', 2, [1, 2]);
  check('may have one column', '1\n2\n', 1, [1, 2]);
  check('may be empty', '', 0, []);
});

describe('what is no such table is refused', () => {
  const check = (what: string, text: string, code: string, message: string, found?: string) =>
    it(`${what}: ${message}`, async () => {
      const error: unknown = await read(text).catch((thrown: unknown) => thrown);
      expect(isAppError(error) && [error.code, error.fields.file, error.fields.found]).toEqual([
        code,
        'a.csv',
        found ?? expect.anything(),
      ]);
      expect((error as Error).message).toContain(message);
    });
  check('a short row', '1,2\n3\n', 'corrupt', 'the rows are ragged: line 2', '1');
  check('a long row', '1,2\n3,4\n5,6,7\n', 'corrupt', 'the rows are ragged: line 3', '3');
  check('a word', 'x,y\n1,2\n3,four\n', 'corrupt', 'a cell is no number: line 3, column 2', '"four"');
  check('a second heading', 'x,y\nx,y\n', 'corrupt', 'a cell is no number: line 2, column 1', '"x"');
  check('an empty cell', '1,2\n,4\n', 'corrupt', 'a cell is no number: line 2, column 1', 'nothing');
  check('hexadecimal', '1,2\n0x10,4\n', 'corrupt', 'a cell is no number: line 2, column 1', '"0x10"');
  check('a decimal comma', '1;2\n3;4,5\n', 'corrupt', 'a cell is no number: line 2, column 2', '"4,5"');
  check('a quote that stays open', '1,2\n"3,4\n', 'corrupt', 'the file is no table');
  check('more numbers than fit', '1,2\n'.repeat(501), 'limit', 'the data are too many', 'more');
  check('an endless line', '1,'.repeat(500), 'limit', 'a line is too long', 'more');
});

describe('a source that fails', () => {
  it('fails the reading with its own error', async () => {
    async function* broken(): AsyncGenerator<Uint8Array> {
      yield new TextEncoder().encode('1,2\n');
      await Promise.resolve();
      throw new Error('the disk is gone');
    }
    await expect(readNumberTable(broken(), 'a.csv', LIMITS)).rejects.toThrow('the disk is gone');
  });
});
