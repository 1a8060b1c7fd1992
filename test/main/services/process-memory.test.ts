import { spawnSync } from 'node:child_process';
import { linkSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { deflateSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { bundleForNode } from '#test/kit/node-bundles.ts';

const MOST_BYTES = 300 * 2 ** 20;
const TENSORS = 16;
/** Half a gigabyte in all. */
const SHAPE = [2048, 4096];
const CHUNK = 512;

const folder = mkdtempSync(join(tmpdir(), 'paramscope-process-memory-'));
const store = join(folder, 'packed.zarr');
afterAll(() => rmSync(folder, { recursive: true }));

/** A zarr store whose chunks are all the same file. */
function writeStore(): void {
  const values = new Uint32Array(CHUNK * CHUNK).map((_, at) => Math.imul(at, 2_654_435_761) & 0x3fff0000);
  const packed = join(folder, 'chunk');
  writeFileSync(packed, deflateSync(new Uint8Array(values.buffer), { level: 1 }));
  mkdirSync(store);
  writeFileSync(join(store, '.zgroup'), '{"zarr_format":2}');
  const description = { zarr_format: 2, shape: SHAPE, chunks: [CHUNK, CHUNK], dtype: '<f4', order: 'C' };
  const packing = { compressor: { id: 'zlib', level: 1 }, fill_value: 0, filters: null };
  for (let tensor = 0; tensor < TENSORS; tensor++) {
    const array = join(store, `layer${tensor}`);
    mkdirSync(array);
    writeFileSync(join(array, '.zarray'), JSON.stringify({ ...description, ...packing }));
    for (let row = 0; row < SHAPE[0]! / CHUNK; row++) {
      for (let column = 0; column < SHAPE[1]! / CHUNK; column++)
        linkSync(packed, join(array, `${row}.${column}`));
    }
  }
}

describe('a process with eight compute threads', { timeout: 120_000 }, () => {
  beforeAll(async () => {
    writeStore();
    await bundleForNode(folder, {
      'pass-alone': 'test/kit/pass-alone.ts',
      compute: 'main/services/compute-thread.ts',
    });
  }, 120_000);

  for (const command of ['checkpoint.summarize', 'checkpoint.verify']) {
    it(`takes no more than 300 MiB for ${command} of packed chunks`, () => {
      const run = spawnSync(process.execPath, [join(folder, 'pass-alone.cjs'), command, store], {
        encoding: 'utf8',
        maxBuffer: 2 ** 26,
      });
      expect(run.stderr).toBe('');
      const { answer, peakBytes } = JSON.parse(run.stdout) as {
        answer: { tensors: readonly { state?: string; summary?: { count: number } }[] };
        peakBytes: number;
      };
      expect(answer.tensors.length).toBe(TENSORS);
      for (const { state, summary } of answer.tensors)
        expect(summary?.count ?? state).toBe(summary ? SHAPE[0]! * SHAPE[1]! : 'verified');
      expect(peakBytes).toBeLessThan(MOST_BYTES);
    });
  }
});
