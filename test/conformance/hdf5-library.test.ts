/** Our HDF5 reader against the HDF5 library itself, compiled to WebAssembly: the same trees, shapes and bytes in every file. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Dataset, File, Group, ready } from 'h5wasm/node';
import { afterAll, describe, expect, it } from 'vitest';

import { fileSource } from '#main/bytes/file-source.ts';
import { folderOf } from '#main/bytes/folder.ts';
import { openZip } from '#main/encodings/zip/zip.ts';
import type { Checkpoint, StoredTensor } from '#main/formats/contract.ts';
import { hdf5 } from '#main/formats/hdf5/hdf5.ts';
import { fileInput } from '#main/formats/input.ts';
import { tensorReader } from '#main/formats/read.ts';
import { hasOracles, hasSamples, SHARED } from '#test/kit/shared-files.ts';

/** What the library tells of a dataset. */
interface Told {
  readonly shape: readonly number[] | null;
  /** H5T class. */
  readonly type: number;
  readonly size: number;
  readonly vlen: boolean;
  readonly total_size: number;
  readonly compound_type?: unknown;
}

const INTEGER = 0;
const FLOAT = 1;
const TEXT = 3;
const ENUM = 8;
/** Filters that the library has built in; without one it prints a complaint and returns garbage. */
const BUILT_IN = new Set(['deflate', 'shuffle', 'fletcher32', 'nbit', 'scaleoffset']);

const scratch = mkdtempSync(join(tmpdir(), 'paramscope-hdf5-'));
afterAll(() => rmSync(scratch, { recursive: true }));
const library = await ready;

function filesUnder(folder: string): string[] {
  return readdirSync(folder)
    .sort()
    .flatMap((name) => {
      const path = join(folder, name);
      return statSync(path).isDirectory() ? filesUnder(path) : [path];
    });
}

const isHdf5 = (path: string): boolean =>
  readFileSync(path).subarray(0, 8).equals(Buffer.from('\x89HDF\r\n\x1a\n', 'latin1'));

interface Node {
  readonly path: string;
  readonly dataset: Dataset;
}

/** Every path that leads to a dataset, links followed, as the library sees them. */
function datasetsIn(group: Group, prefix = ''): Node[] {
  return group.keys().flatMap((key): Node[] => {
    const child = group.get(key);
    const path = `${prefix}${key}`;
    if (child instanceof Group) return datasetsIn(child, `${path}/`);
    return child instanceof Dataset ? [{ path, dataset: child }] : [];
  });
}

/** A dataset's values as the library hands them out: in this machine's byte order, which is little-endian. */
function rawBytes(dataset: Dataset, byteLength: number): Buffer {
  if (byteLength === 0) return Buffer.alloc(0);
  const at = library._malloc(byteLength);
  try {
    library.get_dataset_data(dataset.file_id, dataset.path, null, null, null, BigInt(at));
    return Buffer.from(library.HEAPU8.slice(at, at + byteLength));
  } finally {
    library._free(at);
  }
}

async function canonicalBytes(tensor: StoredTensor, { sources }: Checkpoint): Promise<Buffer> {
  const reader = tensorReader(tensor, sources);
  return Buffer.from(await reader.read(0, reader.elementCount));
}

/** Compares one dataset. @returns whether there was a value to compare. */
async function compare({ path, dataset }: Node, checkpoint: Checkpoint): Promise<boolean> {
  const told = dataset.metadata as unknown as Told;
  const tensor = checkpoint.tensors.find(({ name }) => name === path);
  const isKnown = [INTEGER, FLOAT, TEXT, ENUM].includes(told.type) || told.compound_type !== undefined;
  if (told.shape === null || !isKnown) return false;
  expect(tensor, path).toBeDefined();
  expect([path, tensor!.shape]).toEqual([path, told.shape]);
  if (dataset.filters.some(({ name }) => !BUILT_IN.has(name))) return false;
  if (tensor!.storage.kind === 'strings') {
    const texts = tensor!.storage.values.map((value) => Buffer.from(value).toString('utf8'));
    const wanted = told.total_size === 1 && told.shape.length === 0 ? [dataset.value] : dataset.value;
    expect([path, texts]).toEqual([path, told.total_size === 0 ? [] : wanted]);
    return true;
  }
  if (told.type === TEXT || told.vlen) return false;
  const raw = rawBytes(dataset, told.size * told.total_size);
  expect([path, (await canonicalBytes(tensor!, checkpoint)).equals(raw)]).toEqual([path, true]);
  return true;
}

async function compareFile(path: string): Promise<number> {
  const file = new File(path, 'r');
  const source = await fileSource(path);
  try {
    const checkpoint = await hdf5.open(await fileInput(source, folderOf(path)));
    const datasets = datasetsIn(file);
    const paths = datasets.map((node) => node.path);
    expect(checkpoint.tensors.map(({ name }) => name).filter((name) => !paths.includes(name))).toEqual([]);
    let compared = 0;
    for (const node of datasets) if (await compare(node, checkpoint)) compared++;
    return compared;
  } finally {
    file.close();
    await source.close();
  }
}

describe.skipIf(!hasOracles || !hasSamples)('HDF5 files read as the HDF5 library reads them', () => {
  const files =
    hasOracles && hasSamples ? [...filesUnder(`${SHARED}oracles`), ...filesUnder(`${SHARED}samples`)] : [];
  it.each(files.filter(isHdf5).map((path) => [path.slice(SHARED.length), path]))(
    '%s',
    async (_name, path) => {
      expect(await compareFile(path)).toBeGreaterThan(0);
    },
  );

  const archives = files.filter((path) => path.endsWith('.keras'));
  it.each(archives.map((path) => [path.slice(SHARED.length), path]))(
    '%s, inside the archive',
    async (name, path) => {
      const source = await fileSource(path);
      const zip = await openZip(source);
      const member = await zip!.source(zip!.find('model.weights.h5')!);
      const copy = join(scratch, `${name.replace(/\W/g, '-')}.h5`);
      writeFileSync(copy, await member.read(0, member.byteLength));
      await source.close();
      expect(await compareFile(copy)).toBeGreaterThan(0);
    },
  );
});
