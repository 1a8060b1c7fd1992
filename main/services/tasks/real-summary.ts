import { binCodes, hasFewCodes, momentsOfCodes, upperHalfCounter } from '#main/kernels/code-counts.ts';
import { countInto, emptyBins, equalEdges } from '#main/kernels/binning.ts';
import { decode, decodeIntegers } from '#main/kernels/decode.ts';
import {
  deviationOf,
  emptyMoments,
  mergeMoments,
  windowMoments,
  type Moments,
} from '#main/kernels/moments.ts';
import { countCodes } from '#main/services/tasks/histogram.ts';
import {
  quantilesByReading,
  quantilesOfCodes,
  selectLowerHalves,
  type HalfDoneSelection,
} from '#main/services/tasks/quantiles.ts';
import {
  addWholeNumbers,
  emptyWholeNumbers,
  wholeNumberFigures,
} from '#main/services/tasks/whole-numbers.ts';
import { windowsOf, type Pass } from '#main/services/windows.ts';
import type { TensorReader } from '#main/formats/read.ts';
import type { Histogram, Summary } from '#shared/statistics.ts';

export interface RealQuestion {
  readonly dtype: string;
  readonly quantiles: readonly number[];
  /** Equally wide bins from the finite minimum to the maximum; none where absent. */
  readonly bins?: number;
  /** Told each window of the first pass. */
  readonly onWindow: (bytes: Uint8Array) => void;
}

export interface RealAnswer {
  readonly summary: Summary;
  readonly histogram?: Histogram;
}

/** Statistics of numbers that have an order: one pass where there are few codes, else one more for bins and quantiles. */
export function realSummary(reader: TensorReader, question: RealQuestion, pass: Pass): Promise<RealAnswer> {
  if (hasFewCodes(question.dtype)) return summaryByCodes(reader, question, pass);
  return question.dtype === 'f32'
    ? floatSummary(reader, question, pass)
    : wideSummary(reader, question, pass);
}

async function summaryByCodes(
  reader: TensorReader,
  { dtype, quantiles, bins, onWindow }: RealQuestion,
  pass: Pass,
): Promise<RealAnswer> {
  const counts = await countCodes(reader, dtype, pass, onWindow);
  const moments = momentsOfCodes(counts);
  const summary = summaryOf(moments, quantilesOfCodes(counts, quantiles, moments.finite));
  if (bins === undefined) return { summary };
  const edges = edgesFor(moments, bins);
  const counted = emptyBins(bins);
  binCodes(counts, counted, edges);
  return { summary, histogram: { edges, ...counted, exact: true } };
}

/** Values that are sorted rather than counted need no first digit. */
const FEW_VALUES = 32_768;
/** Each may need two tables of 256 KiB; whoever asks for more of them waits for another pass. */
const MOST_QUANTILES = 32;

async function floatSummary(
  reader: TensorReader,
  { dtype, quantiles, bins, onWindow }: RealQuestion,
  pass: Pass,
): Promise<RealAnswer> {
  const isCounted =
    quantiles.length > 0 && quantiles.length <= MOST_QUANTILES && reader.elementCount > FEW_VALUES;
  const halves = isCounted ? upperHalfCounter() : undefined;
  let selection: HalfDoneSelection | undefined;
  try {
    const moments = emptyMoments();
    for await (const { bytes } of windowsOf(reader, pass)) {
      onWindow(bytes);
      mergeMoments(moments, windowMoments(decode(dtype, bytes), dtype));
      halves?.add(bytes);
    }
    const { finite } = moments;
    const question = { dtype, probabilities: quantiles, finite };
    if (halves && finite > 0) selection = selectLowerHalves(halves.counts(), question);
    const histogram = await secondPass(reader, dtype, bins && edgesFor(moments, bins), selection, pass);
    const found = selection ? selection.quantiles() : await quantilesByReading(reader, question, pass);
    return { summary: summaryOf(moments, found), ...(histogram ? { histogram } : {}) };
  } finally {
    halves?.release();
    selection?.release();
  }
}

/** Bins and the lower halves of a selection, whichever of them are wanted. */
async function secondPass(
  reader: TensorReader,
  dtype: string,
  edges: Float64Array | undefined | 0,
  selection: HalfDoneSelection | undefined,
  { signal }: Pass,
): Promise<Histogram | undefined> {
  if (!edges && !selection) return undefined;
  const counted = edges ? emptyBins(edges.length - 1) : undefined;
  for await (const { bytes } of windowsOf(reader, signal ? { signal } : {})) {
    selection?.add(bytes);
    if (edges) countInto(counted!, edges, decode(dtype, bytes));
  }
  return edges && counted ? { edges, ...counted, exact: true } : undefined;
}

/** Doubles, integers of 32 and 64 bits, x87 numbers. */
async function wideSummary(
  reader: TensorReader,
  { dtype, quantiles, bins, onWindow }: RealQuestion,
  pass: Pass,
): Promise<RealAnswer> {
  const moments = emptyMoments();
  const whole = dtype === 'i64' || dtype === 'u64' ? emptyWholeNumbers() : undefined;
  for await (const { bytes } of windowsOf(reader, pass)) {
    onWindow(bytes);
    mergeMoments(moments, windowMoments(decode(dtype, bytes), dtype));
    if (whole) addWholeNumbers(whole, decodeIntegers(dtype, bytes));
  }
  const question = { dtype, probabilities: quantiles, finite: moments.finite };
  const found = quantiles.length > 0 ? await quantilesByReading(reader, question, pass) : {};
  const histogram = await secondPass(reader, dtype, bins && edgesFor(moments, bins), undefined, pass);
  return {
    summary: { ...summaryOf(moments, found), ...(whole ? wholeNumberFigures(whole) : {}) },
    ...(histogram ? { histogram } : {}),
  };
}

/** 0 to 1 where nothing is finite, as NumPy has it. */
function edgesFor({ finite, min, max }: Moments, bins: number): Float64Array {
  return finite === 0 ? equalEdges(0, 1, bins) : equalEdges(min, max, bins);
}

function summaryOf(moments: Moments, quantiles: Summary['quantiles']): Summary {
  const { count, nan, positiveInfinity, negativeInfinity, zeros, denormals, min, max } = moments;
  const deviation = deviationOf(moments);
  const counts = { count, nan, positiveInfinity, negativeInfinity, zeros, denormals };
  return { ...counts, ...(deviation ? { min, max, ...deviation } : {}), quantiles, exact: true };
}
