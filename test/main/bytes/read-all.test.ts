import { closeSync, mkdtempSync, openSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { readAll } from '#main/bytes/read-all.ts';

/** No two stretches of a page are alike. */
const CONTENT = Uint8Array.from({ length: 50_000 }, (_, index) => (index * 31 + (index >> 8) * 7) & 0xff);

describe('reading until the target is full', () => {
  const folder = mkdtempSync(join(tmpdir(), 'read-all-'));
  let descriptor = -1;
  beforeAll(() => {
    const path = join(folder, 'file');
    writeFileSync(path, CONTENT);
    descriptor = openSync(path, 'r');
  });
  afterAll(() => {
    closeSync(descriptor);
    rmSync(folder, { recursive: true });
  });

  it('finds the same bytes wherever target and file lie in their pages, and writes no others', () => {
    const { buffer } = new WebAssembly.Memory({ initial: 2 });
    for (const position of [0, 8, 62, 4090, 12_345]) {
      for (let ahead = -20; ahead <= 20; ahead++) {
        const memory = new Uint8Array(buffer).fill(0xee);
        const at = 8192 + (position % 4096) + ahead;
        const target = memory.subarray(at, at + 30_000);
        expect(readAll(descriptor, target, position)).toBe(30_000);
        expect(Buffer.compare(target, CONTENT.subarray(position, position + 30_000))).toBe(0);
        expect([memory[at - 1], memory[at + 30_000]]).toEqual([0xee, 0xee]);
      }
    }
  });

  it('tells how much there was where the file ends before', () => {
    for (const ahead of [0, 8]) {
      const { buffer } = new WebAssembly.Memory({ initial: 2 });
      const target = new Uint8Array(buffer, (40_000 % 4096) + ahead, 20_000);
      expect(readAll(descriptor, target, 40_000)).toBe(10_000);
      expect(Buffer.compare(target.subarray(0, 10_000), CONTENT.subarray(40_000))).toBe(0);
      expect(target.subarray(10_000).every((byte) => byte === 0)).toBe(true);
    }
  });
});
