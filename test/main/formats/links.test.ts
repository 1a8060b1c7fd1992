import { createHash } from 'node:crypto';
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { fileSource } from '#main/bytes/file-source.ts';
import { folderAt, foldersAround, folderOf } from '#main/bytes/folder.ts';
import type { Checkpoint } from '#main/formats/contract.ts';
import { openCheckpoint } from '#main/formats/detect.ts';
import { fileInput } from '#main/formats/input.ts';
import { ggufBytes } from '#test/kit/gguf-bytes.ts';
import { rejection } from '#test/kit/rejection.ts';
import { rowsOf } from '#test/kit/rows.ts';

const FIXTURES = fileURLToPath(new URL('../../fixtures/', import.meta.url));

/** Folders of every kind, and a file of each that values lie in. */
const SETS: readonly (readonly [folder: string, data: string])[] = [
  ['dcp/two-ranks', '__0_0.distcp'],
  ['sharded/flax', 'flax_model-00001-of-00003.msgpack'],
  ['sharded/tf', 'tf_model-00002-of-00003.h5'],
  ['sharded/keras', 'model_00000.weights.h5'],
  ['tensorflow/saved_model', 'variables/variables.data-00000-of-00001'],
  ['tensorflow/sharded', 'model.ckpt-7-00001-of-00003'],
  ['orbax/leaves-zarr2', 'pieces/0.1'],
];

let scratch: string;
beforeEach(() => {
  scratch = mkdtempSync(join(tmpdir(), 'links-'));
});
afterEach(() => rmSync(scratch, { recursive: true }));

type Rows = Record<string, { readonly sha256?: string | undefined }>;
interface Opened {
  readonly rows: Rows;
  readonly problems: Checkpoint['problems'];
}
async function opened(opening: Promise<Checkpoint>): Promise<Opened> {
  const checkpoint = await opening;
  const rows = (await rowsOf(checkpoint)) as Rows;
  for (const source of checkpoint.sources) await source.close();
  return { rows, problems: checkpoint.problems };
}
const openFolder = (path: string): Promise<Checkpoint> => {
  const folder = folderAt(path);
  return openCheckpoint({ kind: 'folder', name: folder.name, folder });
};
const openFile = async (path: string): Promise<Checkpoint> => {
  const source = await fileSource(path);
  return openCheckpoint(await fileInput(source, folderOf(path), foldersAround(path)));
};
const filesIn = (folder: string): string[] =>
  readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((path) =>
    statSync(join(folder, path)).isFile(),
  );

/** A folder as Hugging Face's cache keeps it: every file is a link to its content. @returns the revision. */
function cached(folder: string): string {
  const repository = join(scratch, 'models--someone--model');
  const revision = join(repository, 'snapshots', 'c0'.repeat(20));
  mkdirSync(join(repository, 'blobs'), { recursive: true });
  for (const path of filesIn(folder)) {
    const content = readFileSync(join(folder, path));
    const blob = join(repository, 'blobs', createHash('sha256').update(content).update(path).digest('hex'));
    const link = join(revision, path);
    mkdirSync(dirname(link), { recursive: true });
    cpSync(join(folder, path), blob);
    symlinkSync(relative(dirname(link), blob), link);
  }
  return revision;
}

describe('in Hugging Face’s cache links lead to the contents of the same repository', () => {
  it.each(SETS)('%s opens as itself, by its folder and by %s', async (set, data) => {
    const itself = await opened(openFolder(`${FIXTURES}${set}`));
    const revision = cached(`${FIXTURES}${set}`);
    expect(await opened(openFolder(revision))).toEqual(itself);
    expect((await opened(openFile(join(revision, data)))).rows).toEqual(itself.rows);
  });
});

describe('a link of a file of the checkpoint that leads out of its folder is not followed', () => {
  it.each(SETS)('%s: %s', async (set, data) => {
    const itself = await opened(openFolder(`${FIXTURES}${set}`));
    const folder = join(scratch, 'model');
    cpSync(`${FIXTURES}${set}`, folder, { recursive: true });
    renameSync(join(folder, data), join(scratch, 'outside'));
    symlinkSync(join(scratch, 'outside'), join(folder, data));
    const digests = ({ rows }: Opened): string[] => Object.values(rows).flatMap(({ sha256 }) => sha256 ?? []);
    const through = await opened(openFolder(folder)).catch(() => undefined);
    if (!through) {
      expect((await rejection(openFolder(folder))).message).toMatch(/leads out of the folder/);
      return;
    }
    expect(through.problems.map(({ message }) => message).join('; ')).toMatch(/leads out of the folder/);
    expect(digests(itself)).toEqual(expect.arrayContaining(digests(through)));
    expect(digests(through).length).toBeLessThan(digests(itself).length);
  });
});

it('no file that an HDF5 dataset names is reached by a link that leads out', async () => {
  for (const file of ['elsewhere.h5', 'external-1.raw'])
    cpSync(`${FIXTURES}hdf5/${file}`, join(scratch, file));
  mkdirSync(join(scratch, 'model'));
  renameSync(join(scratch, 'elsewhere.h5'), join(scratch, 'model', 'elsewhere.h5'));
  cpSync(`${FIXTURES}hdf5/external-2.raw`, join(scratch, 'model', 'external-2.raw'));
  symlinkSync('../external-1.raw', join(scratch, 'model', 'external-1.raw'));
  const { rows, problems } = await opened(openFile(join(scratch, 'model', 'elsewhere.h5')));
  expect([rows['one_file']!.sha256 !== undefined, rows['two_files']!.sha256]).toEqual([true, undefined]);
  expect(problems.map(({ message }) => message).join('; ')).toContain(
    'the path external-1.raw leads out of the folder',
  );
});

it('no part of a GGUF set is reached by a link that leads out', async () => {
  const part = (number: number): Uint8Array =>
    ggufBytes({
      pairs: [
        ['split.no', { type: 2, value: number }],
        ['split.count', { type: 2, value: 2 }],
      ],
      tensors: [{ name: `w.${number}`, dims: [8], type: 0, offset: 0 }],
      data: new Uint8Array(32),
    });
  mkdirSync(join(scratch, 'model'));
  const first = join(scratch, 'model', 'm-00001-of-00002.gguf');
  writeFileSync(first, part(0));
  writeFileSync(join(scratch, 'second'), part(1));
  symlinkSync('../second', join(scratch, 'model', 'm-00002-of-00002.gguf'));
  const { rows, problems } = await opened(openFile(first));
  expect(Object.keys(rows)).toEqual(['w.0']);
  expect(problems.map(({ message }) => message)).toEqual([
    'the part m-00002-of-00002.gguf cannot be read: the path m-00002-of-00002.gguf leads out of the folder',
  ]);
});

it('a link that a person opens is followed', async () => {
  const link = join(scratch, 'state');
  symlinkSync(`${FIXTURES}flax/plain.msgpack`, link);
  const { rows } = await opened(openFile(link));
  expect(rows).toEqual((await opened(openFile(`${FIXTURES}flax/plain.msgpack`))).rows);
});

it('so is one to a folder', async () => {
  const link = join(scratch, 'model');
  symlinkSync(`${FIXTURES}dcp/two-ranks`, link);
  expect(await opened(openFolder(link))).toEqual(await opened(openFolder(`${FIXTURES}dcp/two-ranks`)));
});
