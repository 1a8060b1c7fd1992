import fc from 'fast-check';
import { cpus } from 'node:os';
import { deflateSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';

import {
  asChunkReader,
  chunkReaders,
  chunksAtOnce,
  chunkShareBytes,
  leaveChunkReaders,
} from '#main/bytes/chunk-share.ts';
import { memorySource } from '#main/bytes/memory-source.ts';
import type { Chunk } from '#main/encodings/filters/filters.ts';
import type { StoredTensor } from '#main/formats/contract.ts';
import { tensorReader, type TensorReader } from '#main/formats/read.ts';
import { anyOrderReader } from '#main/services/any-order.ts';
import { countingSource } from '#test/kit/counting-source.ts';

/** A matrix of u32 that count up, in packed chunks; what hangs over the edge is 0xffffffff. Remembers what is read. */
function stored(rows: number, columns: number, cellRows: number, cellColumns: number) {
  const parts: Buffer[] = [];
  const chunks: Chunk[] = [];
  let offset = 0;
  for (let row = 0; row < rows; row += cellRows) {
    for (let column = 0; column < columns; column += cellColumns) {
      const values = Uint32Array.from({ length: cellRows * cellColumns }, (_, at) => {
        const [y, x] = [row + Math.floor(at / cellColumns), column + (at % cellColumns)];
        return y < rows && x < columns ? y * columns + x : 0xffffffff;
      });
      const packed = deflateSync(new Uint8Array(values.buffer), { level: 1 });
      const shape = [cellRows, cellColumns];
      const place = { source: 0, offset, byteLength: packed.byteLength };
      chunks.push({ origin: [row, column], shape, ...place, filters: [{ kind: 'zlib' }] });
      parts.push(packed);
      offset += packed.byteLength;
    }
  }
  const source = countingSource(memorySource(new Uint8Array(Buffer.concat(parts)), 'chunks'));
  const tensor: StoredTensor = {
    name: 't',
    dtype: 'u32',
    shape: [rows, columns],
    storage: { kind: 'chunked', shape: [rows, columns], chunks, byteOrder: 'little' },
  };
  return { tensor, source, chunks };
}

/** All values, by windows of `size` elements. */
async function valuesOf(reader: TensorReader, size: number): Promise<number[]> {
  const values: number[] = [];
  for (let start = 0; start < reader.elementCount; start += size) {
    const bytes = await reader.read(start, Math.min(size, reader.elementCount - start));
    for (const value of new Uint32Array(bytes.buffer, bytes.byteOffset, bytes.byteLength / 4))
      values.push(value);
  }
  return values;
}

function isEachOnce(values: readonly number[], count: number): boolean {
  const seen = new Uint8Array(count);
  for (const value of values) seen[value]!++;
  return values.length === count && seen.every((times) => times === 1);
}

describe('values in any order', () => {
  // six mebibytes side by side: more than a box has
  const ROWS = 6000;
  const COLUMNS = 256;

  it('come each once, and each chunk is unpacked once, where chunks go down all rows', async () => {
    const { tensor, source, chunks } = stored(ROWS, COLUMNS, ROWS, 32);
    const values = await valuesOf(anyOrderReader(tensor, [source]), 65_536);
    expect(isEachOnce(values, ROWS * COLUMNS)).toBe(true);
    // not in C order
    expect(values[COLUMNS]).not.toBe(COLUMNS);
    const offsets = source.reads().map(([offset]) => offset);
    expect(offsets.sort((a, b) => a - b)).toEqual(chunks.map(({ offset }) => offset));
  });

  it('are in C order where that costs no more', async () => {
    const { tensor, source } = stored(64, 48, 16, 16);
    expect(await valuesOf(anyOrderReader(tensor, [source]), 100)).toEqual([...new Array(64 * 48).keys()]);
  });

  it('come each once, however windows and the grid lie', { timeout: 60_000 }, async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 5000, max: 6000 }),
        fc.integer({ min: 240, max: 300 }),
        fc.integer({ min: 7, max: 90 }),
        fc.integer({ min: 10_000, max: 900_000 }),
        async (rows, columns, cellColumns, size) => {
          const { tensor, source } = stored(rows, columns, rows, cellColumns);
          const values = await valuesOf(anyOrderReader(tensor, [source]), size);
          expect(isEachOnce(values, rows * columns)).toBe(true);
        },
      ),
      { numRuns: 4 },
    );
  });
});

describe('values in C order', () => {
  it('are read in blocks where the chunks side by side cannot all be kept', async () => {
    const { tensor, source, chunks } = stored(4000, 512, 4000, 64);
    // as many readers at once leave each less than the eight megabytes of all chunks
    const inCompany = (others: number, use: () => Promise<number[]>): Promise<number[]> =>
      others === 0 ? use() : asChunkReader(() => inCompany(others - 1, use));
    const values = await inCompany(16, () => valuesOf(tensorReader(tensor, [source]), 65_536));
    expect(values).toEqual([...new Array(4000 * 512).keys()]);
    // windows of 256 KiB would have each chunk unpacked 32 times
    expect(source.reads().length / chunks.length).toBeLessThanOrEqual(6);
  });
});

it('chunks that C order does not come back to are not kept', async () => {
  const { tensor, source, chunks } = stored(2048, 512, 64, 64);
  // less for each than the four megabytes of all chunks, and more than the 128 KiB of a row of them
  const inCompany = (others: number, use: () => Promise<void>): Promise<void> =>
    others === 0 ? use() : asChunkReader(() => inCompany(others - 1, use));
  await inCompany(32, async () => {
    const reader = tensorReader(tensor, [source]);
    await valuesOf(reader, 16_384);
    expect(source.reads().length).toBe(chunks.length);
    // the last row of chunks is there, the one before it is not
    await reader.read(2047 * 512, 512);
    expect(source.reads().length).toBe(chunks.length);
    await reader.read(1983 * 512, 512);
    expect(source.reads().length).toBe(chunks.length + 8);
  });
});

it('chunks of a tensor that fits are all kept', async () => {
  const { tensor, source, chunks } = stored(512, 512, 64, 64);
  const reader = tensorReader(tensor, [source]);
  await valuesOf(reader, 16_384);
  await valuesOf(reader, 16_384);
  expect(source.reads().length).toBe(chunks.length);
});

it('as many chunks are unpacked at once as there are processors for the readers of the moment', async () => {
  const atOnce = (others: number): Promise<number> =>
    others === 0 ? Promise.resolve(chunksAtOnce()) : asChunkReader(() => atOnce(others - 1));
  const processors = cpus().length;
  expect(await atOnce(1)).toBe(Math.min(8, processors));
  expect(await atOnce(2)).toBe(Math.min(8, Math.ceil(processors / 2)));
  expect(await atOnce(processors)).toBe(1);
});

it('memory for chunks is shared among those that read at the moment', async () => {
  const alone = chunkShareBytes();
  await asChunkReader(async () => {
    expect(chunkShareBytes()).toBe(alone);
    await asChunkReader(async () => expect(chunkShareBytes()).toBe(alone / 2));
  });
  await expect(asChunkReader(() => Promise.reject(new Error('no')))).rejects.toThrow('no');
  expect(chunkShareBytes()).toBe(alone);
});

it('a thread that dies gives its share of the memory back', () => {
  const alone = chunkShareBytes();
  const readers = chunkReaders(2);
  // what two readers of that thread would have counted
  Atomics.add(new Int32Array(readers.counts), readers.place, 2);
  expect(chunkShareBytes()).toBe(alone / 2);
  leaveChunkReaders(readers);
  expect(chunkShareBytes()).toBe(alone);
});
