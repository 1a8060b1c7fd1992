import { dtypeInfo } from '#shared/dtype.ts';

/** PyTorch's quantisation parameters of a tensor that stores integers. */
export interface Quantisation {
  readonly scheme: string;
  readonly scale?: number;
  readonly scales?: readonly number[];
  readonly zeroPoint?: number;
  readonly zeroPoints?: readonly number[];
  readonly axis?: number;
}

export interface SparseInfo {
  readonly layout: string;
  /** Names of the stored parts, such as `indices` and `values`. */
  readonly parts: readonly string[];
}

/** A named n-dimensional tensor as described by its file; no values. */
export interface TensorInfo {
  /** Full name as in the file. */
  readonly name: string;
  /** A friendlier name, where the file has one. */
  readonly label?: string;
  /** Canonical dtype name. */
  readonly dtype: string;
  /** Outermost dimension first; empty for a scalar. */
  readonly shape: readonly number[];
  /** Elements. */
  readonly elementCount: number;
  /** Bytes of the values as stored. */
  readonly byteLength: number;
  /** The first tensor that has the same storage. */
  readonly sharedWith?: string;
  readonly quantisation?: Quantisation;
  readonly sparse?: SparseInfo;
  /** The file describes the tensor and holds no values for it. */
  readonly noData?: true;
  /** dtypes the bytes may be read as, where the file does not say (NumPy void). */
  readonly offers?: readonly string[];
}

/** Product of the dimensions, exact or undefined beyond 2^53 - 1. A scalar has one element. */
export function elementCountOf(shape: readonly number[]): number | undefined {
  let product = 1;
  for (const dimension of shape) product *= dimension;
  // up to here every product was exact; beyond, only a zero still makes it known
  if (product <= Number.MAX_SAFE_INTEGER) return product;
  return shape.includes(0) ? 0 : undefined;
}

/** Bytes that `elementCount` elements of a fixed-width dtype take when stored densely. */
export function byteLengthOf(dtype: string, elementCount: number): number {
  const info = dtypeInfo(dtype);
  if (info.blockElements) return (elementCount / info.blockElements) * (info.bits / 8);
  if (info.bits % 8 === 0) return elementCount * (info.bits / 8);
  return Math.ceil((elementCount * info.bits) / 8);
}

/** Strides in elements of a dense tensor in C order. */
export function contiguousStrides(shape: readonly number[]): number[] {
  const strides = new Array<number>(shape.length);
  let step = 1;
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    strides[axis] = step;
    step *= Math.max(1, shape[axis]!);
  }
  return strides;
}

/** The coordinate of a flat C-order index. */
export function coordinateOf(flat: number, shape: readonly number[]): number[] {
  const coordinate = new Array<number>(shape.length).fill(0);
  let rest = flat;
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    const dimension = shape[axis]!;
    coordinate[axis] = rest % dimension;
    rest = Math.floor(rest / dimension);
  }
  return coordinate;
}
