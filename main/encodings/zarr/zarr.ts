// zarr arrays, versions 2 and 3: where the chunks are, and what is done to them.
import { TENSOR_CHUNKS, ZARR_DESCRIPTION_BYTES } from '#main/bytes/limits.ts';
import type { Chunk } from '#main/encodings/filters/filters.ts';
import type { FoundArray } from '#main/encodings/zarr/arrays.ts';
import { chunkCell } from '#main/encodings/zarr/chunk-keys.ts';
import type { ArrayDescription } from '#main/encodings/zarr/description.ts';
import { field, metadataOf, parseObject } from '#main/encodings/zarr/json.ts';
import { readShard } from '#main/encodings/zarr/shard.ts';
import { readValue, type StoredGuard, type ZarrStore } from '#main/encodings/zarr/store.ts';
import { parseVersion2 } from '#main/encodings/zarr/version-2.ts';
import { parseVersion3 } from '#main/encodings/zarr/version-3.ts';
import type { MetadataValue } from '#shared/checkpoint.ts';
import { AppError, isAppError } from '#shared/errors.ts';

export interface ZarrArray {
  readonly description: ArrayDescription;
  readonly chunks: readonly Chunk[];
  /** Checksums of what the chunks are part of, where all of them are. */
  readonly guards: readonly StoredGuard[];
  /** Cells of the grid that nothing is stored for. */
  readonly missing: number;
  readonly attributes: readonly (readonly [string, MetadataValue])[];
  /** Chunks that cannot be read, with the reason. */
  readonly faults: readonly AppError[];
}

/**
 * Reads the description of an array and finds its chunks; of shards the indexes are read, of other chunks nothing.
 * @returns undefined for a group.
 * @throws AppError `corrupt`, `unsupported`, `limit`, `io`.
 */
export async function openZarrArray(store: ZarrStore, found: FoundArray): Promise<ZarrArray | undefined> {
  const description = await describe(store, found);
  if (!description) return undefined;
  const { shape, chunkShape } = description;
  if (shape.length > 0 && chunkShape.some((size, axis) => size === 0 && shape[axis] !== 0)) {
    throw new AppError('corrupt', 'the chunks of the array are empty', { file: found.path });
  }
  const isEmpty = shape.includes(0);
  const form = description.chunks;
  if (form.kind === 'unread') {
    const attributes = await attributesOf(store, found, description);
    return { description, chunks: [], guards: [], missing: 0, attributes, faults: [form.fault] };
  }
  const chunks: Chunk[] = [];
  const guards: StoredGuard[] = [];
  const faults: AppError[] = [];
  let cells = 0;
  let guarded = 0;
  for (const key of isEmpty ? [] : found.chunkKeys) {
    const origin = chunkCell(key, description)?.map((cell, axis) => cell * chunkShape[axis]!);
    // keys of cells beyond the shape are left over from when the array was larger
    if (!origin || origin.some((at, axis) => at >= shape[axis]!)) continue;
    cells++;
    if (chunks.length >= TENSOR_CHUNKS)
      throw new AppError('limit', `the array has more than ${TENSOR_CHUNKS} chunks`, { file: found.path });
    try {
      const value = await store.locate(found.path === '' ? key : `${found.path}/${key}`);
      const own: readonly Chunk[] =
        form.kind === 'shard'
          ? await readShard(value, form, description, origin)
          : [
              {
                origin,
                shape: chunkShape,
                source: value.number,
                offset: value.offset,
                byteLength: value.byteLength,
                filters: form.filters,
              },
            ];
      chunks.push(...own);
      guarded += value.guard ? own.length : 0;
      if (value.guard) guards.push(value.guard);
    } catch (error) {
      if (!isAppError(error) || error.code === 'io') throw error;
      faults.push(error);
    }
  }
  return {
    description,
    chunks,
    guards: guarded === chunks.length ? guards : [],
    missing: isEmpty
      ? 0
      : shape.reduce((product, size, axis) => product * Math.ceil(size / chunkShape[axis]!), 1) - cells,
    attributes: await attributesOf(store, found, description),
    faults,
  };
}

async function describe(
  store: ZarrStore,
  { path, version }: FoundArray,
): Promise<ArrayDescription | undefined> {
  const key = `${path === '' ? '' : `${path}/`}${version === 2 ? '.zarray' : 'zarr.json'}`;
  const bytes = await readValue(store, key, ZARR_DESCRIPTION_BYTES);
  return version === 2 ? parseVersion2(bytes, key) : parseVersion3(bytes, key);
}

/** Attributes of version 2 stand beside the description; damaged ones are left out. */
async function attributesOf(
  store: ZarrStore,
  { path, version }: FoundArray,
  { attributes }: ArrayDescription,
): Promise<ZarrArray['attributes']> {
  if (version === 3) return attributes;
  const key = `${path === '' ? '' : `${path}/`}.zattrs`;
  try {
    const json = parseObject(await readValue(store, key, ZARR_DESCRIPTION_BYTES), 'the attributes', key);
    return Object.keys(json).map((name) => [name, metadataOf(field(json, name))]);
  } catch (error) {
    if (!isAppError(error) || error.code === 'io') throw error;
    return [];
  }
}
