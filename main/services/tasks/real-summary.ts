import {
  binCodes,
  hasFewCodes,
  momentsOfCodes,
  roundedHalfCounter,
  upperHalfCounter,
  type CodeCounts,
} from '#main/kernels/code-counts.ts';
import { emptyBins } from '#main/kernels/binning.ts';
import { distinctOfCodes } from '#main/kernels/distinct.ts';
import { emptyMoments, mergeMoments, windowMoments } from '#main/kernels/moments.ts';
import { numbersBytes, numbersView, placeNumbers } from '#main/kernels/numbers.ts';
import { addWholeNumbers, emptyWholeNumbers, isWhole } from '#main/kernels/whole-numbers.ts';
import { repeatedWindows } from '#main/services/repeated-windows.ts';
import { answerOfPass, edgesFor, summaryOf, type RealAnswer } from '#main/services/tasks/real-answer.ts';
import { countCodes } from '#main/services/tasks/histogram.ts';
import { figuresBySorting, quantilesOfCodes, type SortedFigures } from '#main/services/tasks/quantiles.ts';
import { secondPass } from '#main/services/tasks/second-pass.ts';
import { silent, type Pass } from '#main/services/windows.ts';
import type { TensorReader } from '#main/formats/read.ts';

export interface RealQuestion {
  readonly dtype: string;
  readonly quantiles: readonly number[];
  /** Equally wide bins from the finite minimum to the maximum; none where absent. */
  readonly bins?: number;
  /** Told each window of the first pass. */
  readonly onWindow: (bytes: Uint8Array) => void;
}

/** Statistics of numbers that have an order: one pass where there are few codes, else further ones for bins and quantiles. */
export function realSummary(reader: TensorReader, question: RealQuestion, pass: Pass): Promise<RealAnswer> {
  return hasFewCodes(question.dtype)
    ? summaryByCodes(reader, question, pass)
    : summaryByPasses(reader, question, pass);
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
  const distinct = { count: distinctOfCodes(counts), isExact: true };
  if (bins === undefined) return { summary, distinct };
  const edges = edgesFor(moments, bins);
  const counted = emptyBins(bins);
  binCodes(counts, counted, edges);
  return { summary, distinct, histogram: { edges, ...counted, exact: true } };
}

/** So many values, which one window holds, are sorted rather than counted. */
const FEW_VALUES = 32_768;

async function summaryByPasses(
  reader: TensorReader,
  { dtype, quantiles, bins, onWindow }: RealQuestion,
  pass: Pass,
): Promise<RealAnswer> {
  const isSorted = reader.elementCount <= FEW_VALUES;
  const isCounted = quantiles.length > 0 && !isSorted;
  const halves = isCounted ? (dtype === 'f32' ? upperHalfCounter() : roundedHalfCounter()) : undefined;
  const whole = isWhole(dtype) ? emptyWholeNumbers() : undefined;
  const moments = emptyMoments();
  let sorted: SortedFigures = { quantiles: {}, distinct: 0 };
  const repeated = repeatedWindows(reader);
  try {
    for await (const { bytes } of repeated.windows(pass)) {
      onWindow(bytes);
      if (isSorted) sorted = figuresBySorting(dtype, bytes, quantiles);
      if (whole) addWholeNumbers(whole, dtype, bytes);
      const numbers = placeNumbers(dtype, bytes);
      mergeMoments(moments, windowMoments(numbersView(numbers), dtype));
      halves?.add(numbersBytes(numbers));
    }
    const first = { dtype, moments, whole, halves: halves?.occurring() };
    const answer = await answerOfPass(first, { quantiles, bins }, (question) =>
      secondPass(dtype, question, () => repeated.windows(silent(pass))),
    );
    if (!isSorted) return answer;
    const distinct = { count: sorted.distinct, isExact: dtype !== 'f80' };
    return { ...answer, summary: { ...answer.summary, quantiles: sorted.quantiles }, distinct };
  } finally {
    repeated.release();
    halves?.release();
  }
}
