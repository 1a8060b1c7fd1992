/** Damaged pickles and archives are looked into as far as they go: no fault of ours, no hang, and what stands before the damage is listed. */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

import { memorySource } from '#main/bytes/memory-source.ts';
import { scanCode } from '#main/formats/xray/xray.ts';
import { mutate, randomFrom } from '#test/kit/mutation.ts';
import { storedZip } from '#test/kit/npy-bytes.ts';
import { oddZip } from '#test/kit/odd-zip.ts';
import { openedSeeds } from '#test/kit/opened-seeds.ts';

const MUTATIONS = 800;
const PATIENCE_MS = 5000;

const latin1 = (text: string): Uint8Array => Uint8Array.from(Buffer.from(text, 'latin1'));
const xrayOf = (bytes: Uint8Array) => scanCode([memorySource(bytes, 'f')], { checkpoint: undefined });

const formats = await openedSeeds();

describe('seeded damage', () => {
  it.each(['pytorch', 'pickle', 'numpy'])('%s', { timeout: 60_000 }, async (format) => {
    const seeds = formats.get(format)!;
    const random = randomFrom(77);
    for (let round = 0; round < MUTATIONS; round++) {
      const { name, files } = seeds[round % seeds.length]!;
      const mutation = mutate(files.get(name)!, random);
      const begin = Date.now();
      const { complete, problems, imports } = await xrayOf(mutation.bytes);
      expect(Date.now() - begin, `${name}, ${mutation.title}`).toBeLessThan(PATIENCE_MS);
      expect(complete || problems.length > 0, `${name}, ${mutation.title}`).toBe(true);
      expect(imports.every(({ offset }) => Number.isSafeInteger(offset) && offset >= 0)).toBe(true);
    }
  });
});

it('a text opcode that is the last byte of a file is no text', async () => {
  for (const opcode of [0x58, 0x8c]) {
    const { imports, complete } = await xrayOf(Uint8Array.of(0xff, 0x8c, 1, 0x61, opcode));
    expect([imports, complete]).toEqual([[], true]);
  }
});

/** A flat pickle: a tuple of eight names, in protocol 2. */
const NAMES = ['os system', 'mine A', 'mine B', 'posix popen', 'mine C', 'mine D', 'builtins eval', 'mine E'];
const FLAT = Buffer.from(
  `\x80\x02(${NAMES.map((name) => `c${name.replace(' ', '\n')}\n`).join('')}t.`,
  'latin1',
);

it('every name before the byte at fault is listed, wherever that is', async () => {
  for (let at = 2; at < FLAT.byteLength; at++) {
    const bytes = Uint8Array.from(FLAT);
    bytes[at] = 0xff;
    const { imports } = await xrayOf(bytes);
    const listed = imports.map(({ module, name }) => `${module} ${name}`);
    let end = 3;
    const whole = NAMES.filter((name) => (end += name.length + 2) <= at);
    expect(listed.slice(0, whole.length), `byte ${at}`).toEqual(whole);
  }
});

it('every name is listed of a file that is cut short behind it', async () => {
  for (let length = 4; length < FLAT.byteLength; length++) {
    const { imports, complete } = await xrayOf(Uint8Array.from(FLAT.subarray(0, length)));
    let end = 3;
    const whole = NAMES.filter((name) => (end += name.length + 2) <= length);
    expect(imports.map(({ module, name }) => `${module} ${name}`)).toEqual(whole);
    expect(complete).toBe(false);
  }
});

it('arrays of joblib that reach beyond the end of the file keep nothing from being listed', async () => {
  const path = new URL('../../../fixtures/pickled/joblib.joblib', import.meta.url);
  const whole = readFileSync(fileURLToPath(path));
  for (let length = 100; length < whole.byteLength; length++) {
    const { imports } = await xrayOf(Uint8Array.from(whole.subarray(0, length)));
    expect(imports.length, `cut at ${length}`).toBeGreaterThan(0);
  }
});

it('a member that the directory places far behind the file keeps nothing from being listed', async () => {
  const bytes = oddZip([
    { name: 'a/data.pkl', data: latin1('\x80\x02cos\nsystem\n.') },
    { name: 'a/data/0', data: latin1('four'), headerOffset: 50_000_000 },
  ]);
  const { imports, complete } = await xrayOf(bytes);
  expect(imports.map(({ module, name }) => `${module} ${name}`)).toEqual(['os system']);
  expect(complete).toBe(false);
});

it('an archive whose byte order cannot be read is listed, and refused by weights_only', async () => {
  const members = { 'a/data.pkl': latin1('\x80\x02cos\nsystem\n.'), 'a/byteorder': latin1('little') };
  const bytes = Uint8Array.from(storedZip(members));
  // the local header of the second member: no longer one
  bytes[bytes.indexOf(0x50, 40)] = 0;
  const { imports, weightsOnly } = await xrayOf(bytes);
  expect(imports.map(({ module, name }) => `${module} ${name}`)).toEqual(['os system']);
  expect(weightsOnly).toEqual({ accepted: false, reason: 'its byte order could not be read' });
});
