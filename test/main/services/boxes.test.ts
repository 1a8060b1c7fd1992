import fc from 'fast-check';
import { expect, it } from 'vitest';

import { BOX_BYTES } from '#main/bytes/limits.ts';
import type { Chunk } from '#main/encodings/filters/filters.ts';
import type { ChunkedStorage, ChunkedView, StoredTensor } from '#main/formats/contract.ts';
import { boxesAlike } from '#main/services/boxes-alike.ts';
import { boxesOf, elementOfWhole, type TensorBox } from '#main/services/boxes.ts';

/** A view of chunks that fill a grid; no values. */
function gridded(whole: readonly number[], cell: readonly number[], view: ChunkedView, counts: number[]) {
  let origins: number[][] = [[]];
  whole.forEach((size, axis) => {
    const places = Array.from({ length: Math.ceil(size / cell[axis]!) }, (_, at) => at * cell[axis]!);
    origins = origins.flatMap((origin) => places.map((place) => [...origin, place]));
  });
  const rest = { shape: cell, source: 0, offset: 0, byteLength: 1, filters: [{ kind: 'zlib' }] } as const;
  const chunks: Chunk[] = origins.map((origin) => ({ ...rest, origin }));
  const storage: ChunkedStorage = { kind: 'chunked', shape: whole, chunks, view, byteOrder: 'little' };
  return { name: 't', dtype: 'f32', shape: counts, storage } satisfies StoredTensor;
}

/** Views of grids from a few kibibytes to a hundred mebibytes: axes in any order, some dropped, in steps of either sign. */
const views = fc
  .record({
    axes: fc.array(
      fc.record({
        size: fc.integer({ min: 1, max: 3000 }),
        part: fc.integer({ min: 1, max: 9 }),
        from: fc.double({ min: 0, max: 1, noNaN: true }),
        step: fc.integer({ min: 1, max: 5 }),
        isBackward: fc.boolean(),
        isKept: fc.constantFrom(true, true, true, false),
      }),
      { minLength: 2, maxLength: 3 },
    ),
    order: fc.shuffledSubarray([0, 1, 2], { minLength: 3 }),
  })
  .map(({ axes, order }) => {
    // a third axis of up to thirty keeps the chunks of a grid countable
    const sizes = axes.map(({ size }, axis) => (axis === 2 ? Math.ceil(size / 100) : size));
    const cell = sizes.map((size, axis) => Math.ceil(size / axes[axis]!.part));
    const steps = axes.map(({ step, isBackward }) => (isBackward ? -step : step));
    const origin = sizes.map((size, axis) => Math.floor(axes[axis]!.from * (size - 1)));
    const kept = order.filter((axis) => axes[axis]?.isKept);
    const counts = kept.map((axis) => {
      const room = steps[axis]! > 0 ? sizes[axis]! - 1 - origin[axis]! : origin[axis]!;
      return 1 + Math.floor(room / Math.abs(steps[axis]!));
    });
    return gridded(sizes, cell, { origin, axes: kept.map((axis) => ({ axis, step: steps[axis]! })) }, counts);
  });

/** Of every chunk that holds an element of a box, the place in its grid. */
function chunksOf({ tensor }: TensorBox): Set<string> {
  const { chunks, view } = tensor.storage as ChunkedStorage;
  const cell = chunks[0]!.shape;
  let places = [view!.origin.map((first, axis) => Math.floor(first / cell[axis]!))];
  view!.axes.forEach(({ axis, step }, at) => {
    const along = new Set<number>();
    for (let index = 0; index < tensor.shape[at]!; index++) {
      along.add(Math.floor((view!.origin[axis]! + index * step) / cell[axis]!));
    }
    places = places.flatMap((place) =>
      [...along].map((cellAt) => [...place.slice(0, axis), cellAt, ...place.slice(axis + 1)]),
    );
  });
  return new Set(places.map(String));
}

