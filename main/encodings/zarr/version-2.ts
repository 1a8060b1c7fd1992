// zarr version 2: https://zarr-specs.readthedocs.io/en/latest/v2/v2.0.html, with the dtype names that TensorStore adds.
import { ARRAY_ITEM_BYTES } from '#main/bytes/limits.ts';
import type { Filter } from '#main/encodings/filters/filters.ts';
import { parseTypeString } from '#main/encodings/ndarray/array-dtype.ts';
import { dtypeOfName } from '#main/encodings/ndarray/dtype-names.ts';
import type { ArrayDescription, ElementType } from '#main/encodings/zarr/description.ts';
import { encodeFill } from '#main/encodings/zarr/fill-value.ts';
import {
  dimensionsIn,
  exactInteger,
  field,
  isObject,
  parseObject,
  type JsonObject,
} from '#main/encodings/zarr/json.ts';
import { orUnread } from '#main/encodings/zarr/unread-chunks.ts';
import { AppError } from '#shared/errors.ts';

/** Compressors that are undone here; blosc, lz4 and lzma are named. */
const COMPRESSORS: ReadonlyMap<string, Filter> = new Map<string, Filter>([
  ['zstd', { kind: 'zstd' }],
  ['gzip', { kind: 'gzip' }],
  ['zlib', { kind: 'zlib' }],
  ['bz2', { kind: 'bzip2' }],
]);

/** @param bytes of a `.zarray`. @throws AppError `corrupt`, `unsupported` for its type. */
export function parseVersion2(bytes: Uint8Array, key: string): ArrayDescription {
  const json = parseObject(bytes, 'the description of the array', key);
  const fault = (what: string): AppError =>
    new AppError('corrupt', `the description of the array has no ${what}`, { file: key });
  if (field(json, 'zarr_format') !== 2) throw fault('zarr_format of 2');
  const shape = dimensionsIn(field(json, 'shape'));
  const chunkShape = dimensionsIn(field(json, 'chunks'));
  if (!shape) throw fault('shape');
  if (chunkShape?.length !== shape.length) throw fault('chunks that go with its shape');
  const dtype = elementType(field(json, 'dtype'), key);
  const fill = encodeFill(field(json, 'fill_value'), exactInteger(bytes, 'fill_value'), dtype);
  const separator = field(json, 'dimension_separator') ?? '.';
  if (separator !== '.' && separator !== '/') throw fault('dimension_separator that is known');
  return {
    shape,
    chunkShape,
    dtype,
    fill: typeof fill === 'string' ? undefined : fill,
    isFillKnown: fill !== 'unknown',
    keys: { prefix: '', separator },
    chunks: orUnread(() => ({ kind: 'plain', filters: filtersOf(json, chunkShape, dtype.itemBytes, key) })),
    attributes: [],
  };
}

function elementType(type: unknown, key: string): ElementType {
  if (typeof type !== 'string') {
    throw new AppError('unsupported', 'records in zarr arrays are not read', { file: key });
  }
  const named = dtypeOfName(type);
  if (named) return { ...named, byteOrder: 'little' };
  const parsed = parseTypeString(type);
  if (parsed.kind !== 'plain' || parsed.itemBytes > ARRAY_ITEM_BYTES) {
    throw new AppError('unsupported', `zarr arrays of the type ${type.slice(0, 80)} are not read`, {
      file: key,
    });
  }
  const { dtype, itemBytes, byteOrder } = parsed;
  return { dtype, itemBytes, byteOrder };
}

/** In the order they are applied: axes, filters, compressor. */
function filtersOf(
  json: JsonObject,
  chunkShape: readonly number[],
  itemBytes: number,
  key: string,
): Filter[] {
  const filters: Filter[] = [];
  const order = field(json, 'order') ?? 'C';
  if (order !== 'C' && order !== 'F') {
    throw new AppError('corrupt', 'the description of the array has no order that is known', { file: key });
  }
  if (order === 'F' && chunkShape.length > 1) {
    filters.push({
      kind: 'transpose',
      shape: chunkShape,
      order: [...chunkShape.keys()].reverse(),
      elementBytes: itemBytes,
    });
  }
  const stated = field(json, 'filters') ?? [];
  for (const filter of Array.isArray(stated) ? (stated as readonly unknown[]) : [stated])
    filters.push(filterOf(filter, itemBytes, key));
  const compressor = field(json, 'compressor') ?? null;
  if (compressor === null) return filters;
  const id = idOf(compressor);
  const undone = COMPRESSORS.get(id);
  if (!undone) throw notRead(id, key);
  return [...filters, checkedAs(undone, compressor)];
}

function filterOf(filter: unknown, itemBytes: number, key: string): Filter {
  const id = idOf(filter);
  if (id === 'shuffle' && isObject(filter)) {
    const width = field(filter, 'elementsize') ?? itemBytes;
    if (typeof width === 'number' && Number.isSafeInteger(width) && width >= 1 && width <= ARRAY_ITEM_BYTES) {
      return { kind: 'shuffle', elementBytes: width };
    }
  }
  if (id === 'fletcher32') return { kind: 'fletcher32' };
  const compressor = COMPRESSORS.get(id);
  if (compressor) return checkedAs(compressor, filter);
  throw notRead(id, key);
}

/** Zstandard has a checksum where the description says so. */
function checkedAs(filter: Filter, codec: unknown): Filter {
  const isChecked = filter.kind === 'zstd' && isObject(codec) && field(codec, 'checksum') === true;
  return isChecked ? { kind: 'zstd', hasChecksum: true } : filter;
}

function idOf(codec: unknown): string {
  const id = isObject(codec) ? field(codec, 'id') : undefined;
  return typeof id === 'string' ? id : 'something without a name';
}

function notRead(id: string, key: string): AppError {
  return new AppError('unsupported', `the chunks are packed with ${id.slice(0, 80)}, which is not read`, {
    file: key,
  });
}
