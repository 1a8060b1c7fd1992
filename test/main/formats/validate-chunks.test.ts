/** Every rule that chunks are held to before a reader relies on them: each broken alone, and told by its own words. */
import { expect, it } from 'vitest';

import { memorySource } from '#main/bytes/memory-source.ts';
import type { Chunk } from '#main/encodings/filters/filters.ts';
import type { ChunkedStorage } from '#main/formats/contract.ts';
import { chunkedFault } from '#main/formats/validate-chunks.ts';

/** Four columns of two bytes, as two chunks of two columns behind each other in a file of eight bytes. */
const LEFT: Chunk = { origin: [0, 0], shape: [2, 2], source: 0, offset: 0, byteLength: 4, filters: [] };
const RIGHT: Chunk = { ...LEFT, origin: [0, 2], offset: 4 };
const STORAGE: ChunkedStorage = {
  kind: 'chunked',
  shape: [2, 4],
  chunks: [LEFT, RIGHT],
  byteOrder: 'little',
};
const FILE = memorySource(new Uint8Array(8), 'f');

interface Told {
  readonly dtype?: string;
  readonly shape?: readonly number[];
  readonly storage?: Partial<ChunkedStorage>;
}

function faultOf({ dtype = 'u8', shape = [2, 4], storage = {} }: Told) {
  const elementCount = shape.reduce((product, size) => product * size, 1);
  return chunkedFault(dtype, shape, elementCount, { ...STORAGE, ...storage }, [FILE]);
}

const second = (broken: Partial<Chunk>): Told => ({ storage: { chunks: [LEFT, { ...RIGHT, ...broken }] } });
const view = (
  origin: readonly number[],
  ...axes: readonly (readonly [axis: number, step: number])[]
): Told => ({
  shape: [2, 2],
  storage: { view: { origin, axes: axes.map(([axis, step]) => ({ axis, step })) } },
});

it.each<[what: string, told: Told]>([
  ['chunks that fill their tensor', {}],
  ['a chunk that is not there', { storage: { chunks: [RIGHT] } }],
  ['a fill value of one element', { storage: { fill: Uint8Array.of(7) } }],
  ['a chunk that reaches over the edge', second({ origin: [0, 3], byteLength: 4 })],
  ['columns first', second({ strides: [1, 2] })],
  ['every second column, backwards', view([0, 3], [0, 1], [1, -2])],
  [
    'chunks on no grid that touch',
    { storage: { chunks: [LEFT, { ...RIGHT, origin: [1, 2], shape: [1, 4] }] } },
  ],
])('%s: nothing is wrong', (_what, told) => {
  expect(faultOf(told)).toBeUndefined();
});

it.each<[rule: string, told: Told, code: string, message: string]>([
  ['texts are not in chunks', { dtype: 'str' }, 'unsupported', 'str values are not read from chunks'],
  ['nor are blocks', { dtype: 'q4_0' }, 'unsupported', 'q4_0 values are not read from chunks'],
  ['nor are parts of bytes', { dtype: 'u4' }, 'unsupported', 'u4 values are not read from chunks'],
  [
    'a fill value is one element',
    { storage: { fill: new Uint8Array(2) } },
    'length',
    'the fill value takes 2 bytes, an element 1',
  ],
  ['the whole has a shape', { storage: { shape: [2, -4] } }, 'shape', 'chunks of the shape [2, -4]'],
  ['the shape is the tensor’s', { shape: [4, 2] }, 'shape', '[4, 2] elements of [2, 4] in chunks'],
  ['a view begins inside', view([0, 4], [0, 1], [1, 1]), 'shape', '[2, 2] elements of [2, 4] in chunks'],
  ['a view ends inside', view([0, 1], [0, 1], [1, 3]), 'shape', '[2, 2] elements of [2, 4] in chunks'],
  ['a view moves', view([0, 0], [0, 1], [1, 0]), 'shape', '[2, 2] elements of [2, 4] in chunks'],
  ['a view has an axis once', view([0, 0], [1, 1], [1, 1]), 'shape', '[2, 2] elements of [2, 4] in chunks'],
  ['a view has the axes of its tensor', view([0, 0], [0, 1]), 'shape', '[2, 2] elements of [2, 4] in chunks'],
  ['a chunk’s file is there', second({ source: 1 }), 'storage', 'a chunk is in a file that is not there'],
  [
    'a chunk begins in the tensor',
    second({ origin: [0, 4] }),
    'chunks',
    'a chunk of [2, 2] elements at [0, 4] is not in the tensor',
  ],
  [
    'a chunk has elements',
    second({ shape: [2, 0] }),
    'chunks',
    'a chunk of [2, 0] elements at [0, 2] is not in the tensor',
  ],
  [
    'a chunk has the tensor’s dimensions',
    second({ shape: [4] }),
    'chunks',
    'a chunk of [4] elements at [0, 2] is not in the tensor',
  ],
  [
    'a chunk is inside its file',
    second({ offset: 5 }),
    'storage-range',
    'a chunk should be at bytes 5 to 9 of a file of 8',
  ],
  [
    'strides stay inside the chunk',
    second({ strides: [2, 2] }),
    'strides',
    'the strides [2, 2] lead out of a chunk',
  ],
  ['there is a stride an axis', second({ strides: [2] }), 'strides', 'the strides [2] lead out of a chunk'],
  [
    'a chunk as it is has its shape’s bytes',
    second({ byteLength: 3 }),
    'length',
    'a chunk takes 3 bytes, its shape wants 4',
  ],
  [
    'a packed chunk unpacks to what can be held',
    second({ shape: [2, 2 ** 30], filters: [{ kind: 'zlib' }] }),
    'limit',
    'a chunk of 4 bytes says it unpacks to 2147483648, more than we unpack',
  ],
  ['a place is filled once', second({ origin: [0, 0] }), 'chunks', 'two chunks have the same place'],
  [
    'chunks on no grid are apart',
    second({ origin: [0, 1] }),
    'chunks',
    'two chunks overlap, at [0, 0] and [0, 1]',
  ],
])('%s', (_rule, told, code, message) => {
  expect(faultOf(told)).toEqual({ code, message });
});
