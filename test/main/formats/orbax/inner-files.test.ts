import { readdirSync, statSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

import { describe, expect, it } from 'vitest';

import { fileSource } from '#main/bytes/file-source.ts';
import { folderAt, foldersAround, folderOf, type Folder } from '#main/bytes/folder.ts';
import { memorySource } from '#main/bytes/memory-source.ts';
import type { Checkpoint } from '#main/formats/contract.ts';
import { openCheckpoint } from '#main/formats/detect.ts';
import { fileInput } from '#main/formats/input.ts';
import { orbax } from '#main/formats/orbax/orbax.ts';
import { memoryFolder } from '#test/kit/memory-folder.ts';
import { rowsOf } from '#test/kit/rows.ts';

const FIXTURES = fileURLToPath(new URL('../../../fixtures/orbax/', import.meta.url));

async function rows(opening: Promise<Checkpoint>): Promise<unknown> {
  const checkpoint = await opening;
  const found = await rowsOf(checkpoint);
  for (const source of checkpoint.sources) await source.close();
  return found;
}
const ofFolder = (path: string): Promise<unknown> => {
  const folder = folderAt(path);
  return rows(openCheckpoint({ kind: 'folder', name: folder.name, folder }));
};
const ofFile = async (path: string): Promise<unknown> =>
  rows(openCheckpoint(await fileInput(await fileSource(path), folderOf(path), foldersAround(path))));
const filesIn = (folder: string): string[] =>
  readdirSync(`${FIXTURES}${folder}`, { recursive: true, encoding: 'utf8' }).filter((path) =>
    statSync(`${FIXTURES}${folder}/${path}`).isFile(),
  );

describe('a file deep in a checkpoint opens all of it, as its folder does', () => {
  it.each([
    'leaves-ocdbt',
    'leaves-zarr2',
    'leaves-zarr3',
    'unmerged',
    'generations',
    'manager/9',
    'manager/10',
    'zarr2',
  ])('%s', async (folder) => {
    const whole = await ofFolder(`${FIXTURES}${folder}`);
    expect(Object.keys(whole as object).length).toBeGreaterThan(0);
    const files = filesIn(folder);
    expect(files.length).toBeGreaterThan(4);
    for (const file of files) expect(await ofFile(`${FIXTURES}${folder}/${file}`), file).toEqual(whole);
  });

  it('a chunk among folders of the zarr arrays of a T5X checkpoint', async () => {
    const whole = await ofFolder(`${FIXTURES}t5x`);
    expect(await ofFile(`${FIXTURES}t5x/target.encoder.layers_0.kernel/0.0`)).toEqual(whole);
  });

  it('a chunk with a folder for each dimension', async () => {
    const whole = await ofFolder(`${FIXTURES}zarr3`);
    expect(await ofFile(`${FIXTURES}zarr3/plain/c/0/2`)).toEqual(whole);
  });
});

describe('files that are only called so are nobody’s', () => {
  const files = new Map(
    [
      'd/00000000000000000000000000000000',
      'array_metadatas/process_0',
      '0.0',
      'c/0/1',
      'metrics/metrics',
    ].map((path) => [path, new Uint8Array(3)] as const),
  );
  it.each([...files.keys()])('%s', async (path) => {
    const steps = path.split('/');
    const root = memoryFolder('run', files);
    const folders: Folder[] = [root];
    for (const step of steps.slice(0, -1)) folders.unshift(folders[0]!.folder(step));
    const [folder, ...around] = folders;
    const source = memorySource(files.get(path)!, steps.at(-1));
    expect(await orbax.claims(await fileInput(source, folder, around))).toBe(false);
  });
});
