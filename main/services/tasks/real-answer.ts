/** What a first pass over numbers tells of them, and further ones where it leaves something open. */
import { equalEdges, finiteRangeOf } from '#main/kernels/binning.ts';
import type { CodeCounts } from '#main/kernels/code-counts.ts';
import { leastDistinctOfHalves } from '#main/kernels/distinct.ts';
import { deviationOf, type Moments } from '#main/kernels/moments.ts';
import { INFINITE_HALF, NEGATIVE_HALF } from '#main/kernels/sort-key.ts';
import { wholeNumberFigures, type WholeNumbers } from '#main/kernels/whole-numbers.ts';
import { selectQuantiles, type SelectedQuantiles } from '#main/services/tasks/quantiles.ts';
import type { SecondPassAnswer, SecondPassQuestion } from '#main/services/tasks/second-pass.ts';
import type { DistinctValues, Histogram, Summary } from '#shared/statistics.ts';

export interface RealAnswer {
  readonly summary: Summary;
  /** Absent where nothing is known. */
  readonly distinct?: DistinctValues;
  readonly histogram?: Histogram;
}

export interface FirstPass {
  readonly dtype: string;
  readonly moments: Readonly<Moments>;
  /** Of i64 and u64. */
  readonly whole?: Readonly<WholeNumbers> | undefined;
  /** By the upper half of the float that a value rounds to; without them there are no quantiles. */
  readonly halves?: Pick<CodeCounts, 'codes' | 'counts'> | undefined;
}

/** @param readAgain another pass over the same values. */
export async function answerOfPass(
  first: FirstPass,
  { quantiles, bins }: { readonly quantiles: readonly number[]; readonly bins?: number | undefined },
  readAgain: (question: SecondPassQuestion) => Promise<SecondPassAnswer>,
): Promise<RealAnswer> {
  const selected = selectedQuantiles(first, quantiles);
  let edges = bins === undefined ? undefined : edgesFor(first.moments, bins);
  let histogram: Histogram | undefined;
  for (;;) {
    const intervals = selected?.selection.questions() ?? [];
    if (!edges && intervals.length === 0) break;
    const answer = await readAgain({ edges, intervals });
    histogram ??= answer.histogram;
    edges = undefined;
    if (answer.narrowed) selected!.selection.take(answer.narrowed);
  }
  const summary = {
    ...summaryOf(first.moments, selected?.quantiles() ?? {}),
    ...(first.whole ? wholeNumberFigures(first.whole) : {}),
  };
  const distinct = distinctOf(first, summary);
  return { summary, ...(distinct ? { distinct } : {}), ...(histogram ? { histogram } : {}) };
}

function distinctOf(
  { dtype, moments, halves }: FirstPass,
  { min, max }: Summary,
): DistinctValues | undefined {
  if (min === undefined) return { count: 0, isExact: true };
  // what rounds to one double need not be one value
  if (min === max && dtype !== 'f80') return { count: 1, isExact: true };
  if (!halves) return undefined;
  const halvesFound = leastDistinctOfHalves(finiteHalves(halves, dtype, moments));
  return { count: Math.max(min === max ? 1 : 2, halvesFound), isExact: false };
}

function selectedQuantiles(
  { dtype, moments, whole, halves }: FirstPass,
  probabilities: readonly number[],
): SelectedQuantiles | undefined {
  const { finite } = moments;
  if (!halves || finite === 0 || probabilities.length === 0) return undefined;
  const { min = moments.min, max = moments.max } = whole ?? {};
  const start = { dtype, halves: finiteHalves(halves, dtype, moments), zeros: moments.zeros, min, max };
  return selectQuantiles(start, probabilities, finite);
}

/** Without the infinities. */
function finiteHalves(
  { codes, counts }: Pick<CodeCounts, 'codes' | 'counts'>,
  dtype: string,
  { positiveInfinity, negativeInfinity }: Readonly<Moments>,
): Pick<CodeCounts, 'codes' | 'counts'> {
  const finite = counts.map((count, at) => {
    if (codes[at]! % NEGATIVE_HALF !== INFINITE_HALF) return count;
    // f32 has NaNs among them, too, and no finite ones
    if (dtype === 'f32') return 0;
    return count - (codes[at] === INFINITE_HALF ? positiveInfinity : negativeInfinity);
  });
  return { codes, counts: finite };
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
