// Shards: https://zarr-specs.readthedocs.io/en/latest/v3/codecs/sharding-indexed/index.html
import { TENSOR_CHUNKS } from '#main/bytes/limits.ts';
import type { Chunk, Filter } from '#main/encodings/filters/filters.ts';
import { CRC32C_BYTES, stripCrc32c } from '#main/encodings/filters/strip-crc32c.ts';
import type { ArrayDescription, ChunkForm } from '#main/encodings/zarr/description.ts';
import type { StoredValue } from '#main/encodings/zarr/store.ts';
import { AppError } from '#shared/errors.ts';

const ENTRY_BYTES = 16;
/** Of offset and length alike: there is no such chunk. */
const ABSENT = 2n ** 64n - 1n;

/**
 * The chunks that a shard holds; those that it says it has none of are left out.
 * @param origin of the shard in the array, in elements.
 * @throws AppError `corrupt` for an index that is damaged or points outside, `limit`.
 */
export async function readShard(
  value: StoredValue,
  form: Extract<ChunkForm, { kind: 'shard' }>,
  { chunkShape, dtype }: ArrayDescription,
  origin: readonly number[],
): Promise<Chunk[]> {
  const axes = form.order ?? [...chunkShape.keys()];
  const counts = axes.map((axis, at) => chunkShape[axis]! / form.innerShape[at]!);
  const total = counts.reduce((product, count) => product * count, 1);
  if (total > TENSOR_CHUNKS) throw new AppError('limit', `a shard has more than ${TENSOR_CHUNKS} chunks`);
  const index = await readIndex(value, total, form.index);
  const shape = inArrayOrder(form.innerShape, axes);
  const filters = filtersOf(form, shape, axes, dtype.itemBytes);
  const chunks: Chunk[] = [];
  for (let entry = 0; entry < total; entry++) {
    const offset = index.getBigUint64(entry * ENTRY_BYTES, !form.index.isBigEndian);
    const byteLength = index.getBigUint64(entry * ENTRY_BYTES + 8, !form.index.isBigEndian);
    if (offset === ABSENT && byteLength === ABSENT) continue;
    if (offset + byteLength > BigInt(value.byteLength)) {
      throw new AppError('corrupt', 'the index of a shard points beyond its end', {
        file: value.source.name,
        offset: value.offset,
        expected: `at most ${value.byteLength} bytes`,
        found: `${byteLength} bytes at ${offset}`,
      });
    }
    const inner = inArrayOrder(
      cellOf(entry, counts).map((cell, at) => cell * form.innerShape[at]!),
      axes,
    );
    chunks.push({
      origin: origin.map((first, axis) => first + inner[axis]!),
      shape,
      source: value.number,
      offset: value.offset + Number(offset),
      byteLength: Number(byteLength),
      filters,
    });
  }
  return chunks;
}

async function readIndex(
  { source, offset, byteLength }: StoredValue,
  total: number,
  { isAtStart, hasChecksum }: Extract<ChunkForm, { kind: 'shard' }>['index'],
): Promise<DataView> {
  const indexBytes = total * ENTRY_BYTES + (hasChecksum ? CRC32C_BYTES : 0);
  const place = { file: source.name, offset: isAtStart ? offset : offset + byteLength - indexBytes };
  if (indexBytes > byteLength) {
    throw new AppError('corrupt', 'a shard is too short for its index', {
      file: source.name,
      offset,
      expected: `${indexBytes} bytes`,
      found: `${byteLength} bytes`,
    });
  }
  const stored = await source.read(place.offset, indexBytes);
  const index = hasChecksum ? stripCrc32c(stored, place) : stored;
  return new DataView(index.buffer, index.byteOffset, index.byteLength);
}

/** Coordinates of the n-th cell in C order. */
function cellOf(entry: number, counts: readonly number[]): number[] {
  const cell = new Array<number>(counts.length).fill(0);
  let rest = entry;
  for (let axis = counts.length - 1; axis >= 0; axis--) {
    cell[axis] = rest % counts[axis]!;
    rest = Math.floor(rest / counts[axis]!);
  }
  return cell;
}

/** What stands in the order of the stored axes, in that of the array's. */
function inArrayOrder(values: readonly number[], axes: readonly number[]): number[] {
  const out = new Array<number>(values.length).fill(0);
  axes.forEach((axis, at) => (out[axis] = values[at]!));
  return out;
}

/** A chunk of a shard whose axes are turned round is turned round itself, before anything else was done to it. */
function filtersOf(
  { order, filters }: Extract<ChunkForm, { kind: 'shard' }>,
  shape: readonly number[],
  axes: readonly number[],
  elementBytes: number,
): readonly Filter[] {
  return order ? [{ kind: 'transpose', shape, order: axes, elementBytes }, ...filters] : filters;
}
