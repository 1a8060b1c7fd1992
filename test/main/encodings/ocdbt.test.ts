import { describe, expect, it } from 'vitest';

import type { ByteSource } from '#main/bytes/source.ts';
import { openOcdbt, type OcdbtDatabase } from '#main/encodings/ocdbt/ocdbt.ts';
import { readValue } from '#main/encodings/zarr/store.ts';
import { memoryFolder } from '#test/kit/memory-folder.ts';
import { leaf, manifest, sealed, varint, type Leaf } from '#test/kit/ocdbt-writer.ts';
import { rejection } from '#test/kit/rejection.ts';

const bytes = (...values: number[]): Uint8Array => Uint8Array.from(values);

function open(files: Readonly<Record<string, Uint8Array>>): Promise<OcdbtDatabase> {
  const sources: ByteSource[] = [];
  return openOcdbt(memoryFolder('db', new Map(Object.entries(files))), sources);
}

/** A database of one node. */
function openLeaf(node: Leaf, others: Readonly<Record<string, Uint8Array>> = {}): Promise<OcdbtDatabase> {
  const file = leaf(node);
  return open({
    'manifest.ocdbt': manifest({ file: 'd/a', byteLength: file.byteLength }),
    'd/a': file,
    ...others,
  });
}

describe('a database by hand', () => {
  it('has values in its nodes and in other files', async () => {
    const database = await openLeaf(
      {
        files: ['d/b'],
        entries: [
          ['a', bytes(1, 2)],
          ['b/0', { file: 0, offset: 1, byteLength: 2 }],
        ],
      },
      { 'd/b': bytes(7, 8, 9, 10) },
    );
    expect(database.keys).toEqual(['a', 'b/0']);
    expect([await readValue(database, 'a', 9), await readValue(database, 'b/0', 9)]).toEqual([
      bytes(1, 2),
      bytes(8, 9),
    ]);
    const { guard } = await database.locate('a');
    expect(guard).toMatchObject({ begin: 0 });
    expect((await rejection(database.locate('c'))).code).toBe('not-found');
    expect((await rejection(readValue(database, 'a', 1))).code).toBe('limit');
  });
});

describe('what is wrong with a database is said', () => {
  const good = leaf({ entries: [['a', bytes(1)]] });
  const root = (file = 'd/a', height = 0): Uint8Array =>
    manifest({ file, byteLength: good.byteLength, height });
  const flipped = (of: Uint8Array, at: number): Uint8Array => {
    const out = of.slice();
    out[at]! ^= 1;
    return out;
  };
  it.each<[string, Readonly<Record<string, Uint8Array>>, string, string]>([
    [
      'a manifest that is cut short',
      { 'manifest.ocdbt': root().slice(0, 10) },
      'corrupt',
      'the manifest is cut short',
    ],
    [
      'another magic number',
      { 'manifest.ocdbt': flipped(root(), 0) },
      'corrupt',
      'the manifest does not begin as one',
    ],
    [
      'another length',
      { 'manifest.ocdbt': root().slice(0, -1) },
      'corrupt',
      'the manifest should be 66 bytes long',
    ],
    [
      'another checksum',
      { 'manifest.ocdbt': flipped(root(), 40) },
      'corrupt',
      'the manifest misses its checksum',
    ],
    [
      'a later version',
      { 'manifest.ocdbt': sealed(0x0cdb3a2a, [], 1) },
      'unsupported',
      'the manifest is of a later version of the format',
    ],
    [
      'another kind',
      { 'manifest.ocdbt': sealed(0x0cdb3a2a, [...new Array<number>(16).fill(0), 2, 1, 1, 1, 0]) },
      'corrupt',
      'the manifest is of a kind that is not known',
    ],
    [
      'a number of more than 64 bits',
      {
        'manifest.ocdbt': sealed(0x0cdb3a2a, [
          ...new Array<number>(16).fill(0),
          ...new Array<number>(11).fill(0xff),
        ]),
      },
      'corrupt',
      'the manifest has a number of more than 64 bits',
    ],
    ['a data file that is not there', { 'manifest.ocdbt': root() }, 'not-found', 'the file d/a is not there'],
    [
      'a data file outside',
      { 'manifest.ocdbt': root('../a') },
      'corrupt',
      'the path ../a leads out of the folder',
    ],
    [
      'a node of another height',
      { 'manifest.ocdbt': root('d/a', 1), 'd/a': good },
      'corrupt',
      'the tree node at 0 should be 1 above the leaves',
    ],
    [
      'a node that misses its checksum',
      { 'manifest.ocdbt': root(), 'd/a': flipped(good, 20) },
      'corrupt',
      'the tree node at 0 misses its checksum',
    ],
    [
      'a node beyond its file',
      { 'manifest.ocdbt': root(), 'd/a': good.slice(0, -1) },
      'corrupt',
      'the file ends before the bytes that it promises',
    ],
  ])('%s', async (_what, files, code, message) => {
    expect(await rejection(open(files))).toMatchObject({ code, message });
  });

  it.each<[string, Leaf, string]>([
    ['no entries', { entries: [] }, 'the tree node at 0 has no entries'],
    [
      'a key that begins like more than there is',
      {
        entries: [
          ['a', bytes(1)],
          ['b', bytes(1)],
        ],
        prefixes: [2],
      },
      'the tree node at 0 has a key that refers to what is not there',
    ],
    [
      'a file that is not listed',
      { entries: [['a', { file: 3, offset: 0, byteLength: 1 }]] },
      'the tree node at 0 refers to a data file that it does not list',
    ],
  ])('%s', async (_what, node, message) => {
    expect(await rejection(openLeaf(node))).toMatchObject({ code: 'corrupt', message });
  });

  it('bytes behind the end of a node', async () => {
    const node = sealed(0x0cdb20de, [0, 0, 1, 1, 0x61, 1, 0, 9, ...varint(5)]);
    const files = { 'manifest.ocdbt': manifest({ file: 'd/a', byteLength: node.byteLength }), 'd/a': node };
    expect((await rejection(open(files))).message).toBe('the tree node at 0 has bytes behind its end');
  });

  it('a value beyond the end of its file, when it is asked for', async () => {
    const database = await openLeaf(
      { files: ['d/b'], entries: [['a', { file: 0, offset: 3, byteLength: 2 }]] },
      { 'd/b': bytes(1, 2, 3, 4) },
    );
    expect((await rejection(database.locate('a'))).message).toBe(
      'a value lies beyond the end of its data file',
    );
  });
});
