import fc from 'fast-check';
import { closeSync, ftruncateSync, mkdtempSync, openSync, rmSync, writeFileSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';

import { fileSource } from '#main/bytes/file-source.ts';
import { memorySource } from '#main/bytes/memory-source.ts';
import type { StoredTensor } from '#main/formats/contract.ts';
import { emptyDifference, mergeDifference, type DifferenceSums } from '#main/kernels/difference-sums.ts';
import { createCompute, type Compute } from '#main/services/compute.ts';
import { pairDifference, type TensorPair } from '#main/services/pair-difference.ts';
import { transposedTensor } from '#main/services/sliced-tensor.ts';
import { differenceTask, type DifferenceTask } from '#main/services/tasks/difference.ts';
import { planOf, viewPlan, type TensorPlan } from '#main/services/tensor-plan.ts';
import { turns } from '#main/services/turns.ts';
import { AppError } from '#shared/errors.ts';

const folder = mkdtempSync(join(tmpdir(), 'pair-difference-'));
afterAll(() => rmSync(folder, { recursive: true }));

const WINDOW = 2 ** 18;

function f32Tensor(shape: readonly number[]): StoredTensor {
  const byteLength = 4 * shape.reduce((product, size) => product * size, 1);
  const storage = { kind: 'dense', source: 0, offset: 0, byteLength, byteOrder: 'little' } as const;
  return { name: 't', dtype: 'f32', shape, storage };
}

function inMemory(values: Float32Array, shape: readonly number[] = [values.length]): TensorPlan {
  return planOf(f32Tensor(shape), [memorySource(new Uint8Array(values.buffer))]);
}

const ROWS = 1021;
const COLUMNS = 2003;
const COUNT = ROWS * COLUMNS;
/** Seven windows and a part of one, of many magnitudes. */
const VALUES = Float32Array.from({ length: COUNT }, (_, index) => {
  const mixed = Math.imul(index, 2_654_435_761) >>> 0;
  return ((mixed % 20_011) - 9000) * 2 ** ((mixed >>> 24) / 8 - 20);
});

/** Another one from an element on, each third of them; the furthest ones twice, in different windows. */
function changedFrom(first: number): Float32Array {
  const values = VALUES.slice();
  for (let at = first; at < COUNT; at += 3) values[at]! *= 1 + 1e-6 * ((at % 7) - 3);
  for (const at of [COUNT - 5, Math.max(first, 5 * WINDOW + 9)]) values[at] = VALUES[at]! + 2 ** 20;
  return values;
}

async function mergedParts(
  pair: TensorPair,
  cuts: readonly number[],
  isKnown: (part: number) => boolean,
): Promise<DifferenceSums> {
  const bounds = [0, ...[...new Set(cuts)].sort((x, y) => x - y), COUNT];
  const { a, tolerance } = pair;
  const sums = emptyDifference();
  for (let part = 0; part + 1 < bounds.length; part++) {
    const range = { begin: bounds[part]!, end: bounds[part + 1]! };
    const found = await differenceTask({ ...pair, ...range, isDifferent: isKnown(part) }, {});
    const { windows } = found.isIdentical
      ? await differenceTask({ a, ...(tolerance ? { tolerance } : {}), ...range }, {})
      : found;
    for (const window of windows) mergeDifference(sums, window);
  }
  return sums;
}

describe('figures of a pair are the same to the last bit, however it is cut', () => {
  const firsts = [0, WINDOW - 1, 3 * WINDOW + 77, COUNT - 1];
  it.each(firsts)('and are those of the definition, with differences from element %d on', async (first) => {
    const other = changedFrom(first);
    const pair = { a: inMemory(VALUES), b: inMemory(other), tolerance: [1e-3, 1e-3] as const };
    const whole = await mergedParts(pair, [], () => false);

    const plain = { changed: 0, maxAbs: 0, maxAt: -1, a: 0, b: 0, difference: 0 };
    VALUES.forEach((value, at) => {
      const distance = Math.abs(value - other[at]!);
      if (distance > 0) plain.changed++;
      if (distance > plain.maxAbs) Object.assign(plain, { maxAbs: distance, maxAt: at });
      plain.a += value * value;
      plain.b += other[at]! * other[at]!;
      plain.difference += distance * distance;
    });
    expect(whole).toMatchObject({
      compared: COUNT,
      changed: plain.changed,
      unequal: plain.changed,
      maxAbs: plain.maxAbs,
      maxAt: plain.maxAt,
    });
    // a plain sum rounds at each of two million steps
    expect(Math.abs(whole.squaresA / plain.a - 1)).toBeLessThan(1e-11);
    expect(Math.abs(whole.squaresB / plain.b - 1)).toBeLessThan(1e-11);
    expect(Math.abs(whole.squaresDifference / plain.difference - 1)).toBeLessThan(1e-11);

    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.integer({ min: 1, max: 7 }), { maxLength: 7 }),
        fc.array(fc.boolean(), { minLength: 8, maxLength: 8 }),
        async (windows, known) => {
          const cuts = windows.map((window) => window * WINDOW);
          expect(await mergedParts(pair, cuts, (part) => known[part]!)).toEqual(whole);
        },
      ),
      { numRuns: 6 },
    );
  });

  it('where the partner is transposed', async () => {
    const other = changedFrom(3 * WINDOW);
    const turned = new Float32Array(COUNT);
    for (let row = 0; row < ROWS; row++) {
      for (let column = 0; column < COLUMNS; column++) {
        turned[column * ROWS + row] = other[row * COLUMNS + column]!;
      }
    }
    const a = inMemory(VALUES, [ROWS, COLUMNS]);
    const straight = await mergedParts({ a, b: inMemory(other, [ROWS, COLUMNS]) }, [], () => false);
    const b = viewPlan(inMemory(turned, [COLUMNS, ROWS]), transposedTensor);
    for (const cuts of [[], [4 * WINDOW], [WINDOW, 2 * WINDOW, 5 * WINDOW]]) {
      expect(await mergedParts({ a, b }, cuts, () => false)).toEqual(straight);
    }
    const same = viewPlan(planOf(f32Tensor([COLUMNS, ROWS]), [memorySource(transposed())]), transposedTensor);
    expect(await differenceTask({ a, b: same }, {})).toEqual({ isIdentical: true, windows: [] });
  });
});

