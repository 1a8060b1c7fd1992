import { WINDOW_BYTES } from '#main/bytes/limits.ts';
import type { SourceList } from '#main/bytes/source-list.ts';
import type { Chunk, Filter } from '#main/encodings/filters/filters.ts';
import { numbersOfFields } from '#main/encodings/filters/number-fields.ts';
import type { Hdf5Blocks } from '#main/encodings/hdf5/blocks.ts';
import type { DatasetPlace } from '#main/encodings/hdf5/dataset-place.ts';
import type { NumberElement } from '#main/encodings/hdf5/element-type.ts';
import { AppError } from '#shared/errors.ts';

/** Where numbers are: in one piece, in chunks, or here. Offsets and lengths are bytes; sources are numbers in a list. */
export type NumberValues =
  | {
      readonly kind: 'dense';
      readonly source: number;
      readonly offset: number;
      readonly byteLength: number;
      readonly byteOrder: 'little' | 'big';
    }
  | {
      readonly kind: 'chunked';
      readonly shape: readonly number[];
      readonly chunks: readonly Chunk[];
      /** One number, in the byte order of the chunks; zeros when absent. */
      readonly fill?: Uint8Array;
      readonly byteOrder: 'little' | 'big';
    }
  | { readonly kind: 'inline'; readonly bytes: Uint8Array };

/**
 * @param shape of the dataset, without the axes of its elements; not empty.
 * @param fill one element of the dataset, as stored; zeros when absent.
 * @throws AppError `unsupported` for a fill value that differs within an element.
 */
export function numberValues(
  { blocks, sources }: { readonly blocks: Hdf5Blocks; readonly sources: SourceList },
  shape: readonly number[],
  element: NumberElement,
  place: DatasetPlace,
  fill: Uint8Array | undefined,
): NumberValues {
  const { byteOrder, field, size } = element;
  const whole = [...shape, ...element.shape];
  const conversion: readonly Filter[] = field ? [{ kind: 'number-fields', field }] : [];
  if (place.kind === 'piece') {
    const at = sources.place(place.source, 0);
    if (!field) return { kind: 'dense', ...at, byteLength: place.source.byteLength, byteOrder };
    return { kind: 'chunked', shape: whole, chunks: tilesOf(whole, size, at, conversion), byteOrder };
  }
  const { source } = sources.place(blocks.source, 0);
  const shift = sources.place(blocks.source, 0).offset;
  const chunkShape = [...place.chunkShape, ...element.shape];
  const inner = element.shape.map(() => 0);
  const pipelines = new Map<readonly Filter[], readonly Filter[]>();
  const chunks = place.chunks.map(({ origin, offset, byteLength, filters }): Chunk => {
    const pipeline = pipelines.get(filters) ?? (field ? [...conversion, ...filters] : filters);
    pipelines.set(filters, pipeline);
    return {
      origin: inner.length === 0 ? origin : [...origin, ...inner],
      shape: chunkShape,
      source,
      offset: offset + shift,
      byteLength,
      filters: pipeline,
    };
  });
  const fillNumber = fill && oneNumber(fill, element);
  return { kind: 'chunked', shape: whole, chunks, ...(fillNumber ? { fill: fillNumber } : {}), byteOrder };
}

/** The number that fills, of an element that may be an array of them; undefined for zeros. */
function oneNumber(fill: Uint8Array, { size, field, shape }: NumberElement): Uint8Array | undefined {
  const count = shape.reduce((product, length) => product * length, 1);
  if (fill.byteLength !== count * size) return undefined;
  const first = fill.slice(0, size);
  for (let at = size; at < fill.byteLength; at += size) {
    if (Buffer.compare(first, fill.subarray(at, at + size)) === 0) continue;
    throw new AppError('unsupported', 'the fill value differs within an element, which is not read');
  }
  return field ? numbersOfFields(first, field) : first;
}

/** Numbers in one piece, cut into chunks of at most a window, so that each can be converted on its own. */
function tilesOf(
  shape: readonly number[],
  size: number,
  at: { readonly source: number; readonly offset: number },
  filters: readonly Filter[],
): Chunk[] {
  const most = Math.max(1, Math.floor(WINDOW_BYTES / size));
  const tile = new Array<number>(shape.length).fill(1);
  let elements = 1;
  for (let axis = shape.length - 1; axis >= 0 && elements < most; axis--) {
    tile[axis] = Math.min(shape[axis]!, Math.floor(most / elements));
    elements *= tile[axis]!;
    // only whole rows lie one after the other
    if (tile[axis] !== shape[axis]) break;
  }
  const chunks: Chunk[] = [];
  const origin = shape.map(() => 0);
  let offset = at.offset;
  for (;;) {
    const extent = tile.map((length, axis) => Math.min(length, shape[axis]! - origin[axis]!));
    const byteLength = extent.reduce((product, length) => product * length, size);
    chunks.push({ origin: [...origin], shape: extent, source: at.source, offset, byteLength, filters });
    offset += byteLength;
    let axis = shape.length - 1;
    while (axis >= 0 && origin[axis]! + tile[axis]! >= shape[axis]!) origin[axis--] = 0;
    if (axis < 0) return chunks;
    origin[axis] = origin[axis]! + tile[axis]!;
  }
}
