import type { Chunk } from '#main/encodings/filters/filters.ts';
import type { StoredTensor } from '#main/formats/contract.ts';
import type { Problem } from '#shared/checkpoint.ts';
import { findDtype } from '#shared/dtype.ts';
import { elementCountOf } from '#shared/tensor.ts';

/** A part of a tensor, which is stored as one of its own. */
export interface Piece {
  readonly stored: StoredTensor;
  /** Where it begins in the whole, in elements. */
  readonly origin: readonly number[];
}

/** The whole, or its pieces one by one and why they are not put together. */
export interface Assembled {
  readonly tensors: readonly StoredTensor[];
  readonly problems: readonly Problem[];
}

/** Puts all pieces of one name together; the whole reaches as far as they do. Several of one place are the same. */
export function assemblePieces(all: readonly Piece[]): Assembled {
  const pieces = [...new Map(all.map((piece) => [String(piece.origin), piece])).values()];
  const { name, dtype, shape: ownShape } = pieces[0]!.stored;
  const isWhole = pieces.length === 1 && pieces[0]!.origin.every((at) => at === 0);
  if (isWhole) return { tensors: [pieces[0]!.stored], problems: [] };
  const shape = ownShape.map((_, axis) =>
    Math.max(...pieces.map(({ origin, stored }) => origin[axis]! + (stored.shape[axis] ?? 0))),
  );
  const isOneKind = pieces.every(
    ({ stored }) => stored.dtype === dtype && stored.shape.length === shape.length,
  );
  const found = pieces.reduce((sum, { stored }) => sum + (elementCountOf(stored.shape) ?? 0), 0);
  const chunks = pieces.map(chunkOf);
  if (!isOneKind || found !== elementCountOf(shape) || !chunks.every((chunk) => chunk !== undefined)) {
    const message = `the pieces of ${name} do not make it up: they are listed by where they lie in it`;
    return { tensors: pieces.map(listed), problems: [{ code: 'missing-part', message }] };
  }
  // a piece without elements is no chunk
  const filled = chunks.filter((chunk) => !chunk.shape.includes(0));
  return {
    tensors: [
      { name, dtype, shape, storage: { kind: 'chunked', shape, byteOrder: 'little', chunks: filled } },
    ],
    problems: [],
  };
}

function listed({ stored, origin }: Piece): StoredTensor {
  return { ...stored, name: `${stored.name} at [${origin.join(', ')}]` };
}

/** Undefined for a piece that cannot be pointed at on its own: one without values, or of elements below a byte. */
function chunkOf({ stored: { dtype, shape, storage }, origin }: Piece): Chunk | undefined {
  const bits = findDtype(dtype)?.bits ?? 0;
  if (storage.kind !== 'dense' || bits % 8 !== 0) return undefined;
  const { source, offset, byteLength } = storage;
  return { origin, shape, source, offset, byteLength, filters: [] };
}
