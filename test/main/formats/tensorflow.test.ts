import { fileURLToPath } from 'node:url';

import { describe, expect, it } from 'vitest';

import { fileSource } from '#main/bytes/file-source.ts';
import { folderAt, foldersAround, folderOf, type Folder } from '#main/bytes/folder.ts';
import { memorySource } from '#main/bytes/memory-source.ts';
import type { ByteSource } from '#main/bytes/source.ts';
import type { Checkpoint } from '#main/formats/contract.ts';
import { openCheckpoint } from '#main/formats/detect.ts';
import { fileInput, type FormatInput } from '#main/formats/input.ts';
import { tensorReader } from '#main/formats/read.ts';
import { sliceKey } from '#main/formats/tensorflow/slice-key.ts';
import { tensorflow } from '#main/formats/tensorflow/tensorflow.ts';
import { memoryFolder } from '#test/kit/memory-folder.ts';
import { rejection } from '#test/kit/rejection.ts';
import { rowsOf } from '#test/kit/rows.ts';
import { hasSamples, SAMPLES } from '#test/kit/shared-files.ts';
import { entry, entryFor, field, indexFile, stringTensor } from '#test/kit/tensor-bundle-writer.ts';
import { writeTable } from '#test/kit/sorted-table-writer.ts';

/** Contents by path. */
type Tree = Readonly<Record<string, Uint8Array>>;

const folderWith = (tree: Tree): Folder => memoryFolder('folder', new Map(Object.entries(tree)));
const text = (value: string): Uint8Array => Uint8Array.from(Buffer.from(value));
const floats = (...values: number[]): Uint8Array => new Uint8Array(Float32Array.from(values).buffer);
const DATA = 'net.data-00000-of-00001';

async function fileIn(tree: Tree, name: string): Promise<FormatInput> {
  const folder = folderWith(tree);
  return fileInput(await folder.open(name), folder);
}

const folderInput = (tree: Tree): FormatInput => ({
  kind: 'folder',
  name: 'folder',
  folder: folderWith(tree),
});

async function open(input: FormatInput | Promise<FormatInput>): Promise<Checkpoint> {
  return openCheckpoint(await input, [tensorflow]);
}

/** A checkpoint of these entries beside one data file. */
const openEntries = (
  entries: readonly (readonly [string | Uint8Array, Uint8Array])[],
  data: Uint8Array,
  options = {},
): Promise<Checkpoint> =>
  open(fileIn({ 'net.index': indexFile(entries, options), [DATA]: data }, 'net.index'));

const names = ({ tensors }: Checkpoint): string[] => tensors.map(({ name }) => name);
const codes = ({ problems }: Checkpoint): string[] => problems.map(({ code }) => code);

async function valuesOf({ tensors, sources }: Checkpoint, name: string): Promise<number[]> {
  const reader = tensorReader(
    tensors.find((tensor) => tensor.name === name)!,
    sources,
  );
  const bytes = await reader.read(0, reader.elementCount);
  return [...new Float32Array(bytes.buffer, bytes.byteOffset, bytes.byteLength / 4)];
}

const TWO = floats(1, 2, 3);
const NET: Tree = {
  'net.index': indexFile([
    ['a', entryFor(TWO.subarray(0, 8), 0, { shape: [2] })],
    ['b', entryFor(TWO.subarray(8), 8, { shape: [] })],
  ]),
  [DATA]: TWO,
};

