/** Arrays that a state links to, in zarr folders or a database beside it. */
import type { Folder } from '#main/bytes/folder.ts';
import type { ByteSource } from '#main/bytes/source.ts';
import type { StateLink } from '#main/encodings/msgpack/state-link.ts';
import { MANIFEST_NAME, openOcdbt } from '#main/encodings/ocdbt/ocdbt.ts';
import { findArrays } from '#main/encodings/zarr/arrays.ts';
import { folderStore } from '#main/encodings/zarr/folder-store.ts';
import type { ZarrStore } from '#main/encodings/zarr/store.ts';
import { checksumsOf, valuesOf } from '#main/encodings/zarr/values.ts';
import { openZarrArray } from '#main/encodings/zarr/zarr.ts';
import type { StoredTensor } from '#main/formats/contract.ts';
import type { Problem } from '#shared/checkpoint.ts';
import { AppError, isAppError } from '#shared/errors.ts';

/** @param sources files that are opened are added here. */
export async function linkedTensors(
  links: readonly StateLink[],
  folder: Folder | undefined,
  sources: ByteSource[],
  problems: Problem[],
): Promise<StoredTensor[]> {
  if (links.length === 0) return [];
  const store = folder && (await storeIn(folder, links, sources, problems));
  const arrays = store && findArrays(store);
  const tensors: StoredTensor[] = [];
  for (const { name, arrayName } of links) {
    try {
      const found = arrays?.get(arrayName);
      if (!found)
        throw new AppError('not-found', `the zarr array ${arrayName.slice(0, 200)} is not beside the state`);
      tensors.push(await describe(name, store!, found));
    } catch (error) {
      if (!isAppError(error) || error.code === 'io') throw error;
      const code = error.code === 'not-found' ? 'missing-part' : error.code;
      problems.push({ code, message: error.message, tensor: name });
      tensors.push({ name, dtype: 'v1', shape: [], storage: { kind: 'none' } });
    }
  }
  return tensors;
}

async function storeIn(
  folder: Folder,
  links: readonly StateLink[],
  sources: ByteSource[],
  problems: Problem[],
): Promise<ZarrStore> {
  if (!(await folder.has(MANIFEST_NAME))) {
    return folderStore(folder, sources, new Set(links.map(({ arrayName }) => arrayName.split('/')[0]!)));
  }
  const database = await openOcdbt(folder, sources);
  problems.push(...database.problems);
  return database;
}

async function describe(
  name: string,
  store: ZarrStore,
  found: Parameters<typeof openZarrArray>[1],
): Promise<StoredTensor> {
  const array = await openZarrArray(store, found);
  if (!array) throw new AppError('corrupt', `${found.path} is a group of arrays`);
  const [fault] = array.faults;
  if (fault) throw fault;
  const { dtype, shape } = array.description;
  const checksums = checksumsOf(array);
  return {
    name,
    dtype: dtype.dtype,
    shape,
    storage: valuesOf(array),
    ...(checksums.length > 0 ? { checksums } : {}),
  };
}
