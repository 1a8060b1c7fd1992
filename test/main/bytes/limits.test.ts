/** Every budget of the readers of zip, npy, safetensors, GGUF, JSON and pickle: with small numbers in place of the large ones, a file beyond each is refused by its own words. */
import { describe, expect, it, vi } from 'vitest';

import { memorySource } from '#main/bytes/memory-source.ts';
import { readPickle } from '#main/encodings/pickle/pickle.ts';
import { openZip } from '#main/encodings/zip/zip.ts';
import { openCheckpoint } from '#main/formats/detect.ts';
import { fileInput } from '#main/formats/input.ts';
import { scanCode } from '#main/formats/xray/xray.ts';
import type { Problem } from '#shared/checkpoint.ts';
import { ggufBytes, type GgufTensor } from '#test/kit/gguf-bytes.ts';
import { oddZip } from '#test/kit/odd-zip.ts';
import { rejection } from '#test/kit/rejection.ts';

const LIMITS = vi.hoisted(() => ({
  ZIP_ENTRIES: 3,
  ZIP_PROBLEMS: 2,
  NPY_HEADER_BYTES: 300,
  LITERAL_DEPTH: 6,
  ARRAY_FIELDS: 3,
  ARRAY_ITEM_BYTES: 64,
  TEXT_ARRAY_ITEMS: 2,
  JSON_DEPTH: 5,
  TENSOR_RANK: 4,
  GGUF_TENSORS: 2,
  GGUF_KEYS: 2,
  GGUF_NAME_BYTES: 8,
  GGUF_ARRAY_DEPTH: 2,
  GGUF_ARRAY_ITEMS: 4,
  GGUF_TEXT_BYTES: 10,
  PICKLE_OPCODES: 60,
  PICKLE_MEMO_ENTRIES: 5,
  PICKLE_STACK_ENTRIES: 8,
  PICKLE_INTEGER_BYTES: 16,
  XRAY_IMPORTS: 3,
  XRAY_CALLS: 2,
  XRAY_DEPTH: 2,
  XRAY_STREAMS: 5,
  XRAY_PACKED_BYTES: 40,
}));
vi.mock('#main/bytes/limits.ts', async (original) => ({
  ...(await original<typeof import('#main/bytes/limits.ts')>()),
  ...LIMITS,
}));

const latin1 = (text: string): Uint8Array => Uint8Array.from(Buffer.from(text, 'latin1'));
const open = async (bytes: Uint8Array) => openCheckpoint(await fileInput(memorySource(bytes, 'f')));
const pickle = (text: string) => readPickle(latin1(text));

function npy(header: string, values: Uint8Array = new Uint8Array(0)): Uint8Array {
  const length = Buffer.alloc(2);
  length.writeUInt16LE(header.length + 1);
  return Uint8Array.from(Buffer.concat([latin1('\x93NUMPY\x01\0'), length, latin1(`${header}\n`), values]));
}
const array = (descr: string, shape = '()', values?: Uint8Array) =>
  npy(`{'descr': ${descr}, 'fortran_order': False, 'shape': ${shape}, }`, values);

function safetensors(header: string): Uint8Array {
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(header.length));
  return Uint8Array.from(Buffer.concat([length, latin1(header)]));
}

const tensor = (name: string, offset: number): GgufTensor => ({ name, dims: [1], type: 0, offset });
const STRING = 8;

