import { describe, expect, test } from 'vitest';

import { toCsv } from '#renderer/ui/csv.ts';
import { fileNameOf } from '#renderer/ui/download.ts';

test('fields with commas, quotes and line breaks are quoted as RFC 4180 has it', () => {
  expect(
    toCsv(
      ['name', 'n,m'],
      [
        ['a"b', 1],
        ['two\nlines', 2n],
      ],
    ),
  ).toBe('name,"n,m"\r\n"a""b",1\r\n"two\nlines",2\r\n');
});

describe('a tensor’s name becomes a file’s', () => {
  const rows: readonly (readonly [string, string])[] = [
    ['hidden.weight', 'hidden.weight'],
    ['net/layer:0/kernel', 'net-layer-0-kernel'],
    ['../../etc/passwd', 'etc-passwd'],
    ['層.重み', '層.重み'],
    ['\u202e', 'tensor'],
    ['a'.repeat(200), 'a'.repeat(80)],
  ];
  test.each(rows)('%j', (name, file) => {
    expect(fileNameOf(name)).toBe(file);
  });
});
