/** The rules of an archive's end, each broken by itself, with what is said of it. */
import { expect, it } from 'vitest';

import { memorySource } from '#main/bytes/memory-source.ts';
import { openZip } from '#main/encodings/zip/zip.ts';
import { oddZip } from '#test/kit/odd-zip.ts';

const PLAIN = oddZip([{ name: 'a', data: Uint8Array.of(1, 2, 3) }]);
const END = PLAIN.byteLength - 22;
const VIEW = new DataView(PLAIN.buffer);
const DIRECTORY = VIEW.getUint32(END + 16, true);
const DIRECTORY_BYTES = VIEW.getUint32(END + 12, true);

function joined(...parts: readonly Uint8Array[]): Uint8Array {
  return Uint8Array.from(Buffer.concat(parts));
}

/** The archive with a ZIP64 end record and its locator before the classic one. */
function withEnd64({ entries = 1, signature = 'PK\x06\x06' } = {}): Uint8Array {
  const record = Buffer.alloc(56);
  record.write(signature, 'latin1');
  record.writeBigUInt64LE(44n, 4);
  record.writeBigUInt64LE(BigInt(entries), 24);
  record.writeBigUInt64LE(BigInt(entries), 32);
  record.writeBigUInt64LE(BigInt(DIRECTORY_BYTES), 40);
  record.writeBigUInt64LE(BigInt(DIRECTORY), 48);
  const locator = Buffer.alloc(20);
  locator.write('PK\x06\x07', 'latin1');
  locator.writeBigUInt64LE(BigInt(END), 8);
  locator.writeUInt32LE(1, 16);
  return joined(PLAIN.slice(0, END), record, locator, PLAIN.slice(END));
}

async function messagesOf(bytes: Uint8Array): Promise<readonly string[]> {
  const zip = (await openZip(memorySource(bytes)))!;
  expect(zip.entries.map(({ name }) => name)).toEqual(['a']);
  return zip.problems.map(({ message }) => message);
}

it('a sound end is not remarked on', async () => {
  expect(await messagesOf(PLAIN)).toEqual([]);
  expect(await messagesOf(withEnd64())).toEqual([]);
});

it('bytes between the directory and its end record', async () => {
  const bytes = joined(PLAIN.slice(0, END), new Uint8Array(7), PLAIN.slice(END));
  expect(await messagesOf(bytes)).toEqual(['7 bytes lie between the directory and its end record']);
});

it('a ZIP64 end record that says something else', async () => {
  expect(await messagesOf(withEnd64({ entries: 2 }))).toEqual([
    'the ZIP64 end record and the classic one disagree; the ZIP64 one is followed',
    'the archive says it has 2 entries, the directory has 1',
  ]);
});

it('a locator that leads to something else', async () => {
  const messages = await messagesOf(withEnd64({ signature: 'none' }));
  expect(messages).toContain('the ZIP64 end record is not where its locator says');
});
