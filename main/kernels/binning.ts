/** Counting numbers into bins: half-open, the last one closed, exactly as numpy.histogram does for given edges. */

export interface BinCounts {
  readonly counts: Float64Array;
  below: number;
  above: number;
  nan: number;
  positiveInfinity: number;
  negativeInfinity: number;
}

export function emptyBins(bins: number): BinCounts {
  return {
    counts: new Float64Array(bins),
    below: 0,
    above: 0,
    nan: 0,
    positiveInfinity: 0,
    negativeInfinity: 0,
  };
}

/**
 * Equally wide bins from `low` to `high`, both exact at the ends.
 * @returns bins + 1 edges; a range without width is widened by a half to either side, as NumPy does.
 */
export function equalEdges(low: number, high: number, bins: number): Float64Array {
  const [from, to] = low === high ? widened(low) : [low, high];
  const edges = new Float64Array(bins + 1);
  const width = to - from;
  for (let i = 0; i <= bins; i++) {
    // the difference of two huge ends overflows, their parts do not
    edges[i] = Number.isFinite(width) ? from + (i * width) / bins : from * (1 - i / bins) + to * (i / bins);
  }
  edges[bins] = to;
  return edges;
}

function widened(value: number): readonly [number, number] {
  // beyond 2^53 a half no longer moves the value
  const reach = Math.max(0.5, Math.abs(value) * 2 ** -52);
  return [value - reach, value + reach];
}

/** Adds the numbers of one window. */
export function countInto(bins: BinCounts, edges: Float64Array, values: Float64Array | Float32Array): void {
  const { counts } = bins;
  const last = counts.length - 1;
  const low = edges[0]!;
  const high = edges[last + 1]!;
  const factor = counts.length / (high - low);
  const isEven = Number.isFinite(factor) && factor > 0;
  for (let i = 0; i < values.length; i++) {
    const value = values[i]!;
    if (value >= low && value <= high) {
      if (value - value !== 0) {
        countOutside(bins, value, low);
        continue;
      }
      let bin = isEven ? Math.min(last, Math.floor((value - low) * factor)) : bisect(edges, value);
      // the division may round across an edge: the edges decide
      while (bin > 0 && value < edges[bin]!) bin--;
      while (bin < last && value >= edges[bin + 1]!) bin++;
      counts[bin]!++;
    } else countOutside(bins, value, low);
  }
}

function countOutside(bins: BinCounts, value: number, low: number): void {
  if (value === Infinity) bins.positiveInfinity++;
  else if (value === -Infinity) bins.negativeInfinity++;
  else if (value !== value) bins.nan++;
  else if (value < low) bins.below++;
  else bins.above++;
}

function bisect(edges: Float64Array, value: number): number {
  let low = 0;
  let high = edges.length - 2;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if (value >= edges[middle]!) low = middle;
    else high = middle - 1;
  }
  return low;
}
