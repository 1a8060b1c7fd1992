import type { ArrayDescription } from '#main/encodings/zarr/description.ts';

/** Digits of a coordinate: no grid has more cells along an axis than 2^53. */
const COORDINATE = /^(?:0|[1-9]\d{0,15})$/;

/** The cell of the grid that a key stands for: `0.1`, `0/1`, `c/0/1`; undefined for keys of other things. */
export function chunkCell(
  key: string,
  { shape, keys }: Pick<ArrayDescription, 'shape' | 'keys'>,
): readonly number[] | undefined {
  const { prefix, separator } = keys;
  // an array without axes has one chunk
  if (shape.length === 0) return key === (prefix === '' ? '0' : prefix) ? [] : undefined;
  const parts = key.split(separator);
  if (prefix !== '' && parts.shift() !== prefix) return undefined;
  if (parts.length !== shape.length || !parts.every((part) => COORDINATE.test(part))) return undefined;
  const cell = parts.map(Number);
  return cell.every(Number.isSafeInteger) ? cell : undefined;
}