describe('any member opens the whole', () => {
  const state = (path: string): Uint8Array =>
    text(`model_checkpoint_path: "${path}"\nall_model_checkpoint_paths: "x"\n`);
  it.each<[string, () => Promise<FormatInput> | FormatInput]>([
    ['the index', () => fileIn(NET, 'net.index')],
    ['a data file', () => fileIn(NET, DATA)],
    ['the note of the newest', () => fileIn({ ...NET, checkpoint: state('net') }, 'checkpoint')],
    [
      'a note with a path of another machine',
      () => fileIn({ ...NET, checkpoint: state('/home/x/run/net') }, 'checkpoint'),
    ],
    [
      'a note with a path of Windows',
      () => fileIn({ ...NET, checkpoint: state('C:\\\\run\\\\net') }, 'checkpoint'),
    ],
    ['a meta graph', () => fileIn({ ...NET, 'net.meta': text('\x0a\x05graph') }, 'net.meta')],
    ['the folder', () => folderInput(NET)],
    [
      'a folder with other files',
      () => folderInput({ ...NET, 'x-file.npy': text('\x93NUMPY'), 'plots/loss.png': text('x') }),
    ],
    [
      'the folder of a SavedModel',
      () =>
        folderInput({
          'saved_model.pb': Uint8Array.of(8, 1),
          'variables/variables.index': NET['net.index']!,
          'variables/variables.data-00000-of-00001': TWO,
        }),
    ],
    [
      'saved_model.pb',
      () =>
        fileIn(
          {
            'saved_model.pb': Uint8Array.of(8, 1),
            'variables/variables.index': NET['net.index']!,
            'variables/variables.data-00000-of-00001': TWO,
          },
          'saved_model.pb',
        ),
    ],
  ])('%s', async (_, input) => {
    const checkpoint = await open(input());
    expect(names(checkpoint)).toEqual(['a', 'b']);
    expect(checkpoint.problems).toEqual([]);
    expect([await valuesOf(checkpoint, 'a'), await valuesOf(checkpoint, 'b')]).toEqual([[1, 2], [3]]);
  });

  it('names with escapes in the note', async () => {
    const tree = {
      'né t.index': NET['net.index']!,
      'né t.data-00000-of-00001': TWO,
      checkpoint: state('n\\303\\251 t'),
    };
    expect(names(await open(fileIn(tree, 'checkpoint')))).toEqual(['a', 'b']);
  });

  it('of several in a folder the one that the note names', async () => {
    const older = {
      'old.index': indexFile([['c', entryFor(TWO, 0, { shape: [3] })]]),
      'old.data-00000-of-00001': TWO,
    };
    expect(names(await open(folderInput({ ...NET, ...older, checkpoint: state('old') })))).toEqual(['c']);
    expect(await rejection(open(folderInput({ ...NET, ...older })))).toMatchObject({
      code: 'invalid-params',
      message: 'the folder holds several checkpoints',
      found: 'net.index, old.index',
      hint: 'open one of the .index files',
    });
  });

  it.each<[string, () => Promise<FormatInput> | FormatInput]>([
    ['a data file without an index', () => fileIn({ [DATA]: TWO }, DATA)],
    ['a note whose checkpoint is elsewhere', () => fileIn({ checkpoint: state('net') }, 'checkpoint')],
    ['a note that names something outside', () => fileIn({ checkpoint: state('..') }, 'checkpoint')],
    ['an index of something else', () => fileIn({ 'net.index': text('a b c') }, 'net.index')],
    ['a folder without checkpoints', () => folderInput({ a: text('x') })],
  ])('not claimed: %s', async (_, input) => expect(await tensorflow.claims(await input())).toBe(false));
});

