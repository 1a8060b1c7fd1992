/** A histogram scene as Chart.js wants it. */
import type { ChartData, ChartOptions, Plugin, Scale } from 'chart.js';

import { quietAxis, quietOptions } from '#renderer/charts/axes.ts';
import type { Bar, HistogramScene } from '#renderer/charts/histogram/scene.ts';
import type { ThemeColours } from '#renderer/ui/theme.ts';
import { formatCount, formatFigure } from '#shared/display.ts';
import type { Histogram } from '#shared/statistics.ts';

/** Bars at least this wide, in pixels, have a gap between them. */
const GAP_FROM = 4;

export function barData(scene: HistogramScene, colours: ThemeColours): ChartData<'bar', Bar[]> {
  return {
    datasets: [
      {
        data: [...scene.bars],
        // drawn by `crispBars`; here for hovering
        backgroundColor: 'transparent',
        hoverBackgroundColor: colours.text,
        barPercentage: 1,
        categoryPercentage: 1,
        grouped: false,
      },
      {
        data: [...scene.outside],
        backgroundColor: scene.outside.map(({ isFinite }) => (isFinite ? colours.series6 : colours.bad)),
        hoverBackgroundColor: colours.text,
        barThickness: 22,
        grouped: false,
      },
    ],
  };
}

export function barOptions(
  histogram: Histogram,
  scene: HistogramScene,
  colours: ThemeColours,
  isLogCount: boolean,
): ChartOptions<'bar'> {
  const quiet = quietOptions(colours);
  const axis = quietAxis(colours);
  return {
    ...quiet,
    parsing: false,
    normalized: true,
    interaction: { mode: 'nearest', axis: 'x', intersect: false },
    plugins: {
      tooltip: {
        ...quiet.plugins.tooltip,
        callbacks: {
          title: ([item]) => (item ? titleOf(histogram, scene, item.datasetIndex, item.dataIndex) : ''),
          label: (item) => countOf(scene, (item.raw as Bar).y),
        },
      },
    },
    scales: {
      x: {
        type: 'linear',
        offset: false,
        min: scene.from,
        max: scene.to,
        border: axis.border,
        grid: { ...axis.grid, offset: false, drawOnChartArea: false },
        ticks: { ...axis.ticks, autoSkip: false, callback: (value) => labelAt(scene, Number(value)) },
        afterBuildTicks: (scale: Scale) => (scale.ticks = scene.ticks.map(({ x }) => ({ value: x }))),
      },
      y: isLogCount
        ? {
            type: 'logarithmic',
            // a bar of one value must still be seen
            min: 0.7,
            max: Math.max(2, scene.highest * 1.3),
            ...axis,
            afterBuildTicks: (scale: Scale) => (scale.ticks = powersOfTen(scene.highest)),
            ticks: { ...axis.ticks, callback: (value) => formatCount(Number(value)) },
          }
        : {
            type: 'linear',
            min: 0,
            max: Math.max(1, scene.highest * 1.05),
            ...axis,
            ticks: {
              ...axis.ticks,
              precision: 0,
              includeBounds: false,
              maxTicksLimit: 7,
              callback: (value) => formatCount(Number(value)),
            },
          },
    },
  };
}

/** What the bar under the pointer holds, in words. */
export function titleOf(histogram: Histogram, scene: HistogramScene, dataset: number, index: number): string {
  if (dataset === 1) return scene.outside[index]?.title ?? '';
  const from = formatFigure(histogram.edges[index] ?? 0, 5);
  const to = formatFigure(histogram.edges[index + 1] ?? 0, 5);
  return `${from} to ${to}`.replaceAll('-', '−');
}

export function countOf({ total }: HistogramScene, count: number): string {
  const share = total === 0 ? 0 : (100 * count) / total;
  return `${formatCount(count)} of ${formatCount(total)} (${formatFigure(share, 3)} %)`;
}

function labelAt(scene: HistogramScene, x: number): string[] {
  return (scene.ticks.find((tick) => tick.x === x)?.label ?? []).map((line) => line.replaceAll('-', '−'));
}

/** Powers of ten; where those are few also twice and five times them. */
function powersOfTen(highest: number): { value: number }[] {
  const powers = Math.floor(Math.log10(Math.max(1, highest)));
  const factors = powers < 2 ? [1, 2, 5] : [1];
  return Array.from({ length: powers + 1 }, (_, power) => factors.map((factor) => factor * 10 ** power))
    .flat()
    .map((value) => ({ value }));
}

/** Draws the bins on whole pixels of the screen: a thousand bars then have neither seams nor gaps that are not there. */
export function crispBars(colour: () => string): Plugin<'bar'> {
  return {
    id: 'crisp-bars',
    beforeDatasetsDraw: ({ ctx, scales: { x, y }, data, chartArea, currentDevicePixelRatio: ratio }) => {
      const bars = data.datasets[0]?.data as unknown as readonly Bar[];
      if (!x || !y) return;
      const snap = (position: number) => Math.round(position * ratio) / ratio;
      const gap = x.getPixelForValue(1) - x.getPixelForValue(0) >= GAP_FROM ? 1 / ratio : 0;
      ctx.save();
      ctx.fillStyle = colour();
      for (const bar of bars) {
        if (bar.y <= 0) continue;
        const left = snap(x.getPixelForValue(bar.x - 0.5));
        const right = Math.max(left + 1 / ratio, snap(x.getPixelForValue(bar.x + 0.5)) - gap);
        const top = Math.max(chartArea.top, snap(y.getPixelForValue(bar.y)));
        ctx.fillRect(left, top, right - left, chartArea.bottom - top);
      }
      ctx.restore();
    },
  };
}
