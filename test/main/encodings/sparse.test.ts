import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { memorySource } from '#main/bytes/memory-source.ts';
import { densify, readNumbers, type SparseArrays, type StridedPart } from '#main/encodings/sparse/sparse.ts';

function part(
  dtype: string,
  shape: readonly number[],
  bytes: ArrayBufferLike,
  extra: Partial<StridedPart> = {},
): StridedPart {
  const source = memorySource(new Uint8Array(bytes));
  return { dtype, shape, source, offset: 0, byteLength: bytes.byteLength, byteOrder: 'little', ...extra };
}
const integers = (shape: readonly number[], values: readonly number[]): StridedPart =>
  part('i64', shape, BigInt64Array.from(values.map(BigInt)).buffer);
const floats = (shape: readonly number[], values: readonly number[]): StridedPart =>
  part('f64', shape, Float64Array.from(values).buffer);

async function dense(sparse: Omit<SparseArrays, 'isAdded'> & { isAdded?: boolean }): Promise<number[]> {
  const source = await densify({ isAdded: true, ...sparse });
  const bytes = await source.read(0, source.byteLength);
  return [...new Float64Array(bytes.buffer, bytes.byteOffset, bytes.byteLength / 8)];
}

describe('every layout stands for the same matrix', () => {
  // 0 1 0 2
  // 0 0 0 0
  // 3 0 4 0
  // 0 5 0 6
  const matrix = [0, 1, 0, 2, 0, 0, 0, 0, 3, 0, 4, 0, 0, 5, 0, 6];
  const shape = [4, 4];
  const check = (name: string, sparse: Omit<SparseArrays, 'isAdded' | 'shape'>): void => {
    it(name, async () => expect(await dense({ shape, ...sparse })).toEqual(matrix));
  };
  check('coo', {
    layout: 'coo',
    indices: [integers([2, 6], [3, 0, 0, 2, 2, 3, 3, 1, 3, 0, 2, 1])],
    values: floats([6], [6, 1, 2, 3, 4, 5]),
  });
  check('coo with an array for each axis', {
    layout: 'coo',
    indices: [integers([6], [3, 0, 0, 2, 2, 3]), integers([6], [3, 1, 3, 0, 2, 1])],
    values: floats([6], [6, 1, 2, 3, 4, 5]),
  });
  check('csr', {
    layout: 'csr',
    indices: [integers([5], [0, 2, 2, 4, 6]), integers([6], [1, 3, 0, 2, 1, 3])],
    values: floats([6], [1, 2, 3, 4, 5, 6]),
  });
  check('csc', {
    layout: 'csc',
    indices: [integers([5], [0, 1, 3, 4, 6]), integers([6], [2, 0, 3, 2, 0, 3])],
    values: floats([6], [3, 1, 5, 4, 2, 6]),
  });
  check('bsr', {
    layout: 'bsr',
    indices: [integers([3], [0, 2, 4]), integers([4], [0, 1, 0, 1])],
    values: floats([4, 2, 2], [0, 1, 0, 0, 0, 2, 0, 0, 3, 0, 0, 5, 4, 0, 0, 6]),
  });
  check('bsc', {
    layout: 'bsc',
    indices: [integers([3], [0, 2, 4]), integers([4], [0, 1, 0, 1])],
    values: floats([4, 2, 2], [0, 1, 0, 0, 3, 0, 0, 5, 0, 2, 0, 0, 4, 0, 0, 6]),
  });
  check('whole rows', {
    layout: 'coo',
    indices: [integers([3], [3, 0, 2])],
    values: floats([3, 4], [0, 5, 0, 6, 0, 1, 0, 2, 3, 0, 4, 0]),
  });
  check('indices that are a transposed view', {
    layout: 'coo',
    indices: [{ ...integers([2, 6], [3, 3, 0, 1, 0, 3, 2, 0, 2, 2, 3, 1]), strides: [1, 2] }],
    values: floats([6], [6, 1, 2, 3, 4, 5]),
  });
});

it('a batch of matrices', async () => {
  const sparse = {
    layout: 'csr',
    shape: [2, 2, 2],
    indices: [integers([2, 3], [0, 1, 1, 0, 0, 1]), integers([2, 1], [1, 0])],
    values: floats([2, 1], [7, 8]),
  } as const;
  expect(await dense(sparse)).toEqual([0, 7, 0, 0, 0, 0, 8, 0]);
});

it('any coordinates, repeated ones summed in their order', async () => {
  const entry = fc.tuple(fc.nat(3), fc.nat(4), fc.integer({ min: -50, max: 50 }));
  await fc.assert(
    fc.asyncProperty(fc.array(entry, { maxLength: 40 }), async (entries) => {
      const expected = new Array<number>(20).fill(0);
      for (const [row, column, value] of entries) expected[row * 5 + column]! += value;
      const found = await dense({
        layout: 'coo',
        shape: [4, 5],
        indices: [
          integers(
            [2, entries.length],
            [...entries.map(([row]) => row), ...entries.map(([, column]) => column)],
          ),
        ],
        values: floats(
          [entries.length],
          entries.map(([, , value]) => value),
        ),
      });
      expect(found).toEqual(expected);
    }),
    { numRuns: 200, seed: 4 },
  );
});

