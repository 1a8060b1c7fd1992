/** A summary as rows of figures: short to read, full to copy. */
import { formatCount, formatFigure, formatFull } from '#shared/display.ts';
import type { Figure, Summary, TensorSummary } from '#shared/statistics.ts';

export interface ShownFigure {
  readonly title: string;
  /** What the title stands for. */
  readonly about: string;
  readonly text: string;
  /** Every digit, as it can be pasted. */
  readonly full: string;
  readonly tone?: 'bad';
}

/** What every tensor has, in one line. */
export function statisticsOf(summary: Summary): ShownFigure[] {
  const { count, min, max, mean, std, l2, nan, zeros, denormals } = summary;
  return [
    counted('count', 'all elements', count),
    ...measured('min', 'least finite value', min),
    ...measured('max', 'greatest finite value', max),
    ...measured('mean', 'mean of the finite values', mean),
    ...measured('std', 'population standard deviation', std),
    ...measured('l2', 'Euclidean norm', l2),
    counted('zeros', 'elements equal to zero', zeros),
    counted('NaN', 'elements that are no number', nan, true),
    infinities(summary),
    counted('denormals', 'elements too small for full precision', denormals),
  ];
}

export function quantilesOf({ quantiles }: Summary): ShownFigure[] {
  return Object.entries(quantiles).flatMap(([probability, value]) =>
    measured(quantileTitle(probability), `quantile ${probability}`, value),
  );
}

/** How many values there are, where the summary knows something of it. */
export function distinctOf({ distinct }: TensorSummary): ShownFigure[] {
  if (!distinct) return [];
  const { count, isExact } = distinct;
  const text = formatCount(count);
  const figure = { title: 'distinct', about: 'different finite values' };
  if (!isExact) return [{ ...figure, text: `≥ ${text}`, full: `at least ${count}` }];
  return [{ ...figure, text: count === 1 ? '1 (constant)' : text, full: String(count) }];
}

function infinities({ positiveInfinity, negativeInfinity }: Summary): ShownFigure {
  const figure = counted('±Inf', 'infinite elements', positiveInfinity + negativeInfinity, true);
  if (positiveInfinity === 0 || negativeInfinity === 0) {
    const sign = positiveInfinity > 0 ? '+' : negativeInfinity > 0 ? '−' : '';
    return { ...figure, title: `${sign || '±'}Inf` };
  }
  return {
    ...figure,
    text: `${formatCount(positiveInfinity)} + ${formatCount(negativeInfinity)}`,
    full: `${positiveInfinity} plus, ${negativeInfinity} minus`,
  };
}

function counted(title: string, about: string, count: number, isFault = false): ShownFigure {
  const figure = { title, about, text: formatCount(count), full: String(count) };
  return isFault && count > 0 ? { ...figure, tone: 'bad' } : figure;
}

function measured(title: string, about: string, value: Figure | undefined): ShownFigure[] {
  if (value === undefined) return [];
  return [{ title, about, text: formatFigure(value).replaceAll('-', '−'), full: formatFull(value) }];
}

/** `0.5` is the median; others are said in per cent. */
function quantileTitle(probability: string): string {
  if (probability === '0.5') return 'median';
  return `${Number((Number(probability) * 100).toPrecision(6))} %`;
}
