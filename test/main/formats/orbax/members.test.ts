import { cpSync, readFileSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { fileSource } from '#main/bytes/file-source.ts';
import { folderAt, folderOf } from '#main/bytes/folder.ts';
import type { Checkpoint } from '#main/formats/contract.ts';
import { openCheckpoint } from '#main/formats/detect.ts';
import { fileInput } from '#main/formats/input.ts';
import { orbax } from '#main/formats/orbax/orbax.ts';
import { memoryFolder } from '#test/kit/memory-folder.ts';
import { rejection } from '#test/kit/rejection.ts';

const FIXTURES = fileURLToPath(new URL('../../../fixtures/orbax/', import.meta.url));

let temporary: string;
beforeEach(async () => {
  temporary = await mkdtemp(join(tmpdir(), 'orbax-'));
});
afterEach(() => rm(temporary, { recursive: true }));

/** A fixture that may be changed. */
function copyOf(name: string): string {
  const path = join(temporary, name);
  cpSync(`${FIXTURES}${name}`, path, { recursive: true });
  return path;
}

const openFolder = (path: string): Promise<Checkpoint> =>
  openCheckpoint({ kind: 'folder', name: folderAt(path).name, folder: folderAt(path) });
const openFile = async (path: string): Promise<Checkpoint> =>
  openCheckpoint(await fileInput(await fileSource(path), folderOf(path)));

async function namesOf(opening: Promise<Checkpoint>): Promise<string[]> {
  const checkpoint = await opening;
  for (const source of checkpoint.sources) await source.close();
  return checkpoint.tensors.map(({ name }) => name);
}

describe('a checkpoint opens by any of its own files', () => {
  it.each(['_METADATA', '_CHECKPOINT_METADATA', '_sharding', '_strings.json', 'manifest.ocdbt'])(
    'leaves-ocdbt/%s',
    async (file) => {
      const whole = await namesOf(openFolder(`${FIXTURES}leaves-ocdbt`));
      expect(whole.length).toBe(11);
      expect(await namesOf(openFile(`${FIXTURES}leaves-ocdbt/${file}`))).toEqual(whole);
    },
  );

  it('by the description of an array that is alone', async () => {
    expect(await namesOf(openFile(`${FIXTURES}zarr2/fortran/.zarray`))).toEqual(['value']);
    expect(await namesOf(openFile(`${FIXTURES}zarr3/plain/zarr.json`))).toEqual(['value']);
    expect(await namesOf(openFolder(`${FIXTURES}zarr3/plain`))).toEqual(['value']);
  });

  it('by the tree under another name', async () => {
    const folder = copyOf('leaves-zarr2');
    await rename(join(folder, '_METADATA'), join(folder, 'other'));
    expect((await namesOf(openFile(join(folder, 'other')))).length).toBe(11);
  });

  it('by the links that lie beside its folders, as Flax', async () => {
    const checkpoint = await openFile(`${FIXTURES}t5x/checkpoint`);
    for (const source of checkpoint.sources) await source.close();
    expect(checkpoint.format).toBe('flax');
    expect(checkpoint.tensors.map(({ name, storage }) => [name, storage.kind])).toEqual([
      ['optimizer.target.encoder.layers_0.scale', 'dense'],
      ['optimizer.state.step', 'dense'],
      ['optimizer.target.encoder.layers_0.kernel', 'chunked'],
      ['optimizer.target.encoder.lost', 'none'],
    ]);
  });
});

describe('folders that are no checkpoint are not claimed', () => {
  it.each<[string, Readonly<Record<string, Uint8Array>>]>([
    ['empty', {}],
    [
      'with a text called checkpoint',
      { checkpoint: Uint8Array.from(Buffer.from('model_checkpoint_path: "a"')) },
    ],
    ['of numbered folders of other things', { '1/a.txt': new Uint8Array(1), '2/b': new Uint8Array(1) }],
    ['with a map that has no arrays', { checkpoint: Uint8Array.of(0x81, 0xa1, 0x61, 1) }],
  ])('%s', async (_what, files) => {
    const folder = memoryFolder('net', new Map(Object.entries(files)));
    expect(await orbax.claims({ kind: 'folder', name: 'net', folder })).toBe(false);
  });
});

describe('what is missing or damaged is told, and the rest opens', () => {
  const problemsOf = async (path: string): Promise<(string | undefined)[][]> => {
    const checkpoint = await openFolder(path);
    for (const source of checkpoint.sources) await source.close();
    return checkpoint.problems.map(({ code, message, tensor }) => [code, message, tensor]);
  };

  it('an array of the tree', async () => {
    const folder = copyOf('leaves-zarr2');
    await rm(join(folder, 'tuple.0'), { recursive: true });
    expect(await problemsOf(folder)).toEqual([
      ['missing-part', 'the tree has an array that is not there', 'tuple.0'],
    ]);
  });

  it('a chunk that should be stored', async () => {
    const folder = copyOf('leaves-zarr2');
    await rm(join(folder, 'pieces', '1.1'));
    expect(await problemsOf(folder)).toEqual([
      ['missing-part', '1 of 4 chunks are not there; their values are shown as the fill value', 'pieces'],
    ]);
  });

  it('the tree', async () => {
    const folder = copyOf('leaves-zarr2');
    await writeFile(join(folder, '_METADATA'), '{');
    expect(await problemsOf(folder)).toEqual([
      ['tree', 'the tree of the checkpoint is not JSON: arrays are listed as they are found', undefined],
    ]);
  });

  it('texts', async () => {
    const folder = copyOf('leaves-zarr2');
    await rm(join(folder, '_strings.json'));
    expect(await problemsOf(folder)).toEqual([
      ['missing-part', 'the texts of the tree should be in _strings.json, which cannot be read', undefined],
    ]);
  });

  it('a branch of a database', async () => {
    const folder = copyOf('deep');
    const whole = await openFolder(folder);
    // the last region is that of a leaf, the node that was read last
    const leaf = whole.regions.at(-1)!;
    const { name } = whole.sources[leaf.source]!;
    for (const source of whole.sources) await source.close();
    const path = join(folder, 'd', name);
    const bytes = readFileSync(path);
    bytes[leaf.begin + 20]! ^= 1;
    await writeFile(path, bytes);
    const damaged = await openFolder(folder);
    for (const source of damaged.sources) await source.close();
    expect(damaged.problems.map(({ code }) => code)).toContain('corrupt');
    expect(damaged.problems[0]!.message).toMatch(
      /misses its checksum, in d\/\w+: what is below it is missing$/,
    );
    expect(damaged.tensors.length).toBeGreaterThan(0);
    expect(damaged.tensors.length).toBeLessThan(12);
  });

  it('the part of a process', async () => {
    const folder = copyOf('unmerged');
    await mkdir(join(folder, 'ocdbt.process_1'));
    expect((await problemsOf(folder)).map(([code]) => code)).toEqual(['interrupted', 'missing-part']);
  });

  it('the end of a save', async () => {
    const folder = copyOf('leaves-zarr3');
    await rename(folder, `${folder}.orbax-checkpoint-tmp-12`);
    expect(await problemsOf(`${folder}.orbax-checkpoint-tmp-12`)).toEqual([
      [
        'interrupted',
        'leaves-zarr3.orbax-checkpoint-tmp-12 is a folder of a save that did not come to its end',
        undefined,
      ],
    ]);
  });
});

describe('nothing outside the folder is read', () => {
  it('chunks and data files that are links', async () => {
    const zarr = copyOf('leaves-zarr2');
    const chunk = join(zarr, 'tuple.0', '0');
    await rename(chunk, join(temporary, 'elsewhere'));
    await symlink(join(temporary, 'elsewhere'), chunk);
    const checkpoint = await openFolder(zarr);
    for (const source of checkpoint.sources) await source.close();
    expect(checkpoint.problems).toEqual([
      {
        code: 'corrupt',
        message: 'the path 0 leads out of the folder'.replace('0', 'tuple.0/0'),
        tensor: 'tuple.0',
      },
    ]);
    expect(checkpoint.tensors.find(({ name }) => name === 'tuple.0')!.storage).toEqual({ kind: 'none' });

    const database = copyOf('inline');
    const data = join(database, 'd');
    for (const name of await readdir(data)) {
      await rename(join(data, name), join(temporary, name));
      await symlink(join(temporary, name), join(data, name));
    }
    const error = await rejection(openFolder(database));
    expect(error.message).toMatch(/^the path d\/\w+ leads out of the folder$/);
  });
});
