import { describe, expect, it } from 'vitest';

import { labelColumn } from '#main/services/runs/data/label-column.ts';
import { readNumberTable } from '#main/services/runs/data/number-table.ts';

const LIMITS = { numbers: 1000, lineLength: 300 };

async function read(text: string) {
  async function* whole(): AsyncGenerator<Uint8Array> {
    yield await Promise.resolve(new TextEncoder().encode(text));
  }
  const table = await readNumberTable(whole(), 'a.csv', LIMITS, labelColumn('a.csv'));
  return { ...table, values: Array.from(table.values) };
}

describe('the last column of a table', () => {
  it('names classes, which are numbered in sorted order', async () => {
    expect(await read('1,dog\n2,cat\n3,dog\n4,ant\n')).toEqual({
      columns: 2,
      classes: ['ant', 'cat', 'dog'],
      values: [1, 2, 2, 1, 3, 2, 4, 0],
    });
  });

  it('is sorted as Python sorts', async () => {
    const names = ['dog', '😀x', 'cat', 'Zebra', '～x', 'écu', '10', '9'];
    const { classes } = await read(names.map((name) => `1,${name}\n`).join(''));
    // sorted(['dog', '😀x', 'cat', 'Zebra', '～x', 'écu', '10', '9']) of Python 3.11
    expect(classes).toEqual(['10', '9', 'Zebra', 'cat', 'dog', 'écu', '～x', '😀x']);
  });

  it('has numbers where all are', async () => {
    expect(await read('1,1\n2,0\n3,1.0\n')).toEqual({ columns: 2, values: [1, 1, 2, 0, 3, 1] });
  });

  it('may have a heading over names and over numbers, inputs with numbers for names too', async () => {
    expect((await read('x,kind\n1,dog\n2,cat\n')).values).toEqual([1, 1, 2, 0]);
    expect((await read('0,1,label\n5,6,1\n7,8,0\n')).values).toEqual([5, 6, 1, 7, 8, 0]);
  });

  it('has a name in its first row where others are names, too', async () => {
    expect((await read('1,dog\n2,cat\n')).classes).toEqual(['cat', 'dog']);
  });

  it('may be empty', async () => {
    expect(await read('')).toEqual({ columns: 0, values: [] });
  });

  const refuse = (what: string, text: string, message: string) =>
    it(`is refused with ${what}`, () => expect(read(text)).rejects.toThrow(message));
  refuse('a label that is missing', '1,dog\n2,\n', 'a label is missing: line 2');
  refuse('an input that is a name', '1,dog\ncat,cat\n', 'a cell is no number: line 2, column 1');
  refuse('an essay for a name', `1,${'x'.repeat(201)}\n2,y\n`, 'the name of a class is too long: line 1');
});
