import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

import { describe, expect, it } from 'vitest';

import { memorySource } from '#main/bytes/memory-source.ts';
import { spanSource } from '#main/bytes/span-source.ts';
import { openZip, type ZipArchive } from '#main/encodings/zip/zip.ts';
import { AppError } from '#shared/errors.ts';
import { countingSource } from '#test/kit/counting-source.ts';

const FIXTURES = fileURLToPath(new URL('../../fixtures/zip/', import.meta.url));

interface Row {
  readonly name: string;
  readonly method: number;
  readonly crc32: number;
  readonly compressed: number;
  readonly bytes: number;
  readonly header: number;
  readonly data: number;
  readonly sha256: string;
}
type Expected = Readonly<Record<string, { readonly comment: string; readonly entries: readonly Row[] }>>;

const EXPECTED = JSON.parse(readFileSync(`${FIXTURES}expected.json`, 'utf8')) as Expected;
const bytesOf = (name: string): Uint8Array => Uint8Array.from(readFileSync(`${FIXTURES}${name}.zip`));

async function rowsOf(zip: ZipArchive): Promise<Row[]> {
  const rows: Row[] = [];
  for (const entry of zip.entries) {
    const source = await zip.source(entry);
    const content = await source.read(0, source.byteLength);
    rows.push({
      name: entry.name,
      method: entry.method,
      crc32: entry.crc32 ?? 0,
      compressed: entry.compressedByteLength,
      bytes: entry.byteLength,
      header: entry.headerOffset,
      data: await zip.dataOffset(entry),
      sha256: createHash('sha256').update(content).digest('hex'),
    });
  }
  return rows;
}

describe('archives by Python are read as Python reads them', () => {
  const cases = Object.keys(EXPECTED);
  it.each(cases)('%s', async (name) => {
    const zip = await openZip(memorySource(bytesOf(name)));
    expect(await rowsOf(zip!)).toEqual(EXPECTED[name]!.entries);
    expect(Buffer.from(zip!.comment).toString('latin1')).toBe(EXPECTED[name]!.comment);
    expect(zip!.problems.map(({ code }) => code)).toEqual(name === 'prefix' ? ['zip-prefix'] : []);
  });

  it.each(cases)('%s, inside a larger source', async (name) => {
    const bytes = bytesOf(name);
    const padded = new Uint8Array(bytes.byteLength + 200).fill(0x50);
    padded.set(bytes, 100);
    const span = spanSource(memorySource(padded), 100, bytes.byteLength);
    const zip = await openZip(span);
    expect(await rowsOf(zip!)).toEqual(EXPECTED[name]!.entries);
  });
});

describe('what is no archive is none', () => {
  it.each([
    ['nothing', new Uint8Array(0)],
    ['a few bytes', new Uint8Array(10)],
    ['many bytes', new Uint8Array(100_000)],
    [
      'an end record somewhere in other bytes',
      Uint8Array.from(
        [...bytesOf('empty'), ...new Uint8Array(50).fill(7)].map((byte, at) => (at === 16 ? 99 : byte)),
      ),
    ],
    ['an archive without its last byte', bytesOf('plain').slice(0, -1)],
  ])('%s', async (_name, bytes) => {
    expect(await openZip(memorySource(bytes))).toBeUndefined();
  });
});

/** Offsets into plain.zip, whose first entry is a.txt and whose directory has its entries in order. */
const PLAIN = bytesOf('plain');
const PLAIN_VIEW = new DataView(PLAIN.buffer);
const END = PLAIN.byteLength - 22;
const DIRECTORY = PLAIN_VIEW.getUint32(END + 16, true);

type Patch = (bytes: Uint8Array, view: DataView) => void;

function patched(patch: Patch): Uint8Array {
  const bytes = PLAIN.slice();
  patch(bytes, new DataView(bytes.buffer));
  return bytes;
}

