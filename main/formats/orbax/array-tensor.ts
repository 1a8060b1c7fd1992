import type { FoundArray } from '#main/encodings/zarr/arrays.ts';
import type { ZarrStore } from '#main/encodings/zarr/store.ts';
import { checksumsOf, valuesOf } from '#main/encodings/zarr/values.ts';
import { openZarrArray, type ZarrArray } from '#main/encodings/zarr/zarr.ts';
import type { StoredTensor } from '#main/formats/contract.ts';
import type { MetadataValue, Problem } from '#shared/checkpoint.ts';
import { isAppError } from '#shared/errors.ts';

export interface ArrayTensor {
  readonly tensor: StoredTensor;
  readonly attributes: readonly (readonly [string, MetadataValue])[];
}

/**
 * An array of a store as a tensor. What cannot be read of it is a problem, and then it has no values.
 * @param isWhole whether a chunk that is not there is one that was lost, rather than one of fill values.
 * @returns undefined for a group.
 */
export async function arrayTensor(
  name: string,
  store: ZarrStore,
  found: FoundArray,
  isWhole: boolean,
  problems: Problem[],
): Promise<ArrayTensor | undefined> {
  try {
    const array = await openZarrArray(store, found);
    if (!array) return undefined;
    return { tensor: tensorOf(name, array, isWhole, problems), attributes: array.attributes };
  } catch (error) {
    if (!isAppError(error) || error.code === 'io') throw error;
    problems.push({ code: error.code, message: error.message, tensor: name });
    return { tensor: { name, dtype: 'v1', shape: [], storage: { kind: 'none' } }, attributes: [] };
  }
}

function tensorOf(name: string, array: ZarrArray, isWhole: boolean, problems: Problem[]): StoredTensor {
  const { shape, dtype, isFillKnown } = array.description;
  const report = (code: string, message: string, offset?: number): void =>
    void problems.push({ code, message, tensor: name, ...(offset === undefined ? {} : { offset }) });
  const total = array.missing + array.chunks.length;
  const [fault] = array.faults;
  if (array.faults.length > 1)
    report('chunks', `${array.faults.length} chunks of the array cannot be read, the first of them:`);
  if (fault) report(fault.code, fault.message, fault.fields.offset);
  if (array.missing > 0 && isWhole)
    report(
      'missing-part',
      `${array.missing} of ${total} chunks are not there; their values are shown as the fill value`,
    );
  if (array.missing > 0 && !isFillKnown)
    report('unsupported', 'the fill value of the array is not read, and some of it is nothing else');
  const isReadable = !fault && (array.missing === 0 || isFillKnown);
  const checksums = checksumsOf(array);
  return {
    name,
    dtype: dtype.dtype,
    shape,
    storage: isReadable ? valuesOf(array) : { kind: 'none' },
    ...(isReadable && checksums.length > 0 ? { checksums } : {}),
  };
}
