import fc from 'fast-check';
import { deflateSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';

import { memorySource } from '#main/bytes/memory-source.ts';
import type { ByteSource } from '#main/bytes/source.ts';
import type { Chunk, Filter } from '#main/encodings/filters/filters.ts';
import type { ChunkedStorage, StoredTensor } from '#main/formats/contract.ts';
import { tensorReader } from '#main/formats/read.ts';
import { validate } from '#main/formats/validate.ts';
import { slicedTensor, transposedTensor } from '#main/services/sliced-tensor.ts';
import { planOf, withReader } from '#main/services/tensor-plan.ts';
import { metadataFrom } from '#shared/checkpoint.ts';

type Box = { readonly origin: readonly number[]; readonly shape: readonly number[] };

/** Every coordinate of a shape, in C order. */
function coordinates(shape: readonly number[]): number[][] {
  return shape.reduce<number[][]>(
    (list, size) => list.flatMap((head) => Array.from({ length: size }, (_, i) => [...head, i])),
    [[]],
  );
}

/** The value of a coordinate as these tests number them: 1 + its flat index, two bytes little-endian. */
function valueAt(coordinate: readonly number[], shape: readonly number[]): number {
  return 1 + coordinate.reduce((index, at, axis) => index * shape[axis]! + at, 0);
}

function gridBoxes(shape: readonly number[], cell: readonly number[]): Box[] {
  const cells = coordinates(shape.map((size, axis) => Math.ceil(size / cell[axis]!)));
  return cells.map((place) => ({ origin: place.map((at, axis) => at * cell[axis]!), shape: cell }));
}

/** Cuts a shape into uneven slabs along one axis. */
function slabBoxes(shape: readonly number[], axis: number, cuts: readonly number[]): Box[] {
  const edges = [...new Set([0, ...cuts.map((cut) => cut % (shape[axis]! + 1)), shape[axis]!])].sort(
    (a, b) => a - b,
  );
  return edges.slice(1).map((end, index) => ({
    origin: shape.map((_, at) => (at === axis ? edges[index]! : 0)),
    shape: shape.map((size, at) => (at === axis ? end - edges[index]! : size)),
  }));
}

interface Stored {
  readonly tensor: StoredTensor;
  readonly sources: readonly ByteSource[];
}

/** Two sources that hold the boxes in turn, each box in C order, what hangs over the edge being 0xffff. */
function store(shape: readonly number[], boxes: readonly Box[], isPacked: boolean, fill: number): Stored {
  const parts: Buffer[][] = [[Buffer.from('head')], [Buffer.from('other')]];
  const filters: Filter[] = isPacked ? [{ kind: 'zlib' }] : [];
  const chunks = boxes.map((box, index): Chunk => {
    const source = index % 2;
    const values = coordinates(box.shape).map((inner) => {
      const at = inner.map((i, axis) => i + box.origin[axis]!);
      return at.some((i, axis) => i >= shape[axis]!) ? 0xffff : valueAt(at, shape);
    });
    const raw = Buffer.from(Uint16Array.from(values).buffer);
    const bytes = isPacked ? deflateSync(raw) : raw;
    const offset = parts[source]!.reduce((sum, part) => sum + part.byteLength, 0);
    parts[source]!.push(bytes);
    return { ...box, source, offset, byteLength: bytes.byteLength, filters };
  });
  const storage: ChunkedStorage = {
    kind: 'chunked',
    shape,
    chunks,
    fill: new Uint8Array(Uint16Array.of(fill).buffer),
    byteOrder: 'little',
  };
  return {
    tensor: { name: 'value', dtype: 'u16', shape, storage },
    sources: parts.map((list, index) => memorySource(new Uint8Array(Buffer.concat(list)), `part ${index}`)),
  };
}

async function readAll({ tensor, sources }: Stored, piece: number): Promise<number[]> {
  return withReader(planOf(tensor, sources), async (reader) => {
    const values: number[] = [];
    for (let start = 0; start < reader.elementCount; start += piece) {
      const bytes = await reader.read(start, Math.min(piece, reader.elementCount - start));
      values.push(...new Uint16Array(bytes.buffer, bytes.byteOffset, bytes.byteLength / 2));
    }
    return values;
  });
}

const problemsOf = ({ tensor, sources }: Stored): string[] =>
  validate({
    format: 'test',
    dialect: 'test',
    layout: 'dict',
    sources,
    tensors: [tensor],
    regions: [],
    imports: [],
    problems: [],
    metadata: metadataFrom([]),
  }).problems.map(({ code }) => code);

const shapes = fc.array(fc.integer({ min: 1, max: 6 }), { minLength: 0, maxLength: 3 });

const layouts = shapes.chain((shape) =>
  fc.record({
    shape: fc.constant(shape),
    boxes: fc.oneof(
      fc
        .tuple(...shape.map((size) => fc.integer({ min: 1, max: size + 1 })))
        .map((cell) => gridBoxes(shape, cell)),
      fc
        .record({ axis: fc.nat(), cuts: fc.array(fc.nat(), { maxLength: 3 }) })
        .map(({ axis, cuts }) =>
          shape.length === 0 ? gridBoxes([], []) : slabBoxes(shape, axis % shape.length, cuts),
        ),
    ),
    missing: fc.array(fc.nat(), { maxLength: 2 }),
    isPacked: fc.boolean(),
    piece: fc.integer({ min: 1, max: 40 }),
  }),
);

describe('a chunked tensor', () => {
  it('reads the same however it is cut and packed, missing chunks being the fill value', async () => {
    await fc.assert(
      fc.asyncProperty(layouts, async ({ shape, boxes, missing, isPacked, piece }) => {
        const gone = new Set(missing.map((at) => boxes[at % Math.max(1, boxes.length)]));
        const stored = store(
          shape,
          boxes.filter((box) => !gone.has(box)),
          isPacked,
          0x7777,
        );
        expect(problemsOf(stored)).toEqual([]);
        const isGone = (at: readonly number[]): boolean =>
          [...gone].some(
            (box) =>
              box &&
              at.every((i, axis) => i >= box.origin[axis]! && i < box.origin[axis]! + box.shape[axis]!),
          );
        const expected = coordinates(shape).map((at) => (isGone(at) ? 0x7777 : valueAt(at, shape)));
        expect(await readAll(stored, piece)).toEqual(expected);
      }),
    );
  });

  it('is sliced and transposed without being read', async () => {
    const withSlices = layouts.chain((layout) =>
      fc.record({
        layout: fc.constant(layout),
        isTransposed: fc.boolean(),
        axes: fc.tuple(
          ...layout.shape.map((size) =>
            fc.record({
              start: fc.integer({ min: 0, max: size - 1 }),
              step: fc.integer({ min: -3, max: 3 }).filter((step) => step !== 0),
              wanted: fc.integer({ min: 1, max: size }),
              isDropped: fc.boolean(),
            }),
          ),
        ),
      }),
    );
    await fc.assert(
      fc.asyncProperty(withSlices, async ({ layout, axes, isTransposed }) => {
        const { shape, boxes, isPacked, piece } = layout;
        const cut = axes.map(({ start, step, wanted, isDropped }, axis) => {
          const left = step > 0 ? shape[axis]! - 1 - start : start;
          return {
            start,
            step,
            count: isDropped ? 1 : Math.min(wanted, Math.floor(left / Math.abs(step)) + 1),
            isDropped,
          };
        });
        const stored = store(shape, boxes, isPacked, 0);
        const once = { ...stored, tensor: slicedTensor(stored.tensor, cut) };
        const twice = isTransposed ? { ...once, tensor: transposedTensor(once.tensor) } : once;
        expect(problemsOf(twice)).toEqual([]);

        const kept = [...cut.keys()].filter((axis) => !cut[axis]!.isDropped);
        const order = isTransposed ? [...kept].reverse() : kept;
        const expected = coordinates(order.map((axis) => cut[axis]!.count)).map((at) => {
          const place = cut.map(({ start }) => start);
          order.forEach((axis, index) => (place[axis] = place[axis]! + at[index]! * cut[axis]!.step));
          return valueAt(place, shape);
        });
        expect(await readAll(twice, piece)).toEqual(expected);
      }),
    );
  });

  it('is swapped as a whole when it is big-endian, its fill value too', async () => {
    const sources = [memorySource(Uint8Array.of(0, 1, 0, 2))];
    const chunk: Chunk = { origin: [0], shape: [2], source: 0, offset: 0, byteLength: 4, filters: [] };
    const storage: ChunkedStorage = {
      kind: 'chunked',
      shape: [3],
      chunks: [chunk],
      fill: Uint8Array.of(0, 9),
      byteOrder: 'big',
    };
    const bytes = await tensorReader({ name: 'value', dtype: 'u16', shape: [3], storage }, sources).read(
      0,
      3,
    );
    expect([...bytes]).toEqual([1, 0, 2, 0, 9, 0]);
  });

  it('reads only the parts it needs of a large chunk that is not packed, and a packed one once', async () => {
    const rows = 2000;
    const raw = new Uint8Array(rows * 1000 * 2);
    const lengths: number[] = [];
    const counting = (bytes: Uint8Array): ByteSource => {
      const source = memorySource(bytes);
      return { ...source, read: (offset, length) => (lengths.push(length), source.read(offset, length)) };
    };
    const whole: Chunk = {
      origin: [0, 0],
      shape: [rows, 1000],
      source: 0,
      offset: 0,
      byteLength: raw.byteLength,
      filters: [],
    };
    const tensor = (chunk: Chunk): StoredTensor => ({
      name: 'value',
      dtype: 'u16',
      shape: [rows, 1000],
      storage: { kind: 'chunked', shape: [rows, 1000], chunks: [chunk], byteOrder: 'little' },
    });
    const plain = tensorReader(tensor(whole), [counting(raw)]);
    await plain.read(500_500, 1000);
    expect(lengths.reduce((sum, length) => sum + length, 0)).toBeLessThanOrEqual(4000);

    lengths.length = 0;
    const packed = new Uint8Array(deflateSync(raw));
    const zlib = tensorReader(
      tensor({ ...whole, byteLength: packed.byteLength, filters: [{ kind: 'zlib' }] }),
      [counting(packed)],
    );
    for (let row = 0; row < rows; row += 100) await zlib.read(row * 1000, 1000);
    expect(lengths).toEqual([packed.byteLength]);
  });
});

describe('chunks that a reader could not rely on are found before', () => {
  const source = memorySource(new Uint8Array(100));
  const good: Chunk = { origin: [0, 0], shape: [2, 2], source: 0, offset: 0, byteLength: 8, filters: [] };
  const right: Chunk = { ...good, origin: [0, 2] };
  const check = (
    name: string,
    code: string | undefined,
    chunks: readonly Chunk[],
    storage: Partial<ChunkedStorage> = {},
  ): void => {
    it(name, () => {
      const tensor: StoredTensor = {
        name: 'value',
        dtype: 'u16',
        shape: [4, 4],
        storage: { kind: 'chunked', shape: [4, 4], chunks, byteOrder: 'little', ...storage },
      };
      expect(problemsOf({ tensor, sources: [source] })).toEqual(code === undefined ? [] : [code]);
    });
  };

  check('as they should be', undefined, [good, right]);
  check('twice the same place', 'chunks', [good, right, good]);
  check('overlapping off the grid', 'chunks', [
    good,
    { ...good, shape: [3, 1], byteLength: 6, origin: [1, 1] },
  ]);
  check('beginning outside', 'chunks', [{ ...good, origin: [4, 0] }]);
  check('of another rank', 'chunks', [{ ...good, origin: [0], shape: [2] }]);
  check('of no elements', 'chunks', [{ ...good, shape: [0, 2], byteLength: 0 }]);
  check('beyond the file', 'storage-range', [{ ...good, offset: 96 }]);
  check('in no file', 'storage', [{ ...good, source: 1 }]);
  check('of another length than their shape', 'length', [{ ...good, byteLength: 9 }]);
  check('that unpack to too much', 'limit', [
    { ...good, shape: [2 ** 15, 2 ** 15], filters: [{ kind: 'zlib' }] },
  ]);
  check('with a fill value of another width', 'length', [good], { fill: new Uint8Array(4) });
  check('of another whole', 'shape', [good], { shape: [4, 5] });
  check('seen through a view that leaves it', 'shape', [good], {
    view: {
      origin: [0, 0],
      axes: [
        { axis: 0, step: 1 },
        { axis: 1, step: 2 },
      ],
    },
  });
});