describe('entries', () => {
  it('big-endian data are read as what they mean', async () => {
    const data = Uint8Array.of(0x3f, 0x80, 0, 0, 0x40, 0, 0, 0);
    expect(
      await valuesOf(
        await openEntries([['a', entryFor(data, 0, { shape: [2] })]], data, { isBigEndian: true }),
        'a',
      ),
    ).toEqual([1, 2]);
  });

  it('checksums cover the stored bytes', async () => {
    const { tensors } = await openEntries(
      [['a', entry({ shape: [1], offset: 4, size: 4, crc: 0x12345678 })]],
      TWO,
    );
    expect(tensors[0]!.checksums).toEqual([
      { algorithm: 'crc32c-masked', expected: 0x12345678, source: 1, begin: 4, end: 8 },
    ]);
  });

  it.each<[string, Uint8Array, string, object]>([
    [
      'a type that we do not show',
      entry({ dtype: 21, shape: [] }),
      'unsupported',
      { message: 'a is of the type variant, which we do not show' },
    ],
    [
      'a type of the future',
      entry({ dtype: 77, shape: [] }),
      'unsupported',
      { message: 'a is of the type type 77, which we do not show' },
    ],
    [
      'an unknown rank',
      entry({ hasUnknownRank: true }),
      'unsupported',
      { message: 'a is of unknown rank, which we do not show' },
    ],
    [
      'a size that does not fit the shape',
      entry({ shape: [3], size: 8 }),
      'length',
      { message: 'a has 8 bytes, its shape wants 12' },
    ],
    [
      'a dimension that is not known',
      entry({ shape: [2], size: 8 }).map((byte, index) => (index === 7 ? 3 : byte)),
      'length',
      {},
    ],
    ['bytes beyond the data file', entry({ shape: [2], offset: 8, size: 8 }), 'storage-range', {}],
    [
      'a shard that there is not',
      entry({ shape: [2], shard: 4, size: 8 }),
      'missing-file',
      { message: 'the index refers to data file 4 of 1' },
    ],
    [
      'texts that are none',
      entry({ dtype: 7, shape: [2], size: 4 }),
      'length',
      { message: 'the data of a are not 2 texts' },
    ],
  ])('%s is a problem, and the others are there', async (_, bytes, code, problem) => {
    const checkpoint = await openEntries(
      [
        ['a', bytes],
        ['b', entryFor(TWO.subarray(8), 8, { shape: [] })],
      ],
      TWO,
    );
    expect(checkpoint.problems).toMatchObject([{ code, ...problem }]);
    expect(checkpoint.tensors.map(({ name, storage }) => [name, storage.kind])).toEqual([
      ['a', 'none'],
      ['b', 'dense'],
    ]);
  });

  it('references and quantised integers have the dtype of what they hold', async () => {
    const { tensors } = await openEntries(
      [
        ['a', entry({ dtype: 101, shape: [1], size: 4 })],
        ['b', entry({ dtype: 11, shape: [2], size: 2 })],
      ],
      TWO,
    );
    expect(tensors.map(({ dtype }) => dtype)).toEqual(['f32', 'i8']);
  });

  it('names that are traps elsewhere', async () => {
    const value = entryFor(TWO, 0, { shape: [3] });
    const trap = ['__proto__', 'constructor', 'naïve/名前'];
    expect(
      names(
        await openEntries(
          trap.map((name) => [name, value]),
          TWO,
        ),
      ).sort(),
    ).toEqual([...trap].sort());
  });

  it('keys that are no UTF-8 stay distinct', async () => {
    const value = entryFor(TWO, 0, { shape: [3] });
    const checkpoint = await openEntries(
      [
        [Uint8Array.of(0xff), value],
        [Uint8Array.of(0xfe), value],
      ],
      TWO,
    );
    expect(names(checkpoint)).toEqual(['\ufffd', '\ufffd#2']);
  });

  it('a reader of a later version is wanted', async () => {
    expect(codes(await openEntries([], TWO, { minConsumer: 2 }))).toEqual(['unsupported']);
  });
});

describe('texts', () => {
  const values = ['abc', '', 'é中', Uint8Array.of(0xff, 0), 'x'.repeat(200), 'last'];
  const { bytes, crc } = stringTensor(values);

  it('are read with their checksums', async () => {
    const { tensors, problems } = await openEntries(
      [['t', entry({ dtype: 7, shape: [2, 3], size: bytes.byteLength, crc })]],
      bytes,
    );
    expect(problems).toEqual([]);
    expect(tensors[0]).toMatchObject({ dtype: 'str', shape: [2, 3], storage: { kind: 'strings', values } });
  });

  it('that do not match them are shown, and reported', async () => {
    const damaged = bytes.slice();
    damaged[damaged.length - 1]! ^= 1;
    const checkpoint = await openEntries(
      [['t', entry({ dtype: 7, shape: [6], size: bytes.byteLength, crc })]],
      damaged,
    );
    expect(codes(checkpoint)).toEqual(['checksum-mismatch']);
    expect(checkpoint.tensors[0]!.storage.kind).toBe('strings');
  });

  it('have a checksum of their own for their lengths, which is taken where the entry has none', async () => {
    const damaged = bytes.slice();
    damaged[values.length + 2]! ^= 1;
    const texts = entry({ dtype: 7, shape: [6], size: bytes.byteLength });
    expect(codes(await openEntries([['t', texts]], bytes))).toEqual([]);
    expect(codes(await openEntries([['t', texts]], damaged))).toEqual(['checksum-mismatch']);
  });

  it('of more items than bytes are refused before anything is allocated', async () => {
    const checkpoint = await openEntries(
      [['t', entry({ dtype: 7, shape: [999_999], size: bytes.byteLength })]],
      bytes,
    );
    expect(codes(checkpoint)).toEqual(['length']);
  });
});

