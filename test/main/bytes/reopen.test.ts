import { mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { deflateRawSync } from 'node:zlib';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { bzip2Source, indexBzip2 } from '#main/bytes/bzip2-source.ts';
import { columnSource } from '#main/bytes/column-source.ts';
import { fileSource } from '#main/bytes/file-source.ts';
import { inflatedSource } from '#main/bytes/inflated-source.ts';
import { memorySource } from '#main/bytes/memory-source.ts';
import { openSource } from '#main/bytes/reopen.ts';
import { scatteredSource } from '#main/bytes/scattered-source.ts';
import type { ByteSource } from '#main/bytes/source.ts';
import { spanSource } from '#main/bytes/span-source.ts';

const CONTENT = Uint8Array.from({ length: 1000 }, (_, index) => index & 0xff);
const PACKED = deflateRawSync(CONTENT);

describe('a source opened from its description, sent to another thread, reads the same', () => {
  let folder: string;
  const opened: ByteSource[] = [];
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'reopen-'));
  });
  afterAll(async () => {
    for (const source of opened) await source.close();
    rmSync(folder, { recursive: true });
  });

  async function check(source: ByteSource): Promise<void> {
    const copy = await openSource(structuredClone(source.description));
    expect(copy.byteLength).toBe(source.byteLength);
    expect([...(await copy.read(0, copy.byteLength))]).toEqual([
      ...(await source.read(0, source.byteLength)),
    ]);
    expect(copy.description).toEqual(source.description);
    await copy.close();
  }

  async function file(bytes: Uint8Array): Promise<ByteSource> {
    const path = join(folder, 'file');
    writeFileSync(path, bytes);
    const source = await fileSource(path);
    opened.push(source);
    return source;
  }

  it('memory', () => check(memorySource(CONTENT)));
  it('a file', async () => check(await file(CONTENT)));
  it('a span of a span of a file', async () =>
    check(spanSource(spanSource(await file(CONTENT), 100, 500), 7, 90)));
  it('a deflated part of a file', async () =>
    check(inflatedSource(await file(PACKED), 0, PACKED.byteLength, CONTENT.byteLength)));
  it('blocks of bzip2', async () => {
    const blocks = await file(readFileSync(new URL('../../fixtures/bzip2/blocks.bz2', import.meta.url)));
    await check(bzip2Source(blocks, await indexBzip2(blocks, 1_000_000)));
  });
  it('a column', () =>
    check(columnSource(memorySource(CONTENT), { offset: 3, itemBytes: 4, strideBytes: 10, count: 50 })));
  it('scattered items', () =>
    check(
      scatteredSource(memorySource(CONTENT), {
        offset: 0,
        itemBytes: 2,
        positions: Float64Array.of(1, 5, 6),
        order: Uint32Array.of(2, 0, 1),
        byteLength: 20,
      }),
    ));

  it('a file that changed its length is not read on', async () => {
    const source = await file(CONTENT);
    truncateSync(join(folder, 'file'), 10);
    await expect(openSource(source.description)).rejects.toMatchObject({ code: 'io' });
  });

  it('closing closes the file beneath', async () => {
    const { description } = spanSource(await file(CONTENT), 0, 10);
    const copy = await openSource(description);
    await copy.close();
    await expect(copy.read(0, 1)).rejects.toMatchObject({ code: 'io' });
  });
});
