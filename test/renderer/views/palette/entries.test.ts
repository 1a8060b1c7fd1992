import { describe, expect, test } from 'vitest';

import { fitting, type PaletteEntry } from '#renderer/views/palette/entries.ts';

const entry = (title: string): PaletteEntry => ({ key: title, title, kind: 'Tensor', run: () => undefined });
const entries = ['Open files…', 'hidden.weight', 'hidden.bias', 'output.weight', 'xweightx'].map(entry);

describe('the palette finds what is typed', () => {
  const rows: readonly (readonly [string, readonly string[]])[] = [
    ['', ['Open files…', 'hidden.weight', 'hidden.bias', 'output.weight', 'xweightx']],
    ['weight', ['hidden.weight', 'output.weight', 'xweightx']],
    ['hidden w', ['hidden.weight']],
    ['OPEN', ['Open files…']],
    ['bias hidden', ['hidden.bias']],
    ['nothing', []],
  ];
  test.each(rows)('%s', (typed, titles) => {
    expect(fitting(entries, typed).map(({ title }) => title)).toEqual(titles);
  });
});

test('of very many only the best are shown', () => {
  const many = Array.from({ length: 100_000 }, (_, index) => entry(`layer.${index}.weight`));
  const found = fitting(many, 'layer.77777');
  expect(found.map(({ title }) => title)).toEqual(['layer.77777.weight']);
  expect(fitting(many, 'weight').length).toBeLessThanOrEqual(60);
});