describe('arithmetic is that of the dtype', () => {
  const twice = { layout: 'coo', shape: [2], indices: [integers([1, 2], [1, 1])] } as const;
  it('integers wrap', async () => {
    const values = part('i8', [2], Int8Array.of(100, 100).buffer);
    const source = await densify({ ...twice, values, isAdded: true });
    expect([...new Int8Array((await source.read(0, 2)).buffer)]).toEqual([0, -56]);
  });
  it('64-bit integers are exact', async () => {
    const values = part('i64', [2], BigInt64Array.of(2n ** 53n, 1n).buffer);
    const source = await densify({ ...twice, values, isAdded: true });
    expect([...new BigInt64Array((await source.read(0, 16)).buffer)]).toEqual([0n, 2n ** 53n + 1n]);
  });
  it('floats of 32 bits round', async () => {
    const values = part('f32', [2], Float32Array.of(16777216, 1).buffer);
    const source = await densify({ ...twice, values, isAdded: true });
    expect([...new Float32Array((await source.read(0, 8)).buffer)]).toEqual([0, 16777216]);
  });
  it('big-endian values stay so', async () => {
    const bytes = new DataView(new ArrayBuffer(8));
    bytes.setInt32(0, 1000);
    bytes.setInt32(4, 24);
    const source = await densify({
      ...twice,
      values: part('i32', [2], bytes.buffer, { byteOrder: 'big' }),
      isAdded: true,
    });
    expect(new DataView((await source.read(0, 8)).buffer).getInt32(4)).toBe(1024);
  });
  it('-0 becomes 0 where entries are added, and stays where they are copied', async () => {
    const sparse = {
      layout: 'coo',
      shape: [2],
      indices: [integers([1, 1], [0])],
      values: floats([1], [-0]),
    } as const;
    expect(await dense({ ...sparse, isAdded: true })).toEqual([0, 0]);
    expect(await dense({ ...sparse, isAdded: false })).toEqual([-0, 0]);
  });
});

describe('what does not fit together is corrupt', () => {
  const check = (name: string, sparse: Omit<SparseArrays, 'isAdded'>, what: RegExp): void => {
    it(name, async () => {
      await expect(densify({ ...sparse, isAdded: true })).rejects.toThrow(what);
    });
  };
  const values = floats([2], [1, 2]);
  check(
    'an index outside',
    { layout: 'coo', shape: [3], indices: [integers([1, 2], [0, 3])], values },
    /the index 3 along an axis of 3/,
  );
  check(
    'a negative index',
    { layout: 'coo', shape: [3], indices: [integers([1, 2], [0, -1])], values },
    /the index -1/,
  );
  check(
    'too few indices',
    { layout: 'coo', shape: [3], indices: [integers([1, 1], [0])], values },
    /its indices do not have the shape of its values/,
  );
  check(
    'values of another shape',
    { layout: 'coo', shape: [3, 4], indices: [integers([1, 2], [0, 1])], values },
    /its values do not fit its shape/,
  );
  check(
    'rows that go back',
    { layout: 'csr', shape: [2, 2], indices: [integers([3], [0, 2, 1]), integers([2], [0, 1])], values },
    /do not ascend/,
  );
  check(
    'rows beyond the entries',
    { layout: 'csr', shape: [1, 2], indices: [integers([2], [0, 9]), integers([2], [0, 1])], values },
    /do not ascend/,
  );
  check(
    'too few rows',
    { layout: 'csr', shape: [5, 2], indices: [integers([2], [0, 2]), integers([2], [0, 1])], values },
    /indices do not fit/,
  );
  check(
    'blocks that do not divide the shape',
    {
      layout: 'bsr',
      shape: [3, 3],
      indices: [integers([2], [0, 1]), integers([1], [0])],
      values: floats([1, 2, 2], [1, 2, 3, 4]),
    },
    /blocks do not fit/,
  );
});

it('a few bytes cannot ask for hours of zeros', async () => {
  const sparse = {
    layout: 'coo',
    shape: [2 ** 40],
    indices: [integers([1, 1], [5])],
    values: floats([1], [1]),
  } as const;
  await expect(densify({ ...sparse, isAdded: true })).rejects.toMatchObject({ code: 'limit' });
});

describe('numbers of a part', () => {
  it('come in C order whatever the strides', async () => {
    const values = part('i16', [2, 3], Int16Array.of(0, 1, 2, 3, 4, 5, 6).buffer, {
      strides: [1, 2],
      elementOffset: 1,
    });
    expect([...(await readNumbers(values))]).toEqual([1, 3, 5, 2, 4, 6]);
  });
  it('are swapped where they are big-endian', async () => {
    const values = part('u32', [1], Uint8Array.of(0, 0, 1, 2).buffer, { byteOrder: 'big' });
    expect([...(await readNumbers(values))]).toEqual([258]);
  });
  it('must lie inside their storage', async () => {
    const values = part('i16', [9], new ArrayBuffer(6));
    await expect(readNumbers(values)).rejects.toMatchObject({ code: 'corrupt' });
  });
});
