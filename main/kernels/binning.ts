/** Counting numbers into bins: half-open, the last one closed, exactly as numpy.histogram does for given edges. */
import { analysisKernels, memoryRegion, placeInput } from '#main/kernels/analysis-module.ts';

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

/** Fewer values than this are counted without the kernel, whose tables have to be cleared. */
const FEW_VALUES = 512;
/** Up to so many bins, each lane of a vector has a table of its own. */
const LANE_BINS = 4096;
const LANES = 4;

/** Adds the numbers of one window; a view into the kernels' memory is taken as it is. */
export function countInto(bins: BinCounts, edges: Float64Array, values: Float64Array | Float32Array): void {
  const isDouble = values instanceof Float64Array;
  const plan = values.length < FEW_VALUES ? undefined : planFor(edges, isDouble);
  if (!plan) countOneByOne(bins, edges, values);
  else countByKernel(bins, edges, values, plan);
}

/** How places are estimated: rounded as the kernel's numbers are, with the bound of what that may do. */
interface Plan {
  readonly low: number;
  readonly factor: number;
  /** How far from the middle of a bin an estimate is to be trusted. */
  readonly margin: number;
}

const plans = new WeakMap<Float64Array, { readonly f32: Plan | undefined; readonly f64: Plan | undefined }>();

function planFor(edges: Float64Array, isDouble: boolean): Plan | undefined {
  const known = plans.get(edges) ?? {
    f32: estimatePlan(edges, Math.fround, 2 ** -24),
    f64: estimatePlan(edges, (value) => value, 2 ** -53),
  };
  plans.set(edges, known);
  return isDouble ? known.f64 : known.f32;
}

/** A quarter of a bin to either side of its edges at most; beyond that an estimate saves nothing. */
const MOST_ERROR = 0.25;
/** In units of the last place: of the difference, the factor, their product, the half and the rounding. */
const ROUNDINGS = 6;

/** @returns undefined where the bins are not equally wide, or too narrow for the precision. */
function estimatePlan(
  edges: Float64Array,
  round: (value: number) => number,
  epsilon: number,
): Plan | undefined {
  const bins = edges.length - 1;
  const first = edges[0]!;
  const low = round(first);
  const factor = round(bins / (edges[bins]! - first));
  if (!(factor > 2 ** -100 && factor < 2 ** 100 && Number.isFinite(low))) return undefined;
  let error = ROUNDINGS * bins * epsilon + Math.abs(low - first) * factor;
  let widest = 0;
  for (let i = 0; i <= bins; i++) widest = Math.max(widest, Math.abs((edges[i]! - first) * factor - i));
  error += widest;
  return error < MOST_ERROR ? { low, factor, margin: round(0.5 - error) } : undefined;
}

const edgeRegion = memoryRegion();
const tableRegion = memoryRegion();
const outsideRegion = memoryRegion();

function countByKernel(
  bins: BinCounts,
  edges: Float64Array,
  values: Float64Array | Float32Array,
  { low, factor, margin }: Plan,
): void {
  const kernels = analysisKernels();
  const at = placeInput(values);
  const { counts } = bins;
  const lanes = counts.length <= LANE_BINS ? LANES : 1;
  const edgesAt = edgeRegion.reserve(edges.byteLength);
  const tables = tableRegion.reserve(counts.length * lanes * 4);
  const outside = outsideRegion.reserve(5 * 4);
  const { buffer } = kernels.memory;
  new Float64Array(buffer, edgesAt, edges.length).set(edges);
  const words = new Uint32Array(buffer, tables, counts.length * lanes).fill(0);
  const others = new Uint32Array(buffer, outside, 5).fill(0);
  const count = values instanceof Float64Array ? kernels.binF64 : kernels.binF32;
  const laneStride = lanes === 1 ? 0 : counts.length * 4;
  count(at, values.length, low, factor, margin, counts.length, edgesAt, tables, laneStride, outside);
  for (let bin = 0; bin < counts.length; bin++) {
    for (let word = bin; word < words.length; word += counts.length) counts[bin]! += words[word]!;
  }
  bins.below += others[0]!;
  bins.above += others[1]!;
  bins.nan += others[2]!;
  bins.positiveInfinity += others[3]!;
  bins.negativeInfinity += others[4]!;
}

function countOneByOne(bins: BinCounts, edges: Float64Array, values: Float64Array | Float32Array): void {
  const low = edges[0]!;
  const high = edges[edges.length - 1]!;
  for (const value of values) {
    if (value >= low && value <= high && value - value === 0) bins.counts[binOf(edges, value)]!++;
    else countOutside(bins, value, low);
  }
}

function countOutside(bins: BinCounts, value: number, low: number): void {
  if (value === Infinity) bins.positiveInfinity++;
  else if (value === -Infinity) bins.negativeInfinity++;
  else if (value !== value) bins.nan++;
  else if (value < low) bins.below++;
  else bins.above++;
}

/** The bin of a value that lies between the first edge and the last. */
export function binOf(edges: Float64Array, value: number): number {
  let low = 0;
  let high = edges.length - 2;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if (value >= edges[middle]!) low = middle;
    else high = middle - 1;
  }
  return low;
}