describe('irregularities are reported, each by its own code, and the rest stays readable', () => {
  const check = (name: string, bytes: Uint8Array, code: string, message: RegExp): void => {
    it(name, async () => {
      const zip = (await openZip(memorySource(bytes)))!;
      await zip.locate(zip.entries);
      expect(zip.problems.map((problem) => problem.code)).toContain(code);
      expect(zip.problems.find((problem) => problem.code === code)!.message).toMatch(message);
      const b = zip.find('folder/b.bin')!;
      const source = await zip.source(b);
      expect(Buffer.from(await source.read(0, 9)).toString()).toBe('the same ');
    });
  };
  const second = DIRECTORY + 46 + 'a.txt'.length;
  const inDirectory = (at: number, text: string): Uint8Array =>
    patched((bytes) => bytes.set(Buffer.from(text), at));
  check('a name that leads upwards', inDirectory(DIRECTORY + 46, '../xt'), 'zip-name', /lead outside/);
  check('a name with a backslash', inDirectory(DIRECTORY + 46, 'a\\txt'), 'zip-name', /lead outside/);
  check('a name that starts at the root', inDirectory(DIRECTORY + 46, '/.txt'), 'zip-name', /lead outside/);
  check('a name with a drive', inDirectory(DIRECTORY + 46, 'C:txt'), 'zip-name', /lead outside/);
  check(
    'a name that is not UTF-8 as it says',
    patched((bytes) => {
      bytes[DIRECTORY + 9]! |= 0x08;
      bytes[DIRECTORY + 46] = 0xff;
    }),
    'zip-name',
    /not UTF-8/,
  );
  check('two entries of one name', inDirectory(second + 46, 'a.txt'), 'zip-header-mismatch', /folder|name/);
  check(
    'headers that differ in name',
    inDirectory(DIRECTORY + 46, 'b.txt'),
    'zip-header-mismatch',
    /differ in name/,
  );
  check(
    'headers that differ in checksum',
    patched((bytes) => (bytes[DIRECTORY + 16]! ^= 1)),
    'zip-header-mismatch',
    /differ in checksum/,
  );
  check(
    'headers that differ in method',
    patched((bytes) => (bytes[8] = 8)),
    'zip-header-mismatch',
    /differ in method/,
  );
  check(
    'headers that differ in length',
    patched((bytes) => (bytes[18]! += 1)),
    'zip-header-mismatch',
    /differ in length/,
  );
  check(
    'an encrypted entry',
    patched((bytes) => (bytes[DIRECTORY + 8]! |= 1)),
    'zip-encrypted',
    /a\.txt is encrypted/,
  );
  check(
    'unknown flags',
    patched((bytes) => (bytes[DIRECTORY + 8]! |= 0x40)),
    'zip-flags',
    /unknown flags 0x40/,
  );
  check(
    'a packing of another kind',
    patched((bytes) => (bytes[DIRECTORY + 10] = 93)),
    'zip-method',
    /zstandard/,
  );
  check(
    'a stored entry of two lengths',
    patched((_, view) => view.setUint32(DIRECTORY + 24, 500, true)),
    'zip-length',
    /has 5 bytes for 500/,
  );
  check(
    'an entry that runs into the next',
    patched((_, view) => view.setUint32(DIRECTORY + 20, 50, true)),
    'zip-overlap',
    /a\.txt runs into folder\//,
  );
  check(
    'a bomb by its own account',
    patched((_, view) => view.setUint32(DIRECTORY + 24, 2 ** 31, true)),
    'zip-ratio',
    /unpacks 5 bytes to 2147483648/,
  );
  check(
    'fewer entries than stated',
    patched((_, view) => view.setUint16(END + 10, 9, true)),
    'zip-directory',
    /says it has 9 entries/,
  );
  check(
    'a damaged entry between others',
    patched((bytes) => (bytes[second] = 0)),
    'zip-directory',
    /no directory entry at offset/,
  );
  check(
    'bytes after the archive',
    Uint8Array.from([...PLAIN, 1, 2, 3]),
    'zip-trailing-bytes',
    /3 bytes follow/,
  );
  check(
    'bytes before the archive',
    Uint8Array.from([...Buffer.from('prefix'), ...PLAIN]),
    'zip-prefix',
    /6 bytes precede/,
  );
  check(
    'several disks',
    patched((_, view) => view.setUint16(END + 4, 1, true)),
    'zip-multi-disk',
    /several disks/,
  );
  check(
    'a directory that is not where it says',
    patched((_, view) => view.setUint32(END + 16, DIRECTORY - 10, true)),
    'zip-end-record',
    /not at/,
  );

  it('of two entries of one name the last one is found', async () => {
    const bytes = patched((all) => {
      all.set(Buffer.from('empty'), DIRECTORY + 46);
    });
    const zip = (await openZip(memorySource(bytes)))!;
    expect(zip.problems.map(({ code }) => code)).toEqual(['zip-duplicate-name']);
    expect(zip.find('empty')!.byteLength).toBe(0);
  });

  it('a comment may look like an end record', async () => {
    const bytes = bytesOf('comment');
    const at = Buffer.from(bytes).indexOf('takes a second look');
    bytes.set([0x50, 0x4b, 5, 6], at);
    expect((await openZip(memorySource(bytes)))!.entries).toHaveLength(EXPECTED['comment']!.entries.length);
  });
});

