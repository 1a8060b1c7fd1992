import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';

import { fileSource } from '#main/bytes/file-source.ts';
import { analysisKernels, memoryRegion, placeInput } from '#main/kernels/analysis-module.ts';
import { repeatedWindows } from '#main/services/repeated-windows.ts';
import { heatMapTask } from '#main/services/tasks/heat-map.ts';
import { planOf, withReader, type TensorPlan } from '#main/services/tensor-plan.ts';
import { windowPairs } from '#main/services/window-pairs.ts';
import { windowsOf } from '#main/services/windows.ts';

const folder = mkdtempSync(join(tmpdir(), 'moving-windows-'));
afterAll(() => rmSync(folder, { recursive: true }));

const WINDOW = 2 ** 18;

/** Lets the kernels' memory grow, as another pass of the thread does that needs much of it. */
function grow(): void {
  const { memory } = analysisKernels();
  const { byteLength } = memory.buffer;
  while (memory.buffer.byteLength === byteLength) memoryRegion().reserve(32 * 2 ** 20);
}

async function inFile(
  dtype: string,
  shape: readonly number[],
  values: Uint16Array | Uint32Array,
): Promise<TensorPlan> {
  const path = join(folder, `${dtype}-${shape.join('-')}`);
  writeFileSync(path, values);
  const { byteLength } = values;
  const storage = { kind: 'dense', source: 0, offset: 0, byteLength, byteOrder: 'little' } as const;
  return planOf({ name: 't', dtype, shape, storage }, [await fileSource(path)]);
}

const twoWindows = Uint32Array.from({ length: WINDOW + 3 }, (_, at) => at);
const wordsOf = ({ buffer, byteOffset, byteLength }: Uint8Array) =>
  Array.from(new Uint32Array(buffer, byteOffset, byteLength / 4));

// first, while the memory is as it was at the start
it('a picture of many cells is made, though its cells alone are more than kernels begin with', async () => {
  const SIZE = 1400;
  const codes = new Uint16Array(SIZE * SIZE).map((_, at) => 0x3f80 + (at % 100));
  const plan = await inFile('bf16', [SIZE, SIZE], codes);
  const axis = { start: 0, count: SIZE, step: 1, isDropped: false };
  const cells = await heatMapTask({ plan, axes: [axis, axis], isTransposed: false, cells: SIZE }, {});
  // a step of the last of seven bits from 1 on
  expect([cells.min, cells.max]).toEqual([1, 1 + 99 / 128]);
  expect(cells.mean[SIZE + 7]).toBe(1 + ((SIZE + 7) % 100) / 128);
});

describe('memory of kernels that grows', () => {
  it('loses no window that has been read and is still to be looked at', async () => {
    const plan = await inFile('u32', [WINDOW + 3], twoWindows);
    const found = await withReader(plan, async (reader) => {
      const values: number[] = [];
      const windows = windowsOf(reader, {});
      for (let next = await windows.next(); !next.done; next = await windows.next()) {
        grow();
        for (const value of wordsOf(next.value.bytes)) values.push(value);
      }
      return values;
    });
    expect(found).toEqual([...twoWindows]);
  });

  it('loses nothing of a small tensor that is kept to be read twice', async () => {
    const few = twoWindows.subarray(0, 1000);
    const found = await withReader(await inFile('u32', [1000], few), async (reader) => {
      const values: number[] = [];
      const repeated = repeatedWindows(reader);
      for (let time = 0; time < 2; time++) {
        const windows = repeated.windows({});
        for (let next = await windows.next(); !next.done; next = await windows.next()) {
          grow();
          values.push(...wordsOf(next.value.bytes));
        }
      }
      repeated.release();
      return values;
    });
    expect(found).toEqual([...few, ...few]);
  });

  it('loses neither side of a pair', async () => {
    const plan = await inFile('u32', [WINDOW + 3], twoWindows);
    const found = await withReader(plan, (a) =>
      withReader(plan, async (b) => {
        const values: number[] = [];
        const pairs = windowPairs(a, b, {});
        for (let next = await pairs.next(); !next.done; next = await pairs.next()) {
          grow();
          const { bytes, other } = next.value;
          expect(wordsOf(other)).toEqual(wordsOf(bytes));
          for (const value of wordsOf(bytes)) values.push(value);
        }
        return values;
      }),
    );
    expect(found).toEqual([...twoWindows]);
  });

  it('ends a pass while whose window is looked at, as some of it may have been missed', async () => {
    const plan = await inFile('u32', [WINDOW + 3], twoWindows);
    const looked = withReader(plan, async (reader) => {
      for await (const { bytes } of windowsOf(reader, {})) {
        grow();
        expect(bytes.byteLength).toBe(0);
      }
    });
    await expect(looked).rejects.toMatchObject({ code: 'internal', message: expect.stringMatching(/grew/) });
    const paired = withReader(plan, (a) =>
      withReader(plan, async (b) => {
        for await (const { other } of windowPairs(a, b, {})) {
          grow();
          expect(other.byteLength).toBe(0);
        }
      }),
    );
    await expect(paired).rejects.toMatchObject({ code: 'internal', message: expect.stringMatching(/grew/) });
  });

  it('has no kernel compute on a view of before', () => {
    const { memory } = analysisKernels();
    const view = new Uint8Array(memory.buffer, memoryRegion().reserve(64), 64);
    grow();
    expect(() => placeInput(view)).toThrow(/grew/);
    expect(placeInput(new Uint8Array(0))).toBeGreaterThan(0);
  });
});
