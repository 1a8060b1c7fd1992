/** Points of the lattices that the IQ dtypes choose from, and the signs that go with them. */

/**
 * The coordinates of all points, one point after the other, worked out when they are first asked for.
 * @param points four hexadecimal digits a point.
 * @param rank coordinates of a point.
 * @param bits of a coordinate's code, the first coordinate lowest.
 * @param steps what each code stands for.
 */
export function latticePoints(
  points: string,
  rank: number,
  bits: number,
  steps: readonly number[],
): () => Int8Array {
  let made: Int8Array | undefined;
  // most files need none of them
  return () => (made ??= makePoints(points, rank, bits, steps));
}

function makePoints(points: string, rank: number, bits: number, steps: readonly number[]): Int8Array {
  const count = points.length / 4;
  const out = new Int8Array(count * rank);
  for (let point = 0; point < count; point++) {
    const codes = Number.parseInt(points.slice(4 * point, 4 * point + 4), 16);
    for (let axis = 0; axis < rank; axis++) {
      out[point * rank + axis] = steps[(codes >> (bits * axis)) & (2 ** bits - 1)]!;
    }
  }
  return out;
}

/** Eight sign bits from seven: the eighth makes their number even. */
export const EVEN_SIGNS: Uint8Array = Uint8Array.from({ length: 128 }, (_, bits) => {
  let parity = bits;
  parity ^= parity >> 4;
  parity ^= parity >> 2;
  parity ^= parity >> 1;
  return bits | ((parity & 1) << 7);
});

/**
 * Writes one point times a scale.
 * @param point index of the point's first coordinate.
 * @param signs a bit a coordinate, set where it is negative.
 */
export function putPoint(
  lattice: Int8Array,
  point: number,
  rank: number,
  scale: number,
  signs: number,
  out: Float32Array,
  to: number,
): void {
  for (let axis = 0; axis < rank; axis++) {
    const value = scale * lattice[point + axis]!;
    out[to + axis] = (signs >> axis) & 1 ? -value : value;
  }
}
