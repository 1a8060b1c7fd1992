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

/** What bins are to reach over: finite minimum and maximum; 0 to 1 where there are none, as NumPy has it. */
export function finiteRangeOf(values: {
  readonly finite: number;
  readonly min: number;
  readonly max: number;
}): readonly [number, number] {
  return values.finite === 0 ? [0, 1] : [values.min, values.max];
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
  return [Math.max(-Number.MAX_VALUE, value - reach), Math.min(Number.MAX_VALUE, value + reach)];
}

/** Fewer values than this are counted without the kernel, whose tables have to be cleared. */
const FEW_VALUES = 512;
/** The f32 kernel's tables have room for these; more bins are counted among doubles. */
const MOST_FLOAT_BINS = 4096;
/** Up to so many bins, each lane of a vector has a table of its own. */
const LANE_BINS = 4096;

/** Adds the numbers of one window; a view into the kernels' memory is taken as it is. */
export function countInto(bins: BinCounts, edges: Float64Array, values: Float64Array | Float32Array): void {
  const isFloat = values instanceof Float32Array && bins.counts.length <= MOST_FLOAT_BINS;
  const plan = values.length < FEW_VALUES ? undefined : planFor(edges, isFloat);
  if (!plan) countOneByOne(bins, edges, values);
  else if (isFloat) countFloats(bins, edges, values, plan);
  else countDoubles(bins, edges, values instanceof Float64Array ? values : new Float64Array(values), plan);
}

/** How places are estimated: rounded as the kernel's numbers are. */
interface Plan {
  readonly low: number;
  readonly factor: number;
  /** How far an estimate may be off, in bins. */
  readonly error: number;
}

const plans = new WeakMap<Float64Array, { readonly f32: Plan | undefined; readonly f64: Plan | undefined }>();

function planFor(edges: Float64Array, isFloat: boolean): Plan | undefined {
  const known = plans.get(edges) ?? {
    f32: estimatePlan(edges, Math.fround, 2 ** -24),
    f64: estimatePlan(edges, (value) => value, 2 ** -53),
  };
  plans.set(edges, known);
  return isFloat ? known.f32 : known.f64;
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
  return error < MOST_ERROR ? { low, factor, error } : undefined;
}

function countFloats(bins: BinCounts, edges: Float64Array, values: Float32Array, plan: Plan): void {
  const { binF32 } = analysisKernels();
  const at = placeInput(values);
  // memory that grows takes the view's length
  const count = values.length;
  const { length } = bins.counts;
  // as `fractionBits` has it; places are rounded to whole parts
  const doubt = Math.ceil(plan.error * 2 ** (length <= 256 ? 15 : 11)) + 1;
  const { edgesAt, countsAt, outsideAt } = placeBins(edges, length);
  binF32(at, count, plan.low, plan.factor, doubt, length, edgesAt, countsAt, outsideAt);
  addCounts(bins, countsAt, length, outsideAt);
}

function countDoubles(bins: BinCounts, edges: Float64Array, values: Float64Array, plan: Plan): void {
  const { binF64 } = analysisKernels();
  const at = placeInput(values);
  const count = values.length;
  const { length } = bins.counts;
  const { low, factor, error } = plan;
  const stride = length <= LANE_BINS ? length * 4 : 0;
  const words = stride === 0 ? length : 2 * length;
  const { edgesAt, countsAt, outsideAt } = placeBins(edges, words);
  binF64(at, count, low, factor, 0.5 - error, length, edgesAt, countsAt, stride, outsideAt);
  addCounts(bins, countsAt, words, outsideAt);
}

const edgeRegion = memoryRegion();
const countRegion = memoryRegion();
const outsideRegion = memoryRegion();
const OUTSIDE_WORDS = 5;

/** Puts the edges where kernels read them, and as many counts of nothing. */
function placeBins(
  edges: Float64Array,
  words: number,
): { readonly edgesAt: number; readonly countsAt: number; readonly outsideAt: number } {
  const edgesAt = edgeRegion.reserve(edges.byteLength);
  const countsAt = countRegion.reserve(words * 4);
  const outsideAt = outsideRegion.reserve(OUTSIDE_WORDS * 4);
  const { buffer } = analysisKernels().memory;
  new Float64Array(buffer, edgesAt, edges.length).set(edges);
  new Uint32Array(buffer, countsAt, words).fill(0);
  new Uint32Array(buffer, outsideAt, OUTSIDE_WORDS).fill(0);
  return { edgesAt, countsAt, outsideAt };
}

/** @param words of one table of counts, or of two that follow each other. */
function addCounts(bins: BinCounts, countsAt: number, words: number, outsideAt: number): void {
  const { buffer } = analysisKernels().memory;
  const { counts } = bins;
  const found = new Uint32Array(buffer, countsAt, words);
  for (let at = 0; at < words; at++) counts[at % counts.length]! += found[at]!;
  const others = new Uint32Array(buffer, outsideAt, OUTSIDE_WORDS);
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