describe('what cannot be read is refused entry by entry', () => {
  const check = (name: string, bytes: Uint8Array, code: string, message: RegExp): void => {
    it(name, async () => {
      const zip = (await openZip(memorySource(bytes)))!;
      const error: unknown = await zip.source(zip.entries[0]!).catch((thrown: unknown) => thrown);
      expect(error).toBeInstanceOf(AppError);
      expect((error as AppError).code).toBe(code);
      expect((error as AppError).message).toMatch(message);
    });
  };
  check(
    'encrypted',
    patched((bytes) => (bytes[DIRECTORY + 8]! |= 1)),
    'unsupported',
    /a\.txt is encrypted/,
  );
  check(
    'another packing',
    patched((bytes) => (bytes[DIRECTORY + 10] = 12)),
    'unsupported',
    /a\.txt is packed with bzip2/,
  );
  check(
    'overlapping',
    patched((_, view) => view.setUint32(DIRECTORY + 20, 50, true)),
    'corrupt',
    /a\.txt runs into folder\//,
  );
  check(
    'beyond the end',
    patched((_, view) => view.setUint32(DIRECTORY + 20, 2 ** 31, true)),
    'corrupt',
    /a\.txt runs into/,
  );
  check(
    'a header elsewhere',
    patched((bytes) => (bytes[0] = 0)),
    'corrupt',
    /a\.txt has no header/,
  );
  check(
    'a long name in the local header',
    patched((_, view) => view.setUint16(26, 0xfff0, true)),
    'corrupt',
    /a\.txt runs into the directory/,
  );

  it('a directory that is nowhere', async () => {
    const bytes = patched((all) => all.fill(0, DIRECTORY, DIRECTORY + 4));
    await expect(openZip(memorySource(bytes))).rejects.toMatchObject({
      code: 'corrupt',
      message: 'the zip directory is not where the end of the archive says',
    });
  });
});

describe('ZIP64', () => {
  /** One stored entry of five bytes whose directory has everything in a ZIP64 field. */
  function wideArchive(): Uint8Array {
    const local = PLAIN.slice(0, 30 + 5 + 5);
    const entry = Buffer.alloc(46 + 5 + 28);
    entry.set(PLAIN.subarray(DIRECTORY, DIRECTORY + 51));
    entry.writeUInt32LE(0xffffffff, 20);
    entry.writeUInt32LE(0xffffffff, 24);
    entry.writeUInt16LE(28, 30);
    entry.writeUInt32LE(0xffffffff, 42);
    entry.writeUInt16LE(1, 51);
    entry.writeUInt16LE(24, 53);
    entry.writeBigUInt64LE(5n, 55);
    entry.writeBigUInt64LE(5n, 63);
    entry.writeBigUInt64LE(0n, 71);
    const end64 = Buffer.alloc(56);
    end64.writeUInt32LE(0x06064b50, 0);
    end64.writeBigUInt64LE(44n, 4);
    end64.writeBigUInt64LE(1n, 24);
    end64.writeBigUInt64LE(1n, 32);
    end64.writeBigUInt64LE(BigInt(entry.byteLength), 40);
    end64.writeBigUInt64LE(BigInt(local.byteLength), 48);
    const locator = Buffer.alloc(20);
    locator.writeUInt32LE(0x07064b50, 0);
    locator.writeBigUInt64LE(BigInt(local.byteLength + entry.byteLength), 8);
    const end = Buffer.alloc(22, 0xff);
    end.writeUInt32LE(0x06054b50, 0);
    end.writeUInt32LE(0, 4);
    end.writeUInt16LE(0, 20);
    return Uint8Array.from(Buffer.concat([local, entry, end64, locator, end]));
  }

  it('takes lengths, offsets and counts from the wide fields', async () => {
    const zip = (await openZip(memorySource(wideArchive())))!;
    expect(zip.problems).toEqual([]);
    expect(zip.entries[0]).toMatchObject({
      name: 'a.txt',
      byteLength: 5,
      compressedByteLength: 5,
      headerOffset: 0,
    });
    expect(Buffer.from(await (await zip.source(zip.entries[0]!)).read(0, 5)).toString()).toBe('alpha');
  });

  it('finds them behind other bytes, too', async () => {
    const zip = (await openZip(memorySource(Uint8Array.from([...new Uint8Array(77), ...wideArchive()]))))!;
    expect(zip.entries[0]!.headerOffset).toBe(77);
    expect(zip.problems.map(({ code }) => code)).toEqual(['zip-prefix']);
  });

  it('a length beyond 2^53 is refused, not rounded into something believable', async () => {
    const bytes = wideArchive();
    new DataView(bytes.buffer).setBigUint64(40 + 63, 2n ** 63n, true);
    const zip = (await openZip(memorySource(bytes)))!;
    await expect(zip.dataOffset(zip.entries[0]!)).rejects.toMatchObject({ code: 'corrupt' });
  });
});