describe('slices', () => {
  const top = floats(1, 2, 3, 4);
  const bottomLeft = floats(5, 7);
  const bottomRight = floats(6, 8);
  const data = Uint8Array.from(Buffer.concat([top, bottomLeft, bottomRight]));
  const extents = [
    [
      [0, 2],
      [0, undefined],
    ],
    [
      [2, 2],
      [0, 1],
    ],
    [
      [2, 2],
      [1, 1],
    ],
  ] as const;
  const keyOf = (index: number): Uint8Array =>
    Buffer.from(
      sliceKey(
        'w',
        extents[index]!.map(([start, length]) => ({ start, length })),
      ),
      'latin1',
    );
  const parts: [Uint8Array, Uint8Array][] = [
    [keyOf(0), entryFor(top, 0, { shape: [2, 2] })],
    [keyOf(1), entryFor(bottomLeft, 16, { shape: [2, 1] })],
    [keyOf(2), entryFor(bottomRight, 24, { shape: [2, 1] })],
  ];

  it('make up one tensor, each with its checksum, and no rows of their own', async () => {
    const checkpoint = await openEntries([['w', entry({ shape: [4, 2], slices: extents })], ...parts], data);
    expect(names(checkpoint)).toEqual(['w']);
    expect(await valuesOf(checkpoint, 'w')).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
    expect(checkpoint.tensors[0]!.checksums?.map(({ begin, end }) => [begin, end])).toEqual([
      [0, 16],
      [16, 24],
      [24, 32],
    ]);
  });

  it.each<[string, [string | Uint8Array, Uint8Array][], string]>([
    [
      'one that is not there',
      [['w', entry({ shape: [4, 2], slices: extents })], ...parts.slice(0, 2)],
      'missing-slice',
    ],
    [
      'too few',
      [['w', entry({ shape: [4, 2], slices: extents.slice(0, 2) })], ...parts.slice(0, 2)],
      'slices',
    ],
    [
      'one of another length',
      [
        ['w', entry({ shape: [4, 2], slices: extents })],
        ...parts.slice(0, 2),
        [keyOf(2), entry({ shape: [2, 1], offset: 24, size: 4 })],
      ],
      'length',
    ],
    [
      'one beyond the data file',
      [
        ['w', entry({ shape: [4, 2], slices: extents })],
        ...parts.slice(0, 2),
        [keyOf(2), entry({ shape: [2, 1], offset: 28, size: 8 })],
      ],
      'storage-range',
    ],
  ])('%s is a problem', async (_, entries, code) => {
    const checkpoint = await openEntries(entries, data);
    expect(codes(checkpoint)).toEqual([code]);
    expect(checkpoint.tensors.map(({ storage }) => storage.kind)).toEqual(['none']);
  });

  // by hand from tensorflow/core/lib/strings/ordered_code.cc
  it.each<[string, number, number | undefined, number[]]>([
    ['0 and all', 0, undefined, [0x80, 0x7f]],
    ['63 and 64', 63, 64, [0xbf, 0xc0, 0x40]],
    ['8191 and 8192', 8191, 8192, [0xdf, 0xff, 0xe0, 0x20, 0x00]],
    ['2^40 and 1', 2 ** 40, 1, [0xfd, 0, 0, 0, 0, 0, 0x81]],
  ])('key of a slice of %s', (_, start, length, expected) => {
    const key = Buffer.from(sliceKey('n\0\xff', [{ start, length }]), 'latin1');
    const name = [0x6e, 0x00, 0xff, 0xc3, 0xbf, 0x00, 0x01];
    expect([...key]).toEqual([0, ...name, 1, 1, ...expected]);
  });
});

