import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';

import { folderAt, type Folder } from '#main/bytes/folder.ts';
import type { Checkpoint } from '#main/formats/contract.ts';
import { openCheckpoint } from '#main/formats/detect.ts';
import { fileInput } from '#main/formats/input.ts';
import { ggufBytes } from '#test/kit/gguf-bytes.ts';

const U16 = 2;
const I32 = 5;

function part(number: number, count: number, total = 3): Uint8Array {
  return ggufBytes({
    pairs: [
      ['split.no', { type: U16, value: number - 1 }],
      ['split.count', { type: U16, value: count }],
      ['split.tensors.count', { type: I32, value: total }],
    ],
    tensors: [{ name: `w.${number}`, dims: [8], type: 0, offset: 0 }],
    data: new Uint8Array(32).fill(number),
  });
}

const name = (number: number, count = 3): string =>
  `m-${String(number).padStart(5, '0')}-of-${String(count).padStart(5, '0')}.gguf`;

const WHOLE = new Map([1, 2, 3].map((number) => [name(number), part(number, 3)]));

const made: string[] = [];

afterAll(async () => {
  for (const path of made) await rm(path, { recursive: true });
});

async function folderWith(files: ReadonlyMap<string, Uint8Array>): Promise<Folder> {
  const path = await mkdtemp(join(tmpdir(), 'gguf-'));
  made.push(path);
  for (const [file, bytes] of files) await writeFile(join(path, file), bytes);
  return folderAt(path);
}

async function open(files: ReadonlyMap<string, Uint8Array>, opened: string): Promise<Checkpoint> {
  const folder = await folderWith(files);
  return closed(await openCheckpoint(await fileInput(await folder.open(opened), folder)));
}

async function closed(checkpoint: Checkpoint): Promise<Checkpoint> {
  for (const source of checkpoint.sources) await source.close();
  return checkpoint;
}

const namesOf = (checkpoint: Checkpoint): string[] => checkpoint.tensors.map((tensor) => tensor.name);

describe('a set of split files', () => {
  it.each([1, 2, 3])('opens as one by part %i', async (number) => {
    const checkpoint = await open(WHOLE, name(number));
    expect(checkpoint.problems).toEqual([]);
    expect(namesOf(checkpoint)).toEqual(['w.1', 'w.2', 'w.3']);
    expect(checkpoint.dialect).toBe('GGUF version 3, in 3 parts');
    expect(checkpoint.sources.map((source) => source.name)).toEqual([1, 2, 3].map((at) => name(at)));
  });

  it('opens as one by its folder', async () => {
    const folder = await folderWith(WHOLE);
    const checkpoint = await closed(await openCheckpoint({ kind: 'folder', name: 'folder', folder }));
    expect(namesOf(checkpoint)).toEqual(['w.1', 'w.2', 'w.3']);
  });

  const check = async (
    files: ReadonlyMap<string, Uint8Array>,
    opened: string,
    names: readonly string[],
    problems: readonly { code: string; message: string }[],
  ): Promise<void> => {
    const checkpoint = await open(files, opened);
    expect(namesOf(checkpoint)).toEqual(names);
    expect(checkpoint.problems).toEqual(problems);
  };

  it('names a part that is missing and keeps the rest', async () => {
    const files = new Map([...WHOLE].filter(([key]) => key !== name(2)));
    await check(
      files,
      name(3),
      ['w.1', 'w.3'],
      [{ code: 'missing-part', message: `the part ${name(2)} is not in the folder` }],
    );
  });

  it('names a part that is broken and keeps the rest', async () => {
    const files = new Map([...WHOLE, [name(2), part(2, 3).subarray(0, 30)]]);
    await check(
      files,
      name(1),
      ['w.1', 'w.3'],
      [
        {
          code: 'missing-part',
          message: `the part ${name(2)} cannot be read: the number of tensors is more than the file has room for`,
        },
      ],
    );
  });

  it('names a part of another number', async () => {
    const files = new Map([...WHOLE, [name(2), part(3, 3)]]);
    await check(
      files,
      name(1),
      ['w.1', 'w.3'],
      [{ code: 'wrong-part', message: `${name(2)} says that it is part 3 of 3` }],
    );
  });

  it('names a file under another name', async () => {
    await check(
      new Map([['model.gguf', part(2, 3)]]),
      'model.gguf',
      ['w.2'],
      [
        {
          code: 'missing-part',
          message:
            'this is part 2 of 3, and without a name such as model-00002-of-00003.gguf the others cannot be found',
        },
      ],
    );
  });

  it('names a wrong number of tensors', async () => {
    const files = new Map([...WHOLE, [name(1), part(1, 3, 7)]]);
    await check(
      files,
      name(2),
      ['w.1', 'w.2', 'w.3'],
      [{ code: 'split-tensors', message: 'the parts hold 3 tensors, and split.tensors.count says 7' }],
    );
  });
});
