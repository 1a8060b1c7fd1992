/** Values in packed chunks on a grid. */
import { deflateSync } from 'node:zlib';

import type { Chunk } from '#main/encodings/filters/filters.ts';
import type { TensorPlan } from '#main/services/tensor-plan.ts';
import { countOf, setBytes } from '#test/kit/laid-out.ts';
import { bitsOf, PARTS } from '#test/kit/number-kinds.ts';
import { coordinateOf } from '#shared/tensor.ts';

/**
 * A tensor of these codes in chunks of one shape, packed by zlib; what hangs over its edges is none of them.
 * @param cell the shape of a chunk.
 * @param codeAt the code of an element by its place in C order.
 */
export function inPackedChunks(
  dtype: string,
  shape: readonly number[],
  cell: readonly number[],
  isBig: boolean,
  codeAt: (index: number) => bigint,
): TensorPlan {
  const bits = bitsOf(dtype);
  const width = Math.ceil(bits / 8);
  const unit = PARTS[dtype] ? width / 2 : width;
  const counts = shape.map((size, axis) => Math.ceil(size / cell[axis]!));
  const chunks: Chunk[] = [];
  const parts: Uint8Array[] = [];
  let offset = 0;
  for (let index = 0; index < countOf(counts); index++) {
    const origin = coordinateOf(index, counts).map((place, axis) => place * cell[axis]!);
    const bytes = new Uint8Array(countOf(cell) * width).fill(0x55);
    for (let element = 0; element < countOf(cell); element++) {
      const place = coordinateOf(element, cell).map((own, axis) => origin[axis]! + own);
      if (place.some((own, axis) => own >= shape[axis]!)) continue;
      const flat = place.reduce((sum, own, axis) => sum * shape[axis]! + own, 0);
      setBytes(bytes.subarray(element * width, (element + 1) * width), codeAt(flat), unit, isBig);
    }
    const packed = deflateSync(bytes, { level: 1 });
    const byteLength = packed.byteLength;
    chunks.push({ origin, shape: cell, source: 0, offset, byteLength, filters: [{ kind: 'zlib' }] });
    parts.push(packed);
    offset += byteLength;
  }
  return {
    tensor: {
      name: 't',
      dtype,
      shape,
      storage: {
        kind: 'chunked',
        shape,
        chunks,
        byteOrder: isBig ? 'big' : 'little',
        ...(bits < 8 ? { isUnpacked: true } : {}),
      },
    },
    sources: [{ kind: 'memory', bytes: new Uint8Array(Buffer.concat(parts)) }],
  };
}
