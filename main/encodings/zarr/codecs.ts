// Codec pipelines of zarr version 3: https://zarr-specs.readthedocs.io/en/latest/v3/codecs/index.html
import { TENSOR_RANK } from '#main/bytes/limits.ts';
import type { Filter } from '#main/encodings/filters/filters.ts';
import { codecOf, type Codec } from '#main/encodings/zarr/codec.ts';
import type { ChunkForm } from '#main/encodings/zarr/description.ts';
import { dimensionsIn, field } from '#main/encodings/zarr/json.ts';
import { AppError } from '#shared/errors.ts';

export interface ReadCodecs {
  readonly form: ChunkForm;
  readonly isBigEndian: boolean;
}

/** Codecs from bytes to bytes; numcodecs' own have its name before theirs. */
const PACKERS: ReadonlyMap<string, Filter> = new Map<string, Filter>([
  ['zstd', { kind: 'zstd' }],
  ['gzip', { kind: 'gzip' }],
  ['crc32c', { kind: 'crc32c' }],
  ['numcodecs.zstd', { kind: 'zstd' }],
  ['numcodecs.gzip', { kind: 'gzip' }],
  ['numcodecs.bz2', { kind: 'bzip2' }],
  ['numcodecs.zlib', { kind: 'zlib' }],
  ['numcodecs.fletcher32', { kind: 'fletcher32' }],
  ['zlib', { kind: 'zlib' }],
]);

/**
 * @param shape of a chunk.
 * @throws AppError `corrupt` for a pipeline that makes no sense, `unsupported` for a codec that is not undone here.
 */
export function chunkFormOf(
  value: unknown,
  shape: readonly number[],
  itemBytes: number,
  key: string,
): ReadCodecs {
  const codecs = codecsIn(value, key);
  const filters: Filter[] = [];
  /** The axes as they are after the codecs so far. */
  let axes: readonly number[] = [...shape.keys()];
  const shapeNow = (): number[] => axes.map((axis) => shape[axis]!);
  let at = 0;
  for (; codecs[at]?.name === 'transpose'; at++) {
    const order = orderOf(codecs[at]!, shape.length, key);
    filters.push({ kind: 'transpose', shape: shapeNow(), order, elementBytes: itemBytes });
    axes = order.map((axis) => axes[axis]!);
  }
  const serializer = codecs[at++];
  const packers = codecs.slice(at).map((codec) => packerOf(codec, key));
  if (serializer?.name === 'sharding_indexed') {
    if (packers.length > 0) throw notRead('shards that are packed as a whole', key);
    return shardForm(serializer, axes, shapeNow(), itemBytes, key);
  }
  if (serializer?.name !== 'bytes' && serializer?.name !== 'endian')
    throw notRead(serializer?.name ?? 'no bytes at all', key);
  const isBigEndian = field(serializer.configuration, 'endian') === 'big';
  return { form: { kind: 'plain', filters: [...filters, ...packers] }, isBigEndian };
}

function codecsIn(value: unknown, key: string): readonly Codec[] {
  const codecs = Array.isArray(value) ? value.map(codecOf) : [];
  if (codecs.length === 0 || codecs.includes(undefined)) {
    throw new AppError('corrupt', 'the description of the array has no codecs', { file: key });
  }
  return codecs as readonly Codec[];
}

function packerOf({ name, configuration }: Codec, key: string): Filter {
  const filter = PACKERS.get(name);
  if (!filter) throw notRead(name, key);
  const isChecked = filter.kind === 'zstd' && field(configuration, 'checksum') === true;
  return isChecked ? { kind: 'zstd', hasChecksum: true } : filter;
}

/** The axis that each axis comes from. */
function orderOf({ configuration }: Codec, rank: number, key: string): readonly number[] {
  const stated = field(configuration, 'order');
  if (stated === 'C') return Array.from({ length: rank }, (_, axis) => axis);
  if (stated === 'F') return Array.from({ length: rank }, (_, axis) => rank - 1 - axis);
  const order = dimensionsIn(stated);
  const isOrder =
    order?.length === rank && new Set(order).size === rank && order.every((axis) => axis < rank);
  if (!isOrder || rank > TENSOR_RANK) {
    throw new AppError('corrupt', 'the axes of the array are turned round in a way that makes no sense', {
      file: key,
    });
  }
  return order;
}

function shardForm(
  { configuration }: Codec,
  order: readonly number[],
  shape: readonly number[],
  itemBytes: number,
  key: string,
): ReadCodecs {
  const innerShape = dimensionsIn(field(configuration, 'chunk_shape'));
  const isDivided =
    innerShape?.length === shape.length &&
    innerShape.every((size, axis) => size > 0 && shape[axis]! % size === 0);
  if (!isDivided) {
    throw new AppError('corrupt', 'the shards of the array do not consist of whole chunks', { file: key });
  }
  const inner = chunkFormOf(field(configuration, 'codecs'), innerShape, itemBytes, key);
  if (inner.form.kind !== 'plain') throw notRead('shards within shards', key);
  const index = chunkFormOf(field(configuration, 'index_codecs'), [], 8, key);
  const packers = index.form.kind === 'plain' ? index.form.filters : undefined;
  const hasChecksum = packers?.length === 1 && packers[0]!.kind === 'crc32c';
  if (!packers || (packers.length > 0 && !hasChecksum))
    throw notRead('an index of shards that is packed', key);
  return {
    form: {
      kind: 'shard',
      ...(order.every((axis, at) => axis === at) ? {} : { order }),
      innerShape,
      filters: inner.form.filters,
      index: {
        isAtStart: field(configuration, 'index_location') === 'start',
        hasChecksum,
        isBigEndian: index.isBigEndian,
      },
    },
    isBigEndian: inner.isBigEndian,
  };
}

function notRead(name: string, key: string): AppError {
  return new AppError('unsupported', `the chunks are packed with ${name.slice(0, 80)}, which is not read`, {
    file: key,
  });
}