function transposed(): Uint8Array {
  const turned = new Float32Array(COUNT);
  for (let at = 0; at < COUNT; at++) {
    turned[(at % COLUMNS) * ROWS + Math.floor(at / COLUMNS)] = VALUES[at]!;
  }
  return new Uint8Array(turned.buffer);
}

const LARGE_WINDOWS = 100;
const PART = 32 * WINDOW;

/** A hundred windows and one element, nearly all of them holes, and some values. */
async function largeFile(name: string, values: Readonly<Record<number, number>>): Promise<TensorPlan> {
  const path = join(folder, name);
  const count = LARGE_WINDOWS * WINDOW + 1;
  const file = openSync(path, 'w');
  ftruncateSync(file, count * 4);
  for (const [at, value] of Object.entries(values)) {
    writeSync(file, Buffer.from(Float32Array.of(value).buffer), 0, 4, Number(at) * 4);
  }
  closeSync(file);
  return planOf(f32Tensor([count]), [await fileSource(path)]);
}

/** Compute that says how many threads it has, and remembers its tasks. */
function watched(width: number) {
  const inner = createCompute(undefined);
  const tasks: DifferenceTask[] = [];
  const run: Compute['run'] = (name, task, pass) => {
    tasks.push(task as DifferenceTask);
    return inner.run(name, task, pass);
  };
  return { compute: { ...inner, width, run }, tasks };
}

