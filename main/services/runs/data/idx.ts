// The IDX format, as at the foot of http://yann.lecun.com/exdb/mnist/ : big-endian, magic 0 0 type rank, sizes, elements.
import { AppError } from '#shared/errors.ts';
import { elementCountOf } from '#shared/tensor.ts';

export interface IdxArray {
  /** Outermost dimension first. */
  readonly shape: readonly number[];
  /** Bytes stay bytes (a view of the file); everything else becomes f64. */
  readonly elements: Uint8Array | Float64Array;
}

interface ElementType {
  readonly byteLength: number;
  readonly read: (view: DataView, offset: number) => number;
}

const TYPES: ReadonlyMap<number, ElementType> = new Map([
  [0x08, { byteLength: 1, read: (view, offset) => view.getUint8(offset) }],
  [0x09, { byteLength: 1, read: (view, offset) => view.getInt8(offset) }],
  [0x0b, { byteLength: 2, read: (view, offset) => view.getInt16(offset) }],
  [0x0c, { byteLength: 4, read: (view, offset) => view.getInt32(offset) }],
  [0x0d, { byteLength: 4, read: (view, offset) => view.getFloat32(offset) }],
  [0x0e, { byteLength: 8, read: (view, offset) => view.getFloat64(offset) }],
]);

/** NumPy's own limit for dimensions. */
const MOST_DIMENSIONS = 64;

/** Reads one array. @throws AppError `unknown-format` for other files, `corrupt` where the sizes and the bytes disagree. */
export function readIdx(bytes: Uint8Array, file: string): IdxArray {
  const type = bytes.byteLength >= 4 && bytes[0] === 0 && bytes[1] === 0 ? TYPES.get(bytes[2]!) : undefined;
  if (!type) {
    throw new AppError('unknown-format', 'this is no IDX file', {
      file,
      expected: 'two zero bytes, an element type and a rank',
      found: Array.from(bytes.subarray(0, 4), (byte) => byte.toString(16).padStart(2, '0')).join(' '),
    });
  }
  const rank = bytes[3]!;
  if (rank > MOST_DIMENSIONS) {
    throw new AppError('limit', 'the array has too many dimensions', {
      file,
      offset: 3,
      expected: `at most ${MOST_DIMENSIONS}`,
      found: String(rank),
    });
  }
  const headerEnd = 4 + 4 * rank;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const isHeaderWhole = headerEnd <= bytes.byteLength;
  const shape = isHeaderWhole ? Array.from({ length: rank }, (_, axis) => view.getUint32(4 + 4 * axis)) : [];
  const elementCount = elementCountOf(shape);
  const expected = elementCount === undefined ? Infinity : headerEnd + elementCount * type.byteLength;
  if (bytes.byteLength !== expected) {
    throw new AppError('corrupt', 'the file is not as long as its sizes say', {
      file,
      offset: Math.min(headerEnd, bytes.byteLength),
      expected: isHeaderWhole
        ? `${expected} bytes for [${shape.join(', ')}]`
        : `a header of ${headerEnd} bytes`,
      found: `${bytes.byteLength} bytes`,
    });
  }
  if (bytes[2] === 0x08) return { shape, elements: bytes.subarray(headerEnd) };
  const elements = new Float64Array(elementCount!);
  for (let i = 0; i < elements.length; i++) elements[i] = type.read(view, headerEnd + i * type.byteLength);
  return { shape, elements };
}