describe('labels', () => {
  const attribute = (key: string, fullName: string): number[] =>
    field.bytes(2, [...field.text(1, 'VARIABLE_VALUE'), ...field.text(2, fullName), ...field.text(3, key)]);
  const graphOf = (...nodes: number[][]): ReturnType<typeof stringTensor> =>
    stringTensor([Uint8Array.from(nodes.flatMap((node) => field.bytes(1, node)))]);
  const KEY = 'layer/kernel/.ATTRIBUTES/VARIABLE_VALUE';

  async function openWith({ bytes, crc }: { bytes: Uint8Array; crc: number }): Promise<Checkpoint> {
    const data = Uint8Array.from(Buffer.concat([TWO, bytes]));
    return openEntries(
      [
        [KEY, entryFor(TWO, 0, { shape: [3] })],
        ['_CHECKPOINTABLE_OBJECT_GRAPH', entry({ dtype: 7, offset: 12, size: bytes.byteLength, crc })],
      ],
      data,
    );
  }

  it('are the names that the program gave; the graph itself is no row', async () => {
    const checkpoint = await openWith(graphOf([], attribute(KEY, 'dense/kernel')));
    expect(checkpoint.tensors.map(({ name, label }) => [name, label])).toEqual([[KEY, 'dense/kernel']]);
    expect(checkpoint.dialect).toBe('TensorFlow checkpoint V2, object-based (tf.train.Checkpoint, Keras)');
  });

  it('no label where the program gave no name', async () => {
    expect((await openWith(graphOf(attribute(KEY, '')))).tensors[0]).not.toHaveProperty('label');
  });

  it('a damaged graph is a problem', async () => {
    const { bytes, crc } = graphOf(attribute(KEY, 'dense/kernel'));
    const damaged = bytes.slice();
    damaged[20]! ^= 1;
    expect(codes(await openWith({ bytes: damaged, crc }))).toEqual(['object-graph']);
    expect(codes(await openWith(stringTensor([Uint8Array.of(0x0a, 0x50)])))).toEqual(['object-graph']);
  });
});

describe('data files', () => {
  const index = indexFile(
    [
      ['a', entry({ shape: [3], shard: 0, size: 12 })],
      ['b', entry({ shape: [3], shard: 1, size: 12 })],
    ],
    { shards: 2 },
  );

  it('of several shards are found by their numbers', async () => {
    const tree = {
      'net.index': index,
      'net.data-00000-of-00002': TWO,
      'net.data-00001-of-00002': floats(4, 5, 6),
    };
    const checkpoint = await open(fileIn(tree, 'net.data-00001-of-00002'));
    expect([await valuesOf(checkpoint, 'a'), await valuesOf(checkpoint, 'b')]).toEqual([
      [1, 2, 3],
      [4, 5, 6],
    ]);
  });

  it('that are missing leave rows without data, and the others readable', async () => {
    const checkpoint = await open(
      fileIn({ 'net.index': index, 'net.data-00000-of-00002': TWO }, 'net.index'),
    );
    expect(checkpoint.problems).toEqual([
      { code: 'missing-file', message: 'the data file net.data-00001-of-00002 is not beside the index' },
    ]);
    expect(checkpoint.tensors.map(({ storage }) => storage.kind)).toEqual(['dense', 'none']);
  });

  it('of a save that was interrupted are read as far as they go, and named', async () => {
    const tree = {
      'net.index': index,
      'net.data-00000-of-00002': TWO,
      'net.data-00001-of-00002.tempstate123': TWO,
    };
    for (const name of ['net.index', 'net.data-00001-of-00002.tempstate123']) {
      const { problems, tensors, sources } = await open(fileIn(tree, name));
      expect(problems).toEqual([
        {
          code: 'interrupted',
          message:
            'the save was interrupted: of the data file net.data-00001-of-00002 there is only net.data-00001-of-00002.tempstate123, which is read as far as it goes',
        },
      ]);
      expect(tensors.map(({ storage }) => storage.kind)).toEqual(['dense', 'dense']);
      expect(new Set(sources).size).toBe(sources.length);
    }
    const cut = { ...tree, 'net.data-00001-of-00002.tempstate123': TWO.subarray(0, 2) };
    const { problems } = await open(fileIn(cut, 'net.index'));
    expect(problems.map(({ code }) => code)).toEqual(['interrupted', 'storage-range']);
  });

  it('and an index of one opens under the name that it was written under', async () => {
    const tree = { 'net.index.tempstate9': NET['net.index']!, 'net.data-00000-of-00001.tempstate8': TWO };
    for (const input of [folderInput(tree), await fileIn(tree, 'net.index.tempstate9')]) {
      const checkpoint = await open(input);
      expect(names(checkpoint)).toEqual(['a', 'b']);
      expect(codes(checkpoint)).toEqual(['interrupted', 'interrupted']);
    }
  });

  it('are all missing where the index is alone', async () => {
    const checkpoint = await open(fileInput(memorySource(NET['net.index']!, 'net.index')));
    expect(codes(checkpoint)).toEqual(['missing-file']);
    expect(names(checkpoint)).toEqual(['a', 'b']);
  });
});

