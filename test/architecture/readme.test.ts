import { readFileSync, writeFileSync } from 'node:fs';
import { expect, it } from 'vitest';

import { listFormats } from '#main/services/format-list.ts';

const README = new URL('../../README.md', import.meta.url);
const BEGIN = '<!-- formats: written from the registry by `npm run readme` -->';
const END = '<!-- /formats -->';

function formatTable(): string {
  const rows = listFormats().map(({ title, reads, extensions }) => {
    return `| ${title} | ${reads} | ${extensions.map((extension) => `\`.${extension}\``).join(' ')} |`;
  });
  return ['| Format | What is read | Usual names |', '| --- | --- | --- |', ...rows].join('\n');
}

it('the table of formats in the README is the registry', () => {
  const text = readFileSync(README, 'utf8');
  const [before, rest] = text.split(BEGIN);
  const [table, after] = rest!.split(END);
  const wanted = `\n\n${formatTable()}\n\n`;
  if (process.env['WRITE_README'] === '1') writeFileSync(README, `${before}${BEGIN}${wanted}${END}${after}`);
  else expect(table).toBe(wanted);
});