describe('a pair that is large', () => {
  const common = { 0: 3, [PART + 5]: -4, [3 * PART]: 12 };

  it('is compared by all threads in parts, with the figures that one finds', async () => {
    const a = await largeFile('a', common);
    const b = await largeFile('b', { ...common, [2 * PART + 7]: 0.5, [3 * PART + 1]: -0.5 });
    const one = watched(1);
    const whole = await pairDifference({ a, b }, one.compute, turns(1), {});
    expect(one.tasks.length).toBe(1);
    expect(whole).toMatchObject({ changed: 2, maxAbs: 0.5, maxAt: 2 * PART + 7, squaresA: 169 });
    for (const width of [2, 3, 8]) {
      const { compute, tasks } = watched(width);
      expect(await pairDifference({ a, b }, compute, turns(2 * width), {})).toEqual(whole);
      // the two parts that are identical are asked for their norms, of one side alone
      expect(tasks.filter((task) => task.b).map(({ begin }) => begin)).toEqual([0, PART, 2 * PART, 3 * PART]);
      expect(tasks.filter((task) => !task.b).map(({ begin }) => begin)).toEqual([0, PART]);
    }
  });

  it('is told identical without any figures, and every byte of both is told as read', async () => {
    const [a, b] = [await largeFile('same-a', common), await largeFile('same-b', common)];
    const { compute, tasks } = watched(2);
    let read = 0;
    const onRead = (byteLength: number) => (read += byteLength);
    expect(await pairDifference({ a, b }, compute, turns(4), { onRead })).toBeUndefined();
    expect(tasks.length).toBe(4);
    expect(read).toBe(2 * 4 * (LARGE_WINDOWS * WINDOW + 1));
  });

  it('that is known to differ is not looked at for identity by the parts that begin later', async () => {
    const a = await largeFile('early-a', common);
    const b = await largeFile('early-b', { ...common, 9: 1 });
    const { compute, tasks } = watched(2);
    const sums = await pairDifference({ a, b }, compute, turns(1), {});
    expect(sums).toMatchObject({ changed: 1, maxAt: 9, squaresA: 169 });
    expect(tasks.map(({ isDifferent }) => isDifferent)).toEqual([false, true, true, true]);
  });

  it('begins no other part once one has failed, and fails as that one did', async () => {
    const [a, b] = [await largeFile('bad-a', common), await largeFile('bad-b', common)];
    let begun = 0;
    const compute: Compute = {
      ...createCompute(undefined),
      width: 2,
      run: async () => {
        begun++;
        throw new AppError('io', 'the disk is gone');
      },
    };
    await expect(pairDifference({ a, b }, compute, turns(1), {})).rejects.toMatchObject({ code: 'io' });
    await new Promise((resolve) => setImmediate(resolve));
    expect(begun).toBe(1);
  });
});

describe('a pair of blocks', () => {
  /** Blocks of 32 codes behind a scale of 16 bits. */
  const blocksOf = async (name: string, bytes: Uint8Array): Promise<TensorPlan> => {
    const path = join(folder, name);
    writeFileSync(path, bytes);
    const { byteLength } = bytes;
    const storage = { kind: 'dense', source: 0, offset: 0, byteLength, byteOrder: 'little' } as const;
    const shape = [(byteLength / 34) * 32];
    return planOf({ name: 't', dtype: 'q8_0', shape, storage }, [await fileSource(path)]);
  };
  const ones = Uint8Array.from({ length: 34 * 3 }, (_, at) => [0x00, 0x3c][at % 34] ?? at);

  it('is identical by its blocks, of which no number is worked out', async () => {
    const [a, b] = [await blocksOf('q-a', ones), await blocksOf('q-b', ones)];
    let read = 0;
    const pass = { onRead: (byteLength: number) => (read += byteLength) };
    expect(await differenceTask({ a, b }, pass)).toEqual({ isIdentical: true, windows: [] });
    expect(read).toBe(2 * 4 * 96);
  });

  it('is not where blocks differ, though they stand for the same numbers', async () => {
    const none = ones.slice();
    none.fill(0, 2, 34);
    const other = none.slice();
    // twice the scale, of nothing but zeros
    other[1] = 0x40;
    const [a, b] = [await blocksOf('z-a', none), await blocksOf('z-b', other)];
    const { isIdentical, windows } = await differenceTask({ a, b }, {});
    expect(isIdentical).toBe(false);
    expect(windows).toMatchObject([{ compared: 96, changed: 0, unequal: 0, maxAbs: 0 }]);
    expect(windows[0]!.squaresA).toBeGreaterThan(0);
  });
});
