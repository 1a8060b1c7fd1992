import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

import { describe, expect, it } from 'vitest';

import { memorySource } from '#main/bytes/memory-source.ts';
import type { Checkpoint } from '#main/formats/contract.ts';
import { openCheckpoint } from '#main/formats/detect.ts';
import { fileInput } from '#main/formats/input.ts';
import { memoryFolder } from '#test/kit/memory-folder.ts';
import { rowsOf } from '#test/kit/rows.ts';

const FIXTURES = fileURLToPath(new URL('../../fixtures/dcp/', import.meta.url));
type Row = { readonly dtype: string; readonly shape: readonly number[]; readonly sha256: string };
const EXPECTED = JSON.parse(readFileSync(`${FIXTURES}expected.json`, 'utf8')) as Readonly<
  Record<string, Row>
>;
const FILES = new Map(
  readdirSync(`${FIXTURES}two-ranks`).map((name) => [
    name,
    Uint8Array.from(readFileSync(`${FIXTURES}two-ranks/${name}`)),
  ]),
);

type Files = ReadonlyMap<string, Uint8Array>;
const openFolder = async (files: Files = FILES): Promise<Checkpoint> =>
  openCheckpoint({ kind: 'folder', name: 'run', folder: memoryFolder('run', files) });
const openFile = async (name: string, files: Files = FILES): Promise<Checkpoint> =>
  openCheckpoint(await fileInput(memorySource(files.get(name)!, name), memoryFolder('run', files)));

/** The files with some bytes of one of them replaced by as many others. */
function altered(file: string, from: string, to: string): Files {
  const bytes = FILES.get(file)!.slice();
  const at = Buffer.from(bytes).toString('latin1').indexOf(from);
  if (at < 0 || from.length !== to.length) throw new Error(`${from} is not in ${file}`);
  bytes.set(Buffer.from(to, 'latin1'), at);
  return new Map([...FILES, [file, bytes]]);
}
const without = (file: string): Files => new Map([...FILES].filter(([name]) => name !== file));

describe('a distributed checkpoint as PyTorch wrote it', () => {
  it.each([
    ['its folder', () => openFolder()],
    ['its metadata', () => openFile('.metadata')],
    ['one of its parts', () => openFile('__0_0.distcp')],
    ['another of its parts', () => openFile('__1_0.distcp')],
    [
      'its metadata under another name',
      () => openFile('anything', new Map([...without('.metadata'), ['anything', FILES.get('.metadata')!]])),
    ],
  ])('opens by %s: every tensor put together', async (_, open) => {
    const checkpoint = await open();
    expect(await rowsOf(checkpoint)).toEqual(EXPECTED);
    expect(checkpoint.problems).toEqual([]);
    expect(checkpoint.format).toBe('pytorch');
    expect(checkpoint.dialect).toBe(
      'PyTorch distributed checkpoint (DCP) in 2 files, written by torch 2.7 or newer',
    );
  });

  it('objects that are no tensors are metadata', async () => {
    expect((await openFolder()).metadata).toEqual({
      epoch: 3,
      rate: 0.25,
      nothing: null,
      'groups.0.lr': 0.1,
      'groups.0.names': ['a', 'b'],
      checkpoint_version: '1.0.0',
    });
  });

  it('a tensor in parts has the checksum of each', async () => {
    const { tensors } = await openFolder();
    const rows = tensors.find(({ name }) => name === 'model.rows')!;
    expect(rows.storage).toMatchObject({ kind: 'chunked', chunks: [{ origin: [0, 0] }, { origin: [4, 0] }] });
    expect(rows.checksums).toHaveLength(2);
  });

  it('imports of the metadata and of every part are listed', async () => {
    const { imports } = await openFolder();
    const streams = new Set(imports.map(({ stream }) => stream.replace(/\[\d+\].*/, '')));
    expect([...streams].sort()).toEqual(['.metadata', '__0_0.distcp', '__1_0.distcp']);
    expect(imports).toContainEqual({
      module: 'torch.distributed.checkpoint.metadata',
      name: 'Metadata',
      offset: 62,
      stream: '.metadata',
    });
  });
});

describe('what is missing or damaged costs its own tensors alone', () => {
  it('a part that is not there', async () => {
    const checkpoint = await openFolder(without('__0_0.distcp'));
    const { tensors, problems } = checkpoint;
    expect(problems[0]).toEqual({
      code: 'missing-part',
      message: 'the part __0_0.distcp cannot be read: it is not in the folder',
    });
    const lost = tensors.filter(({ storage }) => storage.kind === 'none').map(({ name }) => name);
    expect(lost).toContain('model.rows');
    for (const name of lost) {
      expect(problems).toContainEqual(expect.objectContaining({ code: 'missing-part', tensor: name }));
      expect(tensors.find((tensor) => tensor.name === name)).toMatchObject({
        dtype: EXPECTED[name]!.dtype,
        shape: EXPECTED[name]!.shape,
      });
    }
    const kept = Object.entries(await rowsOf(checkpoint)).filter(([name]) => !lost.includes(name));
    expect(kept.length).toBeGreaterThan(2);
    for (const [name, row] of kept) expect(row).toEqual(EXPECTED[name]);
  });

  it('a part that the metadata do not name', async () => {
    const { problems } = await openFolder(new Map([...FILES, ['__7_0.distcp', new Uint8Array(3)]]));
    expect(problems).toEqual([
      {
        code: 'extra-part',
        message: '__7_0.distcp lies in the folder and belongs to no tensor of the checkpoint',
      },
    ]);
  });

  it('a name that leads out of the folder is not followed', async () => {
    const files = altered('.metadata', '__0_0.distcp', '../_0.distcp');
    const { problems } = await openFolder(files);
    expect(problems[0]!.message).toBe(
      'the part ../_0.distcp cannot be read: its name leads out of the folder',
    );
  });

  it('a part that is cut short', async () => {
    const cut = FILES.get('__1_0.distcp')!.slice(0, 9000);
    const checkpoint = await openFolder(new Map([...FILES, ['__1_0.distcp', cut]]));
    expect(new Set(checkpoint.problems.map(({ code }) => code))).toEqual(new Set(['corrupt']));
    const rows = Object.entries(await rowsOf(checkpoint));
    const lost = checkpoint.problems.map(({ tensor }) => tensor);
    expect(lost).toContain('model.columns');
    for (const [name, row] of rows) if (!lost.includes(name)) expect(row).toEqual(EXPECTED[name]);
  });

  it('metadata that are those of nothing', async () => {
    const files = altered('.metadata', 'state_dict_metadata', 'state_dict_metadatA');
    await expect(openFolder(files)).rejects.toMatchObject({
      code: 'corrupt',
      message: 'the metadata do not say what the checkpoint holds',
    });
  });

  it('a part whose dtype is another one', async () => {
    const files = altered('.metadata', '\x8c\x08bfloat16', '\x8c\x08__int16_');
    const { problems } = await openFolder(files);
    expect(problems).toContainEqual(
      expect.objectContaining({ code: 'unsupported', tensor: 'model.columns' }),
    );
  });

  it('a metadata file without its folder', async () => {
    const { tensors, problems } = await openCheckpoint(
      await fileInput(memorySource(FILES.get('.metadata')!, '.metadata')),
    );
    expect(tensors.map(({ storage }) => storage.kind)).toEqual(tensors.map(() => 'none'));
    expect(problems.filter(({ tensor }) => tensor === undefined).map(({ code }) => code)).toEqual([
      'missing-part',
      'missing-part',
    ]);
  });
});