const REFUSED: readonly (readonly [
  limit: keyof typeof LIMITS,
  act: () => Promise<unknown>,
  message: string,
])[] = [
  [
    'ZIP_ENTRIES',
    () => openZip(memorySource(oddZip(['a', 'b', 'c', 'd'].map((name) => ({ name, data: latin1(name) }))))),
    'the zip archive has more entries than we read',
  ],
  [
    'NPY_HEADER_BYTES',
    () => open(npy("{'descr': '<f4'".padEnd(400))),
    'the .npy header is longer than we read',
  ],
  [
    'LITERAL_DEPTH',
    () => open(array("'<f4'", `${'('.repeat(8)}1${',)'.repeat(8)}`)),
    'values nested deeper than 6',
  ],
  [
    'ARRAY_FIELDS',
    () => open(array("[('a', '<f4'), ('b', '<f4'), ('c', '<f4'), ('d', '<f4')]")),
    'the record has more fields than we read',
  ],
  ['ARRAY_ITEM_BYTES', () => open(array("'|S65'")), 'the elements of the array are larger than we read'],
  [
    'JSON_DEPTH',
    () => {
      const nested = `${'['.repeat(6)}${']'.repeat(6)}`;
      return open(safetensors(`{"a":{"dtype":"U8","shape":[0],"data_offsets":[0,0],"more":${nested}}}`));
    },
    'the header is nested too deeply',
  ],
  [
    'GGUF_TENSORS',
    () =>
      open(
        ggufBytes({ tensors: [tensor('a', 0), tensor('b', 32), tensor('c', 64)], data: new Uint8Array(96) }),
      ),
    'the number of tensors is beyond what we read',
  ],
  [
    'GGUF_KEYS',
    () =>
      open(
        ggufBytes({
          tensors: [],
          pairs: ['a', 'b', 'c'].map((key) => [key, { type: STRING, value: 'x' }] as const),
        }),
      ),
    'the number of metadata pairs is beyond what we read',
  ],
  [
    'GGUF_NAME_BYTES',
    () => open(ggufBytes({ tensors: [tensor('nine-long', 0)], data: new Uint8Array(32) })),
    'the length of the name of tensor 0 is beyond what we read',
  ],
  [
    'GGUF_ARRAY_DEPTH',
    () => open(ggufBytes({ tensors: [], pairs: [['deep', { nested: 3 }]] })),
    'the arrays of deep are nested too deeply',
  ],
  [
    'GGUF_ARRAY_ITEMS',
    () => {
      const values = Array.from({ length: 300 }, () => 'x');
      return open(ggufBytes({ tensors: [], pairs: [['words', { items: STRING, values }]] }));
    },
    'the array words is longer than we walk',
  ],
  [
    'PICKLE_OPCODES',
    () => pickle(`\x80\x02${'N0'.repeat(40)}N.`),
    'the pickle has more opcodes than we read',
  ],
  [
    'PICKLE_MEMO_ENTRIES',
    () => pickle(`\x80\x02N${[0, 1, 2, 3, 4, 5].map((index) => `q${String.fromCharCode(index)}`).join('')}.`),
    'the pickle remembers more than we hold',
  ],
  [
    'PICKLE_STACK_ENTRIES',
    () => pickle(`\x80\x02(${'N'.repeat(9)}t.`),
    'the pickle piles up more than we hold',
  ],
  [
    'PICKLE_INTEGER_BYTES',
    () => pickle(`\x80\x02\x8a\x11${'\x01'.repeat(17)}.`),
    'the pickle holds an integer longer than we read',
  ],
];

describe('a file beyond a limit is refused by its own words', () => {
  it.each(REFUSED)('%s', async (_limit, act, message) => {
    const error = await rejection(act());
    expect([error.code, error.message]).toEqual(['limit', message]);
  });
});

async function problemsOf(bytes: Uint8Array): Promise<readonly Problem[]> {
  return (await open(bytes)).problems;
}

describe('where the rest can still be had, a limit is a problem', () => {
  it('ZIP_PROBLEMS', async () => {
    const bytes = oddZip(['../a', '../b', '../c'].map((name) => ({ name, data: latin1(name) })));
    const { problems } = (await openZip(memorySource(bytes)))!;
    expect(problems.map(({ message }) => message)).toEqual([
      'the name "../a" could lead outside a folder',
      'the name "../b" could lead outside a folder',
      'and more of that kind',
    ]);
  });

  it('TEXT_ARRAY_ITEMS', async () => {
    expect((await problemsOf(array("'|S1'", '(3,)', latin1('abc')))).map(({ message }) => message)).toEqual([
      'the array has 3 texts in 3 bytes, more than we read',
    ]);
  });

  it('GGUF_TEXT_BYTES', async () => {
    const problems = await problemsOf(
      ggufBytes({ tensors: [], pairs: [['long', { type: STRING, value: 'x'.repeat(11) }]] }),
    );
    expect(problems.map(({ message }) => message)).toEqual([
      // its key has taken four of the ten
      'the text of long has 11 bytes, of which 6 are kept',
    ]);
  });
});

const xrayOf = (bytes: Uint8Array) => scanCode([memorySource(bytes, 'f')], { checkpoint: undefined });
const call = 'cos\nsystem\n)R';

describe('an X-ray that meets a limit says that it is not complete', () => {
  it.each([
    [
      'XRAY_IMPORTS',
      latin1(`\x80\x02(${'cmath\nsin\n'.repeat(4)}t.`),
      'the file imports more names than are listed, which is at most 3',
    ],
    ['XRAY_CALLS', latin1(`\x80\x02${call}0${call}0${call}.`), 'f makes more calls than are listed'],
    [
      'XRAY_DEPTH',
      [1, 2, 3].reduce((inner) => oddZip([{ name: 'x', data: inner }]), latin1('N.')),
      'x › x is an archive within more archives than we look into',
    ],
    [
      'XRAY_STREAMS',
      oddZip(
        [1, 2].map((at) => ({
          name: `z${at}`,
          data: oddZip([
            { name: 'a', data: latin1('N.') },
            { name: 'b', data: latin1('N.') },
          ]),
        })),
      ),
      'the file has more parts than we look into',
    ],
    [
      'XRAY_PACKED_BYTES',
      Uint8Array.from([0x1f, 0x8b, ...new Uint8Array(60).fill(0xfe)]),
      'f is compressed and too long to be unpacked here',
    ],
  ])('%s', async (_limit, bytes, message) => {
    const { complete, problems } = await xrayOf(bytes);
    expect(complete).toBe(false);
    expect(problems.map((problem) => problem.message)).toContain(message);
  });
});
