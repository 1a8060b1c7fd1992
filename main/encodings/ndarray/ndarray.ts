/** NumPy arrays as stored: from a data type, a shape and an order to plain columns of values in a source. */
import { columnSource } from '#main/bytes/column-source.ts';
import { TEXT_ARRAY_BYTES, TEXT_ARRAY_ITEMS } from '#main/bytes/limits.ts';
import type { ByteSource } from '#main/bytes/source.ts';
import type { ArrayDtype, RecordDtype, TextDtype } from '#main/encodings/ndarray/array-dtype.ts';
import { decodeTexts } from '#main/encodings/ndarray/array-text.ts';
import { AppError } from '#shared/errors.ts';
import { contiguousStrides, elementCountOf } from '#shared/tensor.ts';

export interface ArrayLayout {
  readonly dtype: ArrayDtype;
  readonly shape: readonly number[];
  /** Column-major: the first dimension moves fastest. */
  readonly isFortran: boolean;
}

/** Values of one plain type. A record array has one of these per field, any other array just one. */
export interface StoredColumn {
  /** Field names from the outside in; empty for an array without fields. */
  readonly path: readonly string[];
  readonly dtype: string;
  readonly shape: readonly number[];
  readonly offers?: readonly string[];
  readonly values: ColumnValues;
}

/** In the form in which formats describe storage, but for the source, which has no number yet. */
export type ColumnValues =
  | {
      readonly kind: 'dense';
      readonly source: ByteSource;
      readonly offset: number;
      readonly byteLength: number;
      readonly byteOrder: 'little' | 'big';
      /** Elements; absent for C order. */
      readonly strides?: readonly number[];
    }
  | { readonly kind: 'strings'; readonly values: readonly (string | Uint8Array)[] }
  /** Values there are, but more than we take in. */
  | { readonly kind: 'none'; readonly problem: { readonly code: string; readonly message: string } };

/**
 * Bytes that the array's values take.
 * @throws AppError `corrupt` for more than any file holds.
 */
export function arrayByteLength(layout: ArrayLayout): number {
  const bytes = layout.shape.reduce(
    (product, dimension) => product * BigInt(dimension),
    BigInt(layout.dtype.itemBytes),
  );
  if (bytes <= BigInt(Number.MAX_SAFE_INTEGER)) return Number(bytes);
  throw new AppError('corrupt', 'the array is larger than any file', { found: `${bytes} bytes` });
}

/**
 * Describes the values of an array that lie at `offset` of `source`; only texts are read.
 * @param end where its data must end at the latest; the end of the source when absent.
 * @throws AppError `corrupt` where that is too short for the array.
 */
export async function storeArray(
  layout: ArrayLayout,
  source: ByteSource,
  offset: number,
  end = source.byteLength,
): Promise<readonly StoredColumn[]> {
  const byteLength = arrayByteLength(layout);
  if (offset + byteLength > end) {
    throw new AppError('corrupt', 'the array is longer than the data behind its header', {
      file: source.name,
      offset,
      expected: `${byteLength} bytes`,
      found: `${end - offset} bytes`,
    });
  }
  const { dtype, shape, isFortran } = layout;
  return storeColumns({ path: [], dtype, shape, inner: [], isFortran, source, offset });
}

/** An array, or a field of one: `inner` are the dimensions that the field has in each record, always in C order. */
interface Part {
  readonly path: readonly string[];
  readonly dtype: ArrayDtype;
  readonly shape: readonly number[];
  readonly inner: readonly number[];
  readonly isFortran: boolean;
  readonly source: ByteSource;
  readonly offset: number;
}

async function storeColumns(part: Part): Promise<readonly StoredColumn[]> {
  const { path, dtype, source, offset } = part;
  const shape = [...part.shape, ...part.inner];
  const elementCount = elementCountOf(shape) ?? 0;
  switch (dtype.kind) {
    case 'record':
      return storeFields(part, dtype, elementCount);
    case 'object':
      throw new AppError('corrupt', 'an array of objects has no values of its own');
    case 'text':
      return [{ path, dtype: 'str', shape, values: await readTexts(part, dtype, elementCount) }];
    case 'plain': {
      const strides = part.isFortran ? { strides: fortranStrides(part.shape, part.inner) } : {};
      const byteLength = elementCount * dtype.itemBytes;
      const { byteOrder, offers } = dtype;
      const values = { kind: 'dense', source, offset, byteLength, byteOrder, ...strides } as const;
      return [{ path, dtype: dtype.dtype, shape, ...(offers ? { offers } : {}), values }];
    }
  }
}

async function storeFields(part: Part, record: RecordDtype, count: number): Promise<readonly StoredColumn[]> {
  const columns: StoredColumn[] = [];
  for (const field of record.fields) {
    const itemBytes = field.dtype.itemBytes * (elementCountOf(field.shape) ?? 0);
    const column = { offset: part.offset + field.offset, itemBytes, strideBytes: record.itemBytes, count };
    const inside = {
      ...part,
      path: [...part.path, field.name],
      dtype: field.dtype,
      inner: [...part.inner, ...field.shape],
      source: columnSource(part.source, column),
      offset: 0,
    };
    for (const stored of await storeColumns(inside)) columns.push(stored);
  }
  return columns;
}

/** The array's own dimensions column-major, those inside a record in C order within. */
function fortranStrides(shape: readonly number[], inner: readonly number[]): number[] {
  let step = elementCountOf(inner) ?? 1;
  const outer = shape.map((dimension) => {
    const stride = step;
    step *= Math.max(1, dimension);
    return stride;
  });
  return [...outer, ...contiguousStrides(inner)];
}

async function readTexts(part: Part, dtype: TextDtype, elementCount: number): Promise<ColumnValues> {
  const byteLength = elementCount * dtype.itemBytes;
  if (byteLength > TEXT_ARRAY_BYTES || elementCount > TEXT_ARRAY_ITEMS) {
    const message = `the array has ${elementCount} texts in ${byteLength} bytes, more than we read`;
    return { kind: 'none', problem: { code: 'text-limit', message } };
  }
  const bytes = await part.source.read(part.offset, byteLength);
  const stored = decodeTexts(bytes, dtype, elementCount);
  if (!part.isFortran) return { kind: 'strings', values: stored };
  const strides = fortranStrides(part.shape, part.inner);
  return { kind: 'strings', values: inCOrder(stored, [...part.shape, ...part.inner], strides) };
}

function inCOrder<Value>(
  values: readonly Value[],
  shape: readonly number[],
  strides: readonly number[],
): Value[] {
  const dense = contiguousStrides(shape);
  return values.map((_, flat) => {
    const at = shape.reduce(
      (sum, dimension, axis) => sum + (Math.floor(flat / dense[axis]!) % dimension) * strides[axis]!,
      0,
    );
    return values[at]!;
  });
}
