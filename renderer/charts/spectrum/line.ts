/** Singular values as Chart.js wants them: a line that falls, and the tolerance that the rank is counted above. */
import type { ChartData, ChartOptions } from 'chart.js';

import { quietAxis, quietOptions } from '#renderer/charts/axes.ts';
import type { ThemeColours } from '#renderer/ui/theme.ts';
import { formatCount, formatFigure } from '#shared/display.ts';
import type { SingularValues } from '#shared/singular-values.ts';

/** Values up to as many as this have points of their own. */
const MOST_POINTS = 60;
/** Times the tolerance: if none is smaller, its line would press all values against the upper edge and tell nothing. */
const NEAR_TOLERANCE = 1000;

/** Whether the tolerance is drawn beside the values. */
export function showsTolerance({ values, tolerance }: SingularValues, isLog: boolean): boolean {
  const isDrawable = isLog && tolerance > 0 && Number.isFinite(tolerance);
  return isDrawable && values.at(-1)! < NEAR_TOLERANCE * tolerance;
}

export function spectrumData(
  spectrum: SingularValues,
  isLog: boolean,
  colours: ThemeColours,
): ChartData<'line', unknown> {
  const { values, tolerance } = spectrum;
  // a logarithm has no place for zeros
  const drawn = Array.from(values, (y, index) => ({ x: index + 1, y: isLog && y === 0 ? NaN : y }));
  const bar = [1, Math.max(2, values.length)].map((x) => ({ x, y: tolerance }));
  return {
    datasets: [
      {
        label: 'singular value',
        data: drawn,
        borderColor: colours.series1,
        backgroundColor: colours.series1,
        borderWidth: 1.5,
        pointRadius: values.length > MOST_POINTS ? 0 : 2.5,
        pointHoverRadius: 4,
        tension: 0,
      },
      ...(showsTolerance(spectrum, isLog)
        ? [
            {
              label: 'tolerance of the rank',
              data: bar,
              borderColor: colours.series2,
              borderWidth: 1,
              borderDash: [4, 4],
              pointRadius: 0,
              pointHitRadius: 0,
              pointHoverRadius: 0,
            },
          ]
        : []),
    ],
  };
}

export function spectrumOptions(
  { values }: SingularValues,
  isLog: boolean,
  colours: ThemeColours,
): ChartOptions<'line'> {
  const quiet = quietOptions(colours);
  const across = quietAxis(colours, 'Index, the largest first');
  const axis = quietAxis(colours, 'Singular value');
  return {
    ...quiet,
    parsing: false,
    normalized: true,
    layout: { padding: { top: 8, right: 12 } },
    interaction: { mode: 'nearest', axis: 'x', intersect: false },
    plugins: {
      ...quiet.plugins,
      tooltip: {
        ...quiet.plugins.tooltip,
        filter: ({ datasetIndex }) => datasetIndex === 0,
        callbacks: {
          title: ([item]) =>
            item ? `${formatCount(item.dataIndex + 1)} of ${formatCount(values.length)}` : '',
          label: ({ dataIndex }) => formatFigure(values[dataIndex]!, 6),
        },
      },
    },
    scales: {
      x: {
        ...across,
        type: 'linear',
        min: 1,
        max: Math.max(2, values.length),
        ticks: {
          ...across.ticks,
          align: 'inner',
          precision: 0,
          callback: (value) => formatCount(Number(value)),
        },
      },
      y: {
        ...axis,
        type: isLog ? 'logarithmic' : 'linear',
        ...(isLog ? {} : { beginAtZero: true }),
        ticks: {
          ...axis.ticks,
          maxTicksLimit: 8,
          callback: (value) => formatFigure(Number(Number(value).toPrecision(10))),
        },
      },
    },
  };
}