it('boxes make up a tensor, each with chunks of its own that can be kept while it is gone through', () => {
  fc.assert(
    fc.property(views, (tensor) => {
      const boxes = boxesOf(tensor);
      const { view, chunks } = tensor.storage;
      const inChunk = chunks[0]!.shape.reduce((product, size) => product * size, 4);
      const seen = new Set<string>();
      let elements = 0;
      for (const box of boxes) {
        const { shape, storage } = box.tensor;
        expect(box.slices.map(({ count }) => count)).toEqual(shape);
        expect(box.slices[0] ?? { start: 0 }).toMatchObject({ start: 0 });
        elements += shape.reduce((product, size) => product * size, 1);
        const places = chunksOf(box);
        if (boxes.length > 1) expect((storage as ChunkedStorage).chunks.length).toBe(places.size);
        for (const place of places) {
          expect(seen.has(place)).toBe(false);
          seen.add(place);
        }
        // those at one place along the axis that C order goes over last
        const first = view!.axes[0]?.axis ?? 0;
        const along = new Set([...places].map((place) => place.split(',')[first]));
        const crossed = places.size / along.size;
        if (crossed > 1) expect(crossed * inChunk).toBeLessThanOrEqual(BOX_BYTES);
      }
      expect(elements).toBe(tensor.shape.reduce((product, size) => product * size, 1));
      const starts = boxes.map((box) => elementOfWhole(box, 0, tensor.shape));
      expect(starts).toEqual([...new Set(starts)].sort((a, b) => a - b));
    }),
    { numRuns: 300 },
  );
});

it('boxes go no further than they may, and part a chunk only where it does', () => {
  const extents = fc.record({ usual: fc.integer({ min: 1, max: 2000 }), more: fc.nat(2000) });
  fc.assert(
    fc.property(views, fc.array(extents, { minLength: 3, maxLength: 3 }), (tensor, told) => {
      const most = told.map(({ usual, more }) => usual + more);
      const boxes = boxesOf(
        tensor,
        tensor.shape.map((_, axis) => ({ usual: told[axis]!.usual, most: most[axis]! })),
      );
      const { view, chunks } = tensor.storage;
      const inChunk = view!.axes.map(({ axis, step }) => Math.ceil(chunks[0]!.shape[axis]! / Math.abs(step)));
      const seen = new Map<string, number>();
      let elements = 0;
      for (const box of boxes) {
        elements += box.tensor.shape.reduce((product, size) => product * size, 1);
        box.tensor.shape.forEach((size, axis) => {
          const { usual } = told[axis]!;
          expect(size).toBeLessThanOrEqual(Math.min(most[axis]!, Math.max(usual, inChunk[axis]!)));
        });
        for (const place of chunksOf(box)) seen.set(place, (seen.get(place) ?? 0) + 1);
      }
      expect(elements).toBe(tensor.shape.reduce((product, size) => product * size, 1));
      const parts = inChunk.reduce(
        (product, size, axis) => product * Math.max(1, Math.ceil(size / most[axis]!)),
        1,
      );
      for (const times of seen.values()) expect(times).toBeLessThanOrEqual(parts);
    }),
    // many small boxes
    { numRuns: 60 },
  );
});

it('a grid of billions of cells with one chunk is cut at once', () => {
  const shape = [2, 5e9];
  const chunk = { origin: [1, 4e9], shape: [1, 1], source: 0, offset: 0, byteLength: 1, filters: [] };
  const storage = { kind: 'chunked', shape, chunks: [chunk], byteOrder: 'little' } as const;
  const tensor: StoredTensor = { name: 't', dtype: 'u8', shape, storage };
  const boxes = boxesOf(tensor);
  const chunks = boxes.flatMap((box) => (box.tensor.storage as ChunkedStorage).chunks);
  expect(chunks).toEqual([chunk]);
  expect(boxesAlike([tensor, tensor])).toHaveLength(1);
  const cube = [1, 1e6, 1e6];
  const one = { ...chunk, origin: [0, 5, 7], shape: [1, 1, 1] };
  const sparse = { ...tensor, shape: cube, storage: { ...storage, shape: cube, chunks: [one] } };
  expect(boxesAlike([sparse, sparse])).toHaveLength(1);
});

it('an element of a box is found in the whole', () => {
  const tensor = gridded([2, 3000, 4000], [2, 3000, 250], wholeView(), [2, 3000, 4000]);
  const boxes = boxesOf(tensor);
  expect(boxes.map(({ slices }) => slices[2]!.start)).toEqual(
    [...new Array(16).keys()].map((at) => at * 250),
  );
  // the last element of the third one
  expect(elementOfWhole(boxes[2]!, 2 * 3000 * 250 - 1, tensor.shape)).toBe(1 * 12e6 + 2999 * 4000 + 749);
  expect(elementOfWhole(boxes[2]!, 250, tensor.shape)).toBe(4500);

  function wholeView(): ChunkedView {
    return { origin: [0, 0, 0], axes: [0, 1, 2].map((axis) => ({ axis, step: 1 })) };
  }
});
