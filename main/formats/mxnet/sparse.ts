// MXNet row_sparse and csr arrays: apache/mxnet include/mxnet/ndarray.h, `NDArrayStorageType`, and its `CheckFormat` rules.
import type { ByteSource } from '#main/bytes/source.ts';
import type { NdArrayContent, StoredPart } from '#main/formats/mxnet/ndarray.ts';
import { elementByteLength } from '#shared/dtype.ts';
import { elementCountOf } from '#shared/tensor.ts';

/** What keeps a sparse array from having a dense form. */
export interface SparseFault {
  readonly message: string;
  readonly offset: number;
}

/** Names of the blocks in the order in which they are stored. */
export function partNames(layout: 'row_sparse' | 'csr'): readonly string[] {
  return layout === 'csr' ? ['data', 'indptr', 'indices'] : ['data', 'indices'];
}

/** Bytes of the dense form; undefined beyond 2^53. */
export function denseByteLength({ dtype, shape }: NdArrayContent): number | undefined {
  const count = elementCountOf(shape);
  return count === undefined ? undefined : count * elementByteLength(dtype);
}

/**
 * Reads the blocks and writes their values into zeros.
 * @param byteLength of the dense form, which the caller has found acceptable.
 * @returns canonical bytes, or what is wrong with the blocks.
 */
export async function densify(
  source: ByteSource,
  content: NdArrayContent,
  byteLength: number,
): Promise<Uint8Array | SparseFault> {
  const { shape, data, sparse } = content;
  const { layout, aux } = sparse!;
  const dense = new Uint8Array(byteLength);
  const fault = faultIn(content, byteLength);
  if (fault) return fault;
  const values = await source.read(data.offset, data.byteLength);
  const indices = aux.at(-1)!;
  const places = await integers(source, indices);

  if (layout === 'row_sparse') {
    const rowBytes = byteLength / shape[0]!;
    for (const [index, row] of places.entries()) {
      if (!(row >= 0 && row < shape[0]!)) return outside('row', row, shape[0]!, indices.offset);
      dense.set(values.subarray(index * rowBytes, (index + 1) * rowBytes), row * rowBytes);
    }
    return dense;
  }

  const width = elementByteLength(content.dtype);
  const [rows, columns] = shape as readonly [number, number];
  const pointers = await integers(source, aux[0]!);
  const isRising =
    pointers[0] === 0 &&
    pointers[rows] === places.length &&
    pointers.every((pointer, index) => index === 0 || pointer >= pointers[index - 1]!);
  if (!isRising)
    return { message: 'the row pointers do not lead through the values', offset: aux[0]!.offset };
  for (let row = 0; row < rows; row++) {
    for (let index = pointers[row]!; index < pointers[row + 1]!; index++) {
      const column = places[index]!;
      if (!(column >= 0 && column < columns)) return outside('column', column, columns, indices.offset);
      dense.set(values.subarray(index * width, (index + 1) * width), (row * columns + column) * width);
    }
  }
  return dense;
}

/** Whether the blocks have the lengths that the shape wants of them; nothing longer than the dense form is read. */
function faultIn({ shape, data, sparse }: NdArrayContent, byteLength: number): SparseFault | undefined {
  const { layout, aux } = sparse!;
  const counts = aux.map((part) => elementCountOf(part.shape)!);
  const wrong = aux.find(({ dtype }) => !INDEX_DTYPES.has(dtype));
  if (wrong) return { message: `the indices are ${wrong.dtype}, not integers`, offset: wrong.offset };
  if (layout === 'row_sparse') {
    const rows = shape[0] ?? 0;
    const [count] = counts as [number];
    const isWhole = rows > 0 ? count <= rows && count * (byteLength / rows) === data.byteLength : count === 0;
    return isWhole
      ? undefined
      : { message: `${count} indices do not fit ${data.byteLength} bytes of rows`, offset: data.offset };
  }
  const [pointers, places] = counts as [number, number];
  const isWhole =
    shape.length === 2 &&
    pointers === shape[0]! + 1 &&
    data.byteLength <= byteLength &&
    places * elementByteLength(data.dtype) === data.byteLength;
  return isWhole
    ? undefined
    : { message: 'pointers, indices and values do not fit each other', offset: data.offset };
}

function outside(what: string, index: number, limit: number, offset: number): SparseFault {
  return { message: `the ${what} ${index} is outside the ${limit} that there are`, offset };
}

const INDEX_DTYPES: ReadonlySet<string> = new Set(['i64', 'u64', 'i32', 'u32']);

/** Integers beyond 2^53 come out rounded, and outside every shape all the same. */
async function integers(source: ByteSource, { dtype, offset, byteLength }: StoredPart): Promise<number[]> {
  const bytes = await source.read(offset, byteLength);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const width = elementByteLength(dtype);
  return Array.from({ length: byteLength / width }, (_, index) => {
    const at = index * width;
    if (dtype === 'i64') return Number(view.getBigInt64(at, true));
    if (dtype === 'u64') return Number(view.getBigUint64(at, true));
    return dtype === 'i32' ? view.getInt32(at, true) : view.getUint32(at, true);
  });
}
