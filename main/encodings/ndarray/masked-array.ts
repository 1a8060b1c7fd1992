// NumPy's masked arrays inside pickles: numpy/ma/core.py, `MaskedArray.__reduce__`, `__getstate__` and `make_mask_descr`.
import type { ArrayDtype } from '#main/encodings/ndarray/array-dtype.ts';
import { hasObjects } from '#main/encodings/ndarray/array-dtype.ts';
import {
  isNumpy,
  pickledDtype,
  pickledShape,
  type PickledArray,
} from '#main/encodings/ndarray/pickled-array.ts';
import { itemsOf, numberOf, type PickleCall } from '#main/encodings/pickle/nodes.ts';
import { AppError } from '#shared/errors.ts';
import { elementCountOf } from '#shared/tensor.ts';

export interface MaskedArray {
  readonly data: PickledArray;
  /** Of the same shape: true where the value does not count; of records, one for each field. */
  readonly mask: PickledArray;
}

/** @returns undefined for anything else, arrays of objects included. @throws AppError where it makes no sense. */
export function maskedArray({ callable, states }: PickleCall): MaskedArray | undefined {
  if (!isNumpy(callable, '_mareconstruct')) return undefined;
  // version, shape, dtype, is Fortran, values, mask, fill value
  const [, shape, dtype, isFortran, values, mask] = itemsOf(states?.at(-1)) ?? [];
  if (values === undefined || mask === undefined)
    throw new AppError('corrupt', 'the masked array has no proper state');
  const of = pickledDtype(dtype);
  if (hasObjects(of)) return undefined;
  const layout = { shape: pickledShape(shape), isFortran: numberOf(isFortran) === 1 };
  return {
    data: { ...layout, dtype: of, data: values },
    mask: { ...layout, dtype: maskDtype(of), data: mask },
  };
}

/** A truth value for each value, in records that are packed. */
function maskDtype(dtype: ArrayDtype): ArrayDtype {
  if (dtype.kind !== 'record') return { kind: 'plain', dtype: 'bool', itemBytes: 1, byteOrder: 'little' };
  let itemBytes = 0;
  const fields = dtype.fields.map(({ name, dtype: of, shape }) => {
    const field = { name, offset: itemBytes, dtype: maskDtype(of), shape };
    itemBytes += field.dtype.itemBytes * (elementCountOf(shape) ?? 0);
    return field;
  });
  return { kind: 'record', fields, itemBytes };
}
