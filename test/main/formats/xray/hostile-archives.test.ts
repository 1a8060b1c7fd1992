/** Archives that hide a pickle by names, flags, checksums, copies or damage: what it imports is listed all the same. */
import { gzipSync, deflateSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';

import { memorySource } from '#main/bytes/memory-source.ts';
import { openCheckpoint } from '#main/formats/detect.ts';
import { fileInput } from '#main/formats/input.ts';
import { scanCode } from '#main/formats/xray/xray.ts';
import { isAppError } from '#shared/errors.ts';
import type { Xray } from '#shared/xray.ts';
import { oddZip, type OddEntry } from '#test/kit/odd-zip.ts';

const latin1 = (text: string): Uint8Array => Uint8Array.from(Buffer.from(text, 'latin1'));
const join = (...parts: readonly Uint8Array[]): Uint8Array => Uint8Array.from(Buffer.concat(parts));

/** `os.system("id")`, written out by hand. */
const EVIL = latin1('\x80\x02cos\nsystem\nX\x02\0\0\0id\x85R.');
const HARMLESS = latin1('\x80\x02}q\0.');
const FLOATS = Uint8Array.from({ length: 4096 }, (_, index) => (index * 37) % 251);

const zip = (...entries: readonly OddEntry[]): Uint8Array => oddZip(entries);
const model = (...more: readonly OddEntry[]): Uint8Array =>
  zip({ name: 'm/data.pkl', data: HARMLESS }, { name: 'm/data/0', data: FLOATS }, ...more);

function tar(name: string, data: Uint8Array): Uint8Array {
  const header = Buffer.alloc(512);
  header.write(name, 0);
  header.write(data.byteLength.toString(8).padStart(11, '0'), 124);
  header.write('0', 156);
  header.write('ustar\0', 257);
  const padded = Buffer.alloc(Math.ceil(data.byteLength / 512) * 512);
  padded.set(data);
  return join(header, padded, Buffer.alloc(1024));
}

/** A pickle that calls `module.name` with bytes, which are a pickle themselves. */
function loads(module: string, name: string, inner: Uint8Array): Uint8Array {
  const length = Buffer.alloc(4);
  length.writeUInt32LE(inner.byteLength);
  return join(latin1(`\x80\x03c${module}\n${name}\nB`), length, inner, latin1('\x85R.'));
}

function objectArray(pickle: Uint8Array): Uint8Array {
  const header = "{'descr': '|O', 'fortran_order': False, 'shape': (), }".padEnd(117) + '\n';
  return join(latin1(`\x93NUMPY\x01\x00${String.fromCharCode(header.length)}\0${header}`), pickle);
}

/** @param complete whether the reading can be complete. */
const HIDDEN: readonly (readonly [how: string, bytes: Uint8Array, complete: boolean])[] = [
  ['bare', EVIL, true],
  ['behind another pickle', join(HARMLESS, EVIL), true],
  ['behind a pickle that breaks off', join(HARMLESS.slice(0, -1), latin1('\xff'), EVIL), false],
  ['in the midst of other bytes', join(latin1('GIF89a........'), EVIL, FLOATS), true],
  ['as data.pkl', zip({ name: 'm/data.pkl', data: EVIL }), true],
  ['in an entry of any name', model({ name: 'm/weights.bin', data: EVIL }), true],
  ['in a storage', zip({ name: 'm/data.pkl', data: HARMLESS }, { name: 'm/data/0', data: EVIL }), true],
  ['in a deflated entry', model({ name: 'm/x', data: EVIL, isDeflated: true }), true],
  ['in an entry with a wrong checksum', model({ name: 'm/x.pkl', data: EVIL, crc32: 0x12345678 }), true],
  [
    'in the first of two entries of one name',
    zip({ name: 'm/data.pkl', data: EVIL }, { name: 'm/data.pkl', data: HARMLESS }),
    true,
  ],
  [
    'in the second of two entries of one name',
    zip({ name: 'm/data.pkl', data: HARMLESS }, { name: 'm/data.pkl', data: EVIL }),
    true,
  ],
  ['in an entry that says it is encrypted', model({ name: 'm/x.pkl', data: EVIL, flags: 1 }), false],
  ['in an entry whose flags differ', model({ name: 'm/x.pkl', data: EVIL, flags: 1, localFlags: 0 }), false],
  ['in an entry with unknown flags', model({ name: 'm/x.pkl', data: EVIL, flags: 0x4060 }), true],
  [
    'in an entry with another name in its own header',
    model({ name: 'm/x.txt', localName: 'm/y.pkl', data: EVIL }),
    true,
  ],
  ['in an entry whose name leads outside', model({ name: '../../x.pkl', data: EVIL }), true],
  ['in an entry of a method that is not known', model({ name: 'm/x.pkl', data: EVIL, method: 77 }), false],
  [
    'in an entry that overlaps',
    model({ name: 'm/x.pkl', data: EVIL, byteLength: 9999, compressedByteLength: 9999 }),
    false,
  ],
  ['in an entry that is called a folder', model({ name: 'm/x/', data: EVIL }), true],
  ['in an archive without its directory', model({ name: 'm/x.pkl', data: EVIL }).slice(0, -90), true],
  ['in an archive with its end cut off', model({ name: 'm/x.pkl', data: EVIL }).slice(0, -1), true],
  ['in front of an archive', join(EVIL, model()), true],
  ['in an archive in front of another', join(zip({ name: 'm/data.pkl', data: EVIL }), model()), true],
  [
    'in an archive within an archive',
    model({ name: 'm/inner.bin', data: model({ name: 'm/x', data: EVIL }) }),
    true,
  ],
  ['in a tar archive', tar('anything', EVIL), true],
  ['in a tar archive within an archive', model({ name: 'm/x.tar', data: tar('y', EVIL) }), true],
  ['compressed with gzip', Uint8Array.from(gzipSync(EVIL)), true],
  ['compressed with zlib', Uint8Array.from(deflateSync(EVIL)), true],
  ['compressed within an archive', model({ name: 'm/x.gz', data: Uint8Array.from(gzipSync(EVIL)) }), true],
  ['in an array of objects', objectArray(EVIL), true],
  ['in an array of objects in an archive', zip({ name: 'a.npy', data: objectArray(EVIL) }), true],
  ['within a pickle', loads('pickle', 'loads', EVIL), true],
  ['within a pickle within a pickle', loads('_pickle', 'loads', loads('dill', 'loads', EVIL)), true],
  ['within a pickle, for a name that is not known', loads('helpers.data', 'restore', EVIL), true],
  ['within a pickle, compressed', loads('pickle', 'loads', loads('helpers', 'undo', EVIL)), true],
  [
    'as torch keeps storages in older files',
    loads('torch.storage', '_load_from_bytes', model({ name: 'm/x', data: EVIL })),
    true,
  ],
];

function xrayOf(bytes: Uint8Array): Promise<Xray> {
  return scanCode([memorySource(bytes, 'model.bin')], { checkpoint: undefined });
}

describe('a hidden pickle is found', () => {
  it.each(HIDDEN)('%s', async (_how, bytes, complete) => {
    const xray = await xrayOf(bytes);
    const found = xray.imports.filter(({ module, name }) => module === 'os' && name === 'system');
    expect(found.map(({ verdict }) => verdict)).toContain('dangerous');
    if (!complete) expect(xray.complete).toBe(false);
    expect(xray.weightsOnly.accepted).toBe(false);
  });

  it.each(HIDDEN)('%s, and opening it ends well', async (_how, bytes) => {
    try {
      await openCheckpoint(await fileInput(memorySource(bytes, 'model.bin')));
    } catch (error) {
      expect(isAppError(error)).toBe(true);
      expect(isAppError(error) && error.code).not.toBe('internal');
    }
  });
});

describe('what would be called is shown as an expression, with its place', () => {
  it.each([
    ['os.system', EVIL, "os.system('id')"],
    [
      'a call of what a call gives',
      latin1(
        '\x80\x02c__builtin__\ngetattr\nc__builtin__\n__import__\nX\x02\0\0\0os\x85RX\x06\0\0\0system\x86RX\x02\0\0\0id\x85R.',
      ),
      "__builtin__.getattr(__builtin__.__import__('os'), 'system')('id')",
    ],
    [
      'bytes that are themselves a pickle',
      loads('pickle', 'loads', HARMLESS),
      "pickle.loads(b'\\x80\\x02}q\\x00.')",
    ],
  ])('%s', async (_name, bytes, expression) => {
    const { calls } = await xrayOf(bytes);
    expect(calls.at(-1)).toEqual({
      expression,
      verdict: 'dangerous',
      // REDUCE, with STOP behind it
      offset: bytes.byteLength - 2,
      stream: 'model.bin',
    });
  });

  it('one of each for names that are known, however often they are called', async () => {
    const many = latin1(`\x80\x02(${'ccollections\nOrderedDict\n)R'.repeat(500)}l.`);
    const { calls, imports } = await xrayOf(many);
    expect(calls.map(({ expression }) => expression)).toEqual(['collections.OrderedDict()']);
    expect(imports).toHaveLength(500);
  });
});

describe('what is not read is not passed over in silence', () => {
  it.each([
    ['a 7z archive', latin1('7z\xbc\xaf\x27\x1c\0\x04'), /7z archive/],
    [
      'an xz stream within an archive',
      model({ name: 'm/x', data: latin1('\xfd7zXZ\0....') }),
      /m\/x is an xz stream/,
    ],
    ['a pickle that is cut short', EVIL.slice(0, -1), /could not be read to its end/],
    ['a pickle of a protocol to come', latin1('\x80\x09cos\nsystem\n.'), undefined],
    [
      'archives within archives without end',
      [1, 2, 3, 4, 5, 6].reduce((inner) => model({ name: 'm/x', data: inner }), EVIL),
      /within more archives/,
    ],
    [
      'bytes that unpack to more than is held',
      Uint8Array.from(gzipSync(new Uint8Array(300 * 2 ** 20), { level: 1 })),
      /unpacks to more than 268435456 bytes and is not looked into/,
    ],
  ])('%s', async (_name, bytes, reason) => {
    const { complete, problems, imports } = await xrayOf(bytes);
    if (reason) {
      expect(complete).toBe(false);
      expect(problems.map(({ message }) => message).join('\n')).toMatch(reason);
    } else expect(imports.map(({ name }) => name)).toContain('system');
  });

  it('more imports than are listed do not hide another name behind them', async () => {
    const flood = latin1(`\x80\x02(${'cmath\nsin\n'.repeat(200_001)}cos\nsystem\nt.`);
    const { imports, complete } = await xrayOf(flood);
    expect(complete).toBe(false);
    expect(imports.at(-1)).toMatchObject({ module: 'os', name: 'system', verdict: 'dangerous' });
  });
});

it('a file of numbers is no pickle', async () => {
  const { imports, calls, complete } = await xrayOf(model());
  expect([imports, calls, complete]).toEqual([[], [], true]);
});