describe('reads little', () => {
  it('two reads open a small archive', async () => {
    const source = countingSource(memorySource(PLAIN));
    await openZip(source);
    expect(source.reads()).toEqual([
      [END - 76, 98],
      [DIRECTORY, END - DIRECTORY],
    ]);
  });

  it('headers of neighbours come together, far ones alone, and no data of large entries', async () => {
    const source = countingSource(memorySource(largeArchive(4, 100_000)));
    const zip = (await openZip(source))!;
    source.reset();
    await zip.locate(zip.entries);
    expect(source.reads()).toHaveLength(4);
    expect(source.byteCount()).toBeLessThan(1000);
    for (const entry of zip.entries) await zip.dataOffset(entry);
    expect(source.reads()).toHaveLength(4);
  });

  it('the same of a source that cannot be read at once', async () => {
    const { name, byteLength, description, read, close } = memorySource(largeArchive(40, 100_000));
    const source = countingSource({ name, byteLength, description, read, close });
    const zip = (await openZip(source))!;
    source.reset();
    await zip.locate(zip.entries);
    expect(source.reads()).toHaveLength(40);
    for (const entry of zip.entries) {
      expect(await zip.dataOffset(entry)).toBe(entry.headerOffset + 30 + entry.nameBytes.byteLength);
    }
  });

  it('headers of small entries come in one read', async () => {
    const source = countingSource(memorySource(largeArchive(200, 64)));
    const zip = (await openZip(source))!;
    source.reset();
    await zip.locate(zip.entries);
    expect(source.reads()).toHaveLength(1);
  });

  function largeArchive(count: number, byteLength: number): Uint8Array {
    const locals: Buffer[] = [];
    const entries: Buffer[] = [];
    for (let index = 0; index < count; index++) {
      const name = Buffer.from(`entry ${index}`);
      const local = Buffer.alloc(30 + name.byteLength + byteLength);
      local.writeUInt32LE(0x04034b50, 0);
      local.writeUInt32LE(byteLength, 18);
      local.writeUInt32LE(byteLength, 22);
      local.writeUInt16LE(name.byteLength, 26);
      local.set(name, 30);
      const entry = Buffer.alloc(46 + name.byteLength);
      entry.writeUInt32LE(0x02014b50, 0);
      entry.writeUInt32LE(byteLength, 20);
      entry.writeUInt32LE(byteLength, 24);
      entry.writeUInt16LE(name.byteLength, 28);
      entry.writeUInt32LE(
        locals.reduce((sum, one) => sum + one.byteLength, 0),
        42,
      );
      entry.set(name, 46);
      locals.push(local);
      entries.push(entry);
    }
    const end = Buffer.alloc(22);
    end.writeUInt32LE(0x06054b50, 0);
    end.writeUInt16LE(count, 8);
    end.writeUInt16LE(count, 10);
    end.writeUInt32LE(
      entries.reduce((sum, one) => sum + one.byteLength, 0),
      12,
    );
    end.writeUInt32LE(
      locals.reduce((sum, one) => sum + one.byteLength, 0),
      16,
    );
    return Uint8Array.from(Buffer.concat([...locals, ...entries, end]));
  }
});
