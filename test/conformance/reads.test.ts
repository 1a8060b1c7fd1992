/**
 * Opening reads headers, within the number of reads and bytes that `reads.json` states for each file the frameworks wrote.
 * With `UPDATE_READS=1` the statement is written anew.
 */
import {
  existsSync,
  mkdtempSync,
  openSync,
  ftruncateSync,
  closeSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { fileSource } from '#main/bytes/file-source.ts';
import { folderAt, folderOf, type Folder } from '#main/bytes/folder.ts';
import type { ByteSource } from '#main/bytes/source.ts';
import { openCheckpoint } from '#main/formats/detect.ts';
import { fileInput, type FormatInput } from '#main/formats/input.ts';
import { isAppError } from '#shared/errors.ts';
import { countingSource, type CountingSource } from '#test/kit/counting-source.ts';
import { bundleForNode } from '#test/kit/node-bundles.ts';
import { hasOracles, ORACLES, readOracles } from '#test/kit/shared-files.ts';

const STATED = fileURLToPath(new URL('reads.json', import.meta.url));
const isUpdate = process.env['UPDATE_READS'] === '1';
type Reads = Record<string, readonly [reads: number, bytes: number]>;
const stated: Reads = existsSync(STATED) ? (JSON.parse(readFileSync(STATED, 'utf8')) as Reads) : {};
const found: Reads = {};

/** What is stated leaves room for one more look at a file, and for a header that grew by a line. */
const SPARE_READS = 2;
const PAGE_BYTES = 4096;
/** For files that the statement does not have yet. */
const UNSTATED = [40, 256 * 1024] as const;

/** A folder whose files are counted, too. */
function countingFolder(of: Folder, count: (source: ByteSource) => CountingSource): Folder {
  return {
    ...of,
    open: async (name) => count(await of.open(name)),
    folder: (name) => countingFolder(of.folder(name), count),
  };
}

async function readsOf(path: string): Promise<readonly [reads: number, bytes: number]> {
  const sources: CountingSource[] = [];
  const count = (source: ByteSource): CountingSource => {
    const counted = countingSource(source);
    sources.push(counted);
    return counted;
  };
  const isFolder = statSync(path).isDirectory();
  const input: FormatInput = isFolder
    ? {
        kind: 'folder',
        name: basename(path),
        folder: countingFolder(folderAt(path.replace(/\/$/, '')), count),
      }
    : await fileInput(count(await fileSource(path)), countingFolder(folderOf(path), count));
  const checkpoint = await openCheckpoint(input);
  const total = sources.flatMap((source) => source.reads());
  await Promise.all([...sources, ...checkpoint.sources].map((source) => source.close().catch(() => {})));
  return [total.length, total.reduce((sum, [, length]) => sum + length, 0)];
}

describe.skipIf(!hasOracles)('opening takes no more reads and bytes than stated', () => {
  const paths = hasOracles ? Object.keys(readOracles().files) : [];
  afterAll(() => {
    if (isUpdate)
      writeFileSync(
        STATED,
        `{\n${Object.entries(found)
          .map(([path, row]) => `${JSON.stringify(path)}: ${JSON.stringify(row)}`)
          .join(',\n')}\n}\n`,
      );
  });

  it.each(paths)('%s', async (path) => {
    const opened = await readsOf(`${ORACLES}${path}`).catch((error: unknown) => {
      // what is still to come opens nowhere; the suite of formats tells which files must
      if (isAppError(error) && error.code === 'unsupported') return undefined;
      throw error;
    });
    if (!opened) return;
    const [reads, bytes] = opened;
    found[path] = [reads + SPARE_READS, Math.ceil((bytes + 1) / PAGE_BYTES) * PAGE_BYTES];
    if (isUpdate) return;
    const [mostReads, mostBytes] = stated[path] ?? UNSTATED;
    expect({ reads, bytes }, `run with UPDATE_READS=1 where more is meant`).toEqual({
      reads: Math.min(reads, mostReads),
      bytes: Math.min(bytes, mostBytes),
    });
  });
});

describe('large files open at once, in little memory', () => {
  const folder = mkdtempSync(join(tmpdir(), 'paramscope-large-'));
  afterAll(() => rmSync(folder, { recursive: true }));

  /** A safetensors file of f32 tensors of one size; the values are a hole in the file, which takes no room on the disk. */
  function largeFile(name: string, tensors: number, elements: number): string {
    const size = elements * 4;
    const entries = Array.from({ length: tensors }, (_, index) => {
      const range = `[${index * size},${(index + 1) * size}]`;
      return `"model.layers.${index}.mlp.weight":{"dtype":"F32","shape":[${elements}],"data_offsets":${range}}`;
    });
    const header = Buffer.from(`{${entries.join(',')}}`);
    const length = Buffer.alloc(8);
    length.writeBigUInt64LE(BigInt(header.byteLength));
    const path = join(folder, name);
    const file = openSync(path, 'w');
    writeSync(file, Buffer.concat([length, header]));
    ftruncateSync(file, 8 + header.byteLength + tensors * size);
    closeSync(file);
    return path;
  }

  beforeAll(() => bundleForNode(folder, { 'open-alone': 'test/kit/open-alone.ts' }));

  /** Opens a file in a process of its own and tells what that took. */
  function openAlone(path: string): { milliseconds: number; peakBytes: number; tensors: number } {
    const run = spawnSync(process.execPath, [join(folder, 'open-alone.cjs'), path], { encoding: 'utf8' });
    if (run.status !== 0) throw new Error(run.stderr);
    return JSON.parse(run.stdout) as { milliseconds: number; peakBytes: number; tensors: number };
  }

  it.each([
    ['100,000 tensors', 100_000, 4],
    ['300 tensors of 10 GB', 300, 8_500_000],
  ])('%s', (name, tensors, elements) => {
    const path = largeFile(name.replace(/\W/g, '-'), tensors, elements);
    const { milliseconds, peakBytes, ...rest } = openAlone(path);
    expect(rest.tensors).toBe(tensors);
    expect(peakBytes).toBeLessThan(300 * 2 ** 20);
    expect(milliseconds).toBeLessThan(1000);
  });
});
