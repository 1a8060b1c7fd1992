import { memorySource } from '#main/bytes/memory-source.ts';
import type { Chunk } from '#main/encodings/filters/filters.ts';
import { chunkedFault } from '#main/formats/validate-chunks.ts';
import { latin1, whenOpened, type LimitCase } from '#test/main/bytes/limits/limit-case.ts';

function npy(header: string, values: Uint8Array = new Uint8Array(0)): Uint8Array {
  const length = Buffer.alloc(2);
  length.writeUInt16LE(header.length + 1);
  return Uint8Array.from(Buffer.concat([latin1('\x93NUMPY\x01\0'), length, latin1(`${header}\n`), values]));
}

const array = (descr: string, shape = '()', values?: Uint8Array) => ({
  'f.npy': npy(`{'descr': ${descr}, 'fortran_order': False, 'shape': ${shape}, }`, values),
});

/** Three chunks that lie on no grid, two of them side by side. */
const CHUNKS: readonly Chunk[] = (
  [
    [0, 0, 4],
    [1, 2, 4],
    [0, 4, 2],
  ] as const
).map(([row, column, length], index) => ({
  origin: [row, column],
  shape: [1, length],
  source: 0,
  offset: 4 * index,
  byteLength: length,
  filters: [],
}));

async function toldOfChunks(): Promise<readonly string[]> {
  const storage = { kind: 'chunked', shape: [2, 6], chunks: CHUNKS, byteOrder: 'little' } as const;
  const fault = chunkedFault('u8', [2, 6], 12, storage, [memorySource(new Uint8Array(12))]);
  return fault ? [fault.message] : [];
}

export const ARRAY_LIMITS: readonly LimitCase[] = [
  whenOpened(
    'NPY_HEADER_BYTES',
    300,
    { 'f.npy': npy("{'descr': '<f4', 'fortran_order': False, 'shape': (0,)}".padEnd(400)) },
    'the .npy header is longer than we read',
  ),
  whenOpened(
    'LITERAL_DEPTH',
    6,
    array("[('a', [('b', [('c', [('d', '<f4')])])])]", '(0,)'),
    'values nested deeper than 6',
  ),
  whenOpened(
    'ARRAY_FIELDS',
    3,
    array("[('a', '<f4'), ('b', '<f4'), ('c', '<f4'), ('d', '<f4')]", '(0,)'),
    'the record has more fields than we read',
  ),
  whenOpened(
    'ARRAY_ITEM_BYTES',
    64,
    array("'|S65'", '(0,)'),
    'the elements of the array are larger than we read',
  ),
  whenOpened(
    'TEXT_ARRAY_ITEMS',
    2,
    array("'|S1'", '(3,)', latin1('abc')),
    'the array has 3 texts in 3 bytes, more than we read',
  ),
  whenOpened(
    'TEXT_ARRAY_BYTES',
    5,
    array("'|S2'", '(3,)', latin1('abcdef')),
    'the array has 3 texts in 6 bytes, more than we read',
  ),
  whenOpened('TENSOR_RANK', 1, array("'|u1'", '(0, 1)'), 'the array has more dimensions than we read'),
  whenOpened(
    'SPARSE_PART_BYTES',
    8,
    'numpy/scipy-bsr.npz',
    'a part of the tensor is larger than we take into memory',
  ),
  whenOpened(
    'SPARSE_DENSE_BYTES',
    1,
    'numpy/scipy-bsr.npz',
    'the dense form of the sparse tensor is larger than we unfold',
    { SPARSE_DENSE_RATIO: 0 },
  ),
  whenOpened(
    'SPARSE_DENSE_RATIO',
    0,
    'numpy/scipy-bsr.npz',
    'the dense form of the sparse tensor is larger than we unfold',
    { SPARSE_DENSE_BYTES: 1 },
  ),
  whenOpened(
    'ASSEMBLED_TENSOR_BYTES',
    40,
    'mxnet/arrays-0.pkl',
    'the dense form of rows is larger than we make: 48 bytes',
  ),
  whenOpened('TENSOR_CHUNKS', 1, 'dcp/two-ranks/', 'the tensor has 2 chunks, more than 1'),
  whenOpened(
    'chunkedBytesLimit',
    40,
    'dcp/two-ranks/',
    '140 bytes of values from 140 in the file are more than we unpack',
  ),
  {
    limit: 'CHUNK_PAIRS',
    lowered: 0,
    told: toldOfChunks,
    message: 'too many chunks lie side by side to hold them against each other',
  },
];
