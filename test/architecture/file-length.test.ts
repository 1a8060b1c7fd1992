import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';

import { ROOT, filesUnder } from '#test/architecture/sources.ts';

const LENGTHS = ['shared', 'main', 'renderer']
  .flatMap((folder) => filesUnder(folder, ['.ts', '.vue']))
  .map((path) => ({ path, lines: readFileSync(`${ROOT}${path}`, 'utf8').split('\n').length - 1 }))
  .sort((a, b) => b.lines - a.lines);

const quantile = (share: number) => LENGTHS[Math.floor(LENGTHS.length * (1 - share))]?.lines ?? 0;

test('no source file has more than 400 lines', () => {
  expect(LENGTHS.filter(({ lines }) => lines > 400)).toEqual([]);
});

test('nine of ten source files have under 250 lines, half under 120', () => {
  const figures = { median: quantile(0.5), p90: quantile(0.9) };
  expect(figures, `longest: ${JSON.stringify(LENGTHS.slice(0, 5))}`).toSatisfy(
    ({ median, p90 }: typeof figures) => median < 120 && p90 < 250,
  );
});
