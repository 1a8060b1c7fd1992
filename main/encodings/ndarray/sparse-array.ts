// SciPy's sparse matrices and arrays inside pickles: scipy/sparse/_base.py and beside it, whose objects are their attributes.
import { joblibArray } from '#main/encodings/ndarray/joblib-array.ts';
import type { StoredColumn } from '#main/encodings/ndarray/ndarray.ts';
import {
  pickledArray,
  pickledShape,
  storePickledArray,
  type PickledArray,
} from '#main/encodings/ndarray/pickled-array.ts';
import { asKind, itemsOf, type PickleCall, type PickleNode } from '#main/encodings/pickle/nodes.ts';
import { stateEntries } from '#main/encodings/pickle/object-parts.ts';
import { densify, type SparseLayout, type StridedPart } from '#main/encodings/sparse/sparse.ts';
import type { ByteSource } from '#main/bytes/source.ts';
import { AppError } from '#shared/errors.ts';

export interface PickledSparse {
  readonly layout: SparseLayout;
  /** Of the dense form. */
  readonly shape: readonly number[];
  readonly values: PickledArray;
  readonly indices: readonly PickledArray[];
  /** Names of the values and the indices. */
  readonly parts: readonly string[];
}

const CLASS = /^(csr|csc|bsr|coo|dia)_(matrix|array)$/;

/** Index attributes by layout; coordinates stand in a tuple since SciPy 1.13. */
const INDICES: Readonly<Record<string, readonly string[]>> = {
  csr: ['indptr', 'indices'],
  csc: ['indptr', 'indices'],
  bsr: ['indptr', 'indices'],
  coo: ['row', 'col'],
  dia: ['offsets'],
};

/** Whether a global is a class of sparse matrices that are read: modules moved about, names stayed. */
export function isSparseClass(module: string, name: string): boolean {
  return (module === 'scipy.sparse' || module.startsWith('scipy.sparse.')) && CLASS.test(name);
}

/** @returns undefined for anything else. @throws AppError where it makes no sense. */
export function pickledSparse(call: PickleCall): PickledSparse | undefined {
  const named = asKind(call.callable, 'global');
  // protocols 0 and 1 make objects by a helper that is given the class
  const of = named?.name === '_reconstructor' ? asKind(itemsOf(call.args)?.[0], 'global') : named;
  if (!of || !isSparseClass(of.module, of.name)) return undefined;
  const layout = CLASS.exec(of.name)![1]! as SparseLayout;
  const attributes = new Map(stateEntries(call));
  const coordinates = itemsOf(attributes.get('coords'));
  const names = INDICES[layout]!;
  const indices = coordinates ?? names.map((name) => attributes.get(name) ?? null);
  return {
    layout,
    shape: pickledShape(attributes.get('_shape') ?? attributes.get('shape')),
    values: arrayOf(attributes.get('data')),
    indices: indices.map(arrayOf),
    parts: ['data', ...(coordinates ? ['coords'] : names)],
  };
}

function arrayOf(node: PickleNode | undefined): PickledArray {
  const call = asKind(node, 'call');
  const joblib = call && joblibArray(call);
  const array = joblib && 'objects' in joblib ? undefined : (joblib ?? pickledArray(node));
  if (!array) throw new AppError('corrupt', 'an array of the sparse matrix is missing');
  return array;
}

/**
 * The dense form, read piece by piece.
 * @param source of the pickle.
 * @throws AppError `corrupt` for parts that make no sense, `limit`.
 */
export async function storeSparse(sparse: PickledSparse, source: ByteSource): Promise<StoredColumn> {
  const values = await partOf(sparse.values, source);
  const indices = await Promise.all(sparse.indices.map((array) => partOf(array, source)));
  const { layout, shape } = sparse;
  const dense = await densify({ layout, shape, values, indices, isAdded: true });
  const { dtype, byteOrder } = values;
  const { byteLength } = dense;
  return {
    path: [],
    dtype,
    shape,
    values: { kind: 'dense', source: dense, offset: 0, byteLength, byteOrder },
  };
}

async function partOf(array: PickledArray, source: ByteSource): Promise<StridedPart> {
  const [column, ...others] = await storePickledArray(array, source);
  if (column?.values.kind !== 'dense' || others.length > 0)
    throw new AppError('corrupt', 'an array of the sparse matrix holds no numbers');
  return { ...column.values, dtype: column.dtype, shape: column.shape };
}
