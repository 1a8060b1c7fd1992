import {
  binCodes,
  hasFewCodes,
  momentsOfCodes,
  upperHalfCounter,
  type CodeCounts,
} from '#main/kernels/code-counts.ts';
import { emptyBins, equalEdges, finiteRangeOf } from '#main/kernels/binning.ts';
import { decode, decodeIntegers } from '#main/kernels/decode.ts';
import {
  deviationOf,
  emptyMoments,
  mergeMoments,
  windowMoments,
  type Moments,
} from '#main/kernels/moments.ts';
import { repeatedWindows } from '#main/services/repeated-windows.ts';
import { countCodes, countReader } from '#main/services/tasks/histogram.ts';
import { quantilesByReading, quantilesOfCodes, selectLowerHalves } from '#main/services/tasks/quantiles.ts';
import { secondCounter, type SecondCounter } from '#main/services/tasks/second-pass.ts';
import {
  addWholeNumbers,
  emptyWholeNumbers,
  wholeNumberFigures,
} from '#main/services/tasks/whole-numbers.ts';
import { silent, windowsOf, type Pass } from '#main/services/windows.ts';
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
  { dtype, onWindow, ...question }: RealQuestion,
  pass: Pass,
): Promise<RealAnswer> {
  return answerOfCodes(await countCodes(reader, dtype, pass, onWindow), question);
}

/** All that counts of the codes of a dtype with few of them tell: everything. */
export function answerOfCodes(
  counts: CodeCounts,
  { quantiles, bins }: Pick<RealQuestion, 'quantiles' | 'bins'>,
): RealAnswer {
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
export const MOST_QUANTILES = 32;

async function floatSummary(
  reader: TensorReader,
  { dtype, quantiles, bins, onWindow }: RealQuestion,
  pass: Pass,
): Promise<RealAnswer> {
  const isCounted =
    quantiles.length > 0 && quantiles.length <= MOST_QUANTILES && reader.elementCount > FEW_VALUES;
  const halves = isCounted ? upperHalfCounter() : undefined;
  const repeated = repeatedWindows(reader);
  let second: SecondCounter | undefined;
  try {
    const moments = emptyMoments();
    for await (const { bytes } of repeated.windows(pass)) {
      onWindow(bytes);
      mergeMoments(moments, windowMoments(decode(dtype, bytes), dtype));
      halves?.add(bytes);
    }
    const { finite } = moments;
    const question = { dtype, probabilities: quantiles, finite };
    const selection = halves && finite > 0 ? selectLowerHalves(halves.counts(), question) : undefined;
    if (bins !== undefined || selection) {
      const edges = bins === undefined ? undefined : edgesFor(moments, bins);
      second = secondCounter(dtype, { edges, uppers: selection?.uppers });
      for await (const { bytes } of repeated.windows(silent(pass))) second.add(bytes);
    }
    const found = selection
      ? selection.quantiles(second!.lowerHalvesOf)
      : await quantilesByReading(reader, question, pass);
    const histogram = second?.histogram();
    return { summary: summaryOf(moments, found), ...(histogram ? { histogram } : {}) };
  } finally {
    repeated.release();
    halves?.release();
    second?.release();
  }
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
  const histogram = bins && (await countReader(reader, dtype, edgesFor(moments, bins), silent(pass)));
  return {
    summary: { ...summaryOf(moments, found), ...(whole ? wholeNumberFigures(whole) : {}) },
    ...(histogram ? { histogram } : {}),
  };
}

export function edgesFor(moments: Readonly<Moments>, bins: number): Float64Array {
  return equalEdges(...finiteRangeOf(moments), bins);
}

export function summaryOf(moments: Readonly<Moments>, quantiles: Summary['quantiles']): Summary {
  const { count, nan, positiveInfinity, negativeInfinity, zeros, denormals, min, max } = moments;
  const deviation = deviationOf(moments);
  const counts = { count, nan, positiveInfinity, negativeInfinity, zeros, denormals };
  return { ...counts, ...(deviation ? { min, max, ...deviation } : {}), quantiles, exact: true };
}