describe('sources', () => {
  /** A folder that counts what is open. */
  function counted(tree: Tree): { input: (name: string) => Promise<FormatInput>; open: Set<string> } {
    const opened = new Set<string>();
    const folder = folderWith(tree);
    const openOne = async (name: string): Promise<ByteSource> => {
      const source = await folder.open(name);
      opened.add(name);
      return { ...source, close: async () => void opened.delete(name) };
    };
    const watched = { ...folder, open: openOne };
    return { open: opened, input: async (name) => fileInput(await openOne(name), watched) };
  }

  it('all that was opened is closed with the checkpoint, the note that led to it included', async () => {
    const { input, open: left } = counted({ ...NET, checkpoint: text('model_checkpoint_path: "net"') });
    const checkpoint = await open(input('checkpoint'));
    expect([...left].sort()).toEqual(['checkpoint', DATA, 'net.index']);
    for (const source of checkpoint.sources) await source.close();
    expect([...left]).toEqual([]);
  });

  it('a failure closes all but what the caller opened', async () => {
    const { input, open: left } = counted({ ...NET, 'net.index': writeTable({ entries: [['x', TWO]] }) });
    await rejection(open(input(DATA)));
    expect([...left]).toEqual([DATA]);
  });
});

describe('tables of others', () => {
  it.each<[string, Uint8Array, string, string]>([
    [
      'LevelDB',
      writeTable({ entries: [['key', TWO]] }),
      'unknown-format',
      'this is a sorted table of something else, not a checkpoint',
    ],
    [
      'an empty table',
      writeTable({ entries: [] }),
      'unknown-format',
      'this is a sorted table of something else, not a checkpoint',
    ],
  ])('%s', async (_, bytes, code, message) => {
    expect(await rejection(open(fileIn({ 'net.index': bytes }, 'net.index')))).toMatchObject({
      code,
      message,
      file: 'net.index',
    });
  });
});

describe.skipIf(!hasSamples)('genuine samples', () => {
  const openSample = async (folder: string, name: string): Promise<Checkpoint> =>
    open(fileInput(await fileSource(`${SAMPLES}${folder}/${name}`), folderAt(`${SAMPLES}${folder}`)));

  it('an index in snappy blocks whose data files are elsewhere', async () => {
    const checkpoint = await openSample('tensorflow-snappy-index', 'model.ckpt-0.index');
    expect(names(checkpoint)).toContain('global_step');
    expect(codes(checkpoint)).toContain('missing-file');
    for (const source of checkpoint.sources) await source.close();
  });

  it('two shards, and the newest of three steps', async () => {
    const shards = await openSample('tensorflow-two-shards', 'checkpoint');
    expect(shards.problems).toEqual([]);
    expect(shards.sources.length).toBeGreaterThanOrEqual(3);
    const steps = await open({
      kind: 'folder',
      name: 's',
      folder: folderAt(`${SAMPLES}tensorflow-three-steps`),
    });
    expect(steps.metadata['prefix']).toBe('model.ckpt-1000');
    for (const source of [...shards.sources, ...steps.sources]) await source.close();
  });
});

describe('a file deep in what was saved opens all of it, as its folder does', () => {
  const FIXTURES = fileURLToPath(new URL('../../fixtures/tensorflow/', import.meta.url));
  const inputAt = async (path: string): Promise<FormatInput> =>
    fileInput(await fileSource(path), folderOf(path), foldersAround(path));
  it.each([
    [
      'saved_model',
      [
        'fingerprint.pb',
        'saved_model.pb',
        'variables/variables.index',
        `variables/variables.data-00000-of-00001`,
      ],
    ],
    [
      'interrupted',
      [0, 1].flatMap((part) =>
        ['index', 'data-00000-of-00001'].map((end) => `model.ckpt-7_temp/part-0000${part}-of-00002.${end}`),
      ),
    ],
  ])('%s', async (folder, files) => {
    const path = `${FIXTURES}${folder}`;
    const whole = await openCheckpoint({ kind: 'folder', name: folder, folder: folderAt(path) });
    const expected = [whole.dialect, whole.metadata, whole.problems, await rowsOf(whole)];
    for (const source of whole.sources) await source.close();
    for (const file of files) {
      const checkpoint = await openCheckpoint(await inputAt(`${path}/${file}`));
      const { dialect, metadata, problems } = checkpoint;
      expect([dialect, metadata, problems, await rowsOf(checkpoint)], file).toEqual(expected);
      for (const source of checkpoint.sources) await source.close();
    }
  });
});
