/**
 * Edges of bins that are equally wide on a symmetric logarithmic axis: linear from −threshold to threshold, a decade of the
 * magnitude as wide as that from zero to the threshold beyond (the symlog scale of Matplotlib, with linscale 1).
 */
import { equalEdges } from '#main/kernels/binning.ts';

export interface SymlogEdges {
  /** bins + 1, ascending; the ends are `low` and `high` exactly. */
  readonly edges: Float64Array;
  /** Absent where the range has no width or is too near zero for decades: the bins are equally wide then. */
  readonly threshold?: number;
}

/** Decades below that of the largest magnitude; what is smaller lies on the linear part. */
const DECADES = 4;

/** @param low @param high finite, low ≤ high. */
export function symlogEdges(low: number, high: number, bins: number): SymlogEdges {
  const largest = Math.max(Math.abs(low), Math.abs(high));
  const threshold = 10 ** (Math.floor(Math.log10(largest)) - DECADES);
  // the smallest normal number: below it decades have no digits left
  if (low === high || !(threshold >= 2 ** -1022)) return { edges: equalEdges(low, high, bins) };
  const from = placeOf(low, threshold);
  const to = placeOf(high, threshold);
  const edges = new Float64Array(bins + 1);
  for (let i = 0; i <= bins; i++) edges[i] = valueOf(from + ((to - from) * i) / bins, threshold);
  edges[0] = low;
  edges[bins] = high;
  // rounding may lead an inner edge past an end
  for (let i = 1; i < bins; i++) edges[i] = Math.min(high, Math.max(edges[i - 1]!, edges[i]!));
  return { edges, threshold };
}

function placeOf(value: number, threshold: number): number {
  const size = Math.abs(value) / threshold;
  return Math.sign(value) * (size <= 1 ? size : 1 + Math.log10(size));
}

function valueOf(place: number, threshold: number): number {
  const size = Math.abs(place);
  return Math.sign(place) * threshold * (size <= 1 ? size : 10 ** (size - 1));
}
