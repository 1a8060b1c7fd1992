/** The scene of a profile as Chart.js wants it: bars on whole pixels, and marks over the lines that are dead, constant or unsound. */
import type { ChartData, ChartOptions, Plugin, Scale } from 'chart.js';

import { quietAxis, quietOptions } from '#renderer/charts/axes.ts';
import {
  MARK_COLOURS,
  MARK_NAMES,
  MARK_SIGNS,
  readingOf,
  titleOf,
  type ProfileFigure,
  type ProfileScene,
  type ProfileSide,
  type Span,
} from '#renderer/charts/profile/scene.ts';
import { translucent } from '#renderer/charts/translucent.ts';
import type { ThemeColours } from '#renderer/ui/theme.ts';
import { formatFigure } from '#shared/display.ts';
import { LINE_MARKS, type LineProfile } from '#shared/profile.ts';

interface Point {
  readonly x: number;
  readonly y: number;
}

/** Bars at least this wide, in pixels, have a gap between them. */
const GAP_FROM = 4;
/** Above the bars, for signs; CSS pixels. */
const SIGN_ROOM = 14;
/** Marks that are further apart than this, on the average, have a sign. */
const SIGN_WIDTH = 9;

export const FIGURE_TITLES: Readonly<Record<ProfileFigure, string>> = {
  norm: 'L2 norm',
  mean: 'Mean',
  range: 'Least to greatest',
  zeros: 'Zeros, %',
};

/** Drawn by `profileBars`; here for hovering. */
export function profileData(scene: ProfileScene): ChartData<'bar', Point[]> {
  const data = scene.bars.map((bar, cell) => ({ x: cell + 0.5, y: (bar?.beyond ?? bar?.span)?.[1] ?? 0 }));
  return {
    datasets: [
      { data, backgroundColor: 'transparent', barPercentage: 1, categoryPercentage: 1, grouped: false },
    ],
  };
}

export function profileOptions(
  profile: LineProfile,
  side: ProfileSide,
  scene: ProfileScene,
  figure: ProfileFigure,
  colours: ThemeColours,
): ChartOptions<'bar'> {
  const quiet = quietOptions(colours);
  const axis = quietAxis(colours, FIGURE_TITLES[figure]);
  const room = (scene.high - scene.low || 1) * 0.04;
  return {
    ...quiet,
    parsing: false,
    normalized: true,
    layout: { padding: { top: SIGN_ROOM, right: 8 } },
    interaction: { mode: 'nearest', axis: 'x', intersect: false },
    plugins: {
      tooltip: {
        ...quiet.plugins.tooltip,
        callbacks: {
          title: ([item]) => (item ? titleOf(profile, side, item.dataIndex) : ''),
          label: (item) => readingOf(profile, item.dataIndex).map((line) => line.replaceAll('-', '−')),
        },
      },
    },
    scales: {
      x: {
        type: 'linear',
        offset: false,
        min: 0,
        max: Math.max(1, profile.cells),
        border: axis.border,
        grid: { ...axis.grid, offset: false, drawOnChartArea: false },
        ticks: {
          ...axis.ticks,
          autoSkip: false,
          callback: (value) => scene.ticks.find(({ x }) => x === Number(value))?.label ?? '',
        },
        afterBuildTicks: (scale: Scale) => (scale.ticks = scene.ticks.map(({ x }) => ({ value: x }))),
      },
      y: {
        type: 'linear',
        min: scene.low < 0 ? scene.low - room : 0,
        max: scene.high > 0 ? scene.high + room : scene.low < 0 ? 0 : 1,
        ...axis,
        ticks: {
          ...axis.ticks,
          includeBounds: false,
          maxTicksLimit: 5,
          // ticks are sums of steps: what rounding left of 0.2 is 0.2
          callback: (value) => formatFigure(Number(Number(value).toPrecision(10))).replaceAll('-', '−'),
        },
        // both sides begin at the same place
        afterFit: (scale: Scale) => (scale.width = 72),
      },
    },
  };
}

/** @param look what is shown now. */
export function profileBars(
  look: () => { readonly profile: LineProfile; readonly scene: ProfileScene; readonly colours: ThemeColours },
): Plugin<'bar'> {
  return {
    id: 'profile-bars',
    beforeDatasetsDraw: (chart) => {
      const { ctx, chartArea, currentDevicePixelRatio: ratio } = chart;
      const { x, y } = chart.scales;
      if (!x || !y) return;
      const { profile, scene, colours } = look();
      const snap = (position: number) => Math.round(position * ratio) / ratio;
      const gap = x.getPixelForValue(1) - x.getPixelForValue(0) >= GAP_FROM ? 1 / ratio : 0;
      const sides = (cell: number): Span => {
        const left = snap(x.getPixelForValue(cell));
        return [left, Math.max(left + 1 / ratio, snap(x.getPixelForValue(cell + 1)) - gap)];
      };
      const fill = (cell: number, [from, to]: Span) => {
        const [left, right] = sides(cell);
        const [top, bottom] = [
          snap(y.getPixelForValue(Math.max(from, to))),
          snap(y.getPixelForValue(Math.min(from, to))),
        ];
        ctx.fillRect(left, top, right - left, Math.max(1 / ratio, bottom - top));
      };
      ctx.save();
      const pointed = chart.getActiveElements()[0]?.index;
      scene.bars.forEach((bar, cell) => {
        if (!bar) return;
        ctx.fillStyle = cell === pointed ? colours.text : colours.series1;
        fill(cell, bar.span);
        ctx.fillStyle = translucent(cell === pointed ? colours.text : colours.series1, 0.35);
        if (bar.beyond) fill(cell, bar.beyond);
      });
      for (const mark of MARK_NAMES) {
        const cells: number[] = [];
        profile.marks.forEach((marks, cell) => (marks & LINE_MARKS[mark]) !== 0 && cells.push(cell));
        const hasSigns = cells.length * SIGN_WIDTH <= chartArea.width;
        ctx.textAlign = 'center';
        ctx.textBaseline = 'bottom';
        ctx.font = `600 12px ${getComputedStyle(document.body).fontFamily}`;
        for (const cell of cells) {
          const [left, right] = sides(cell);
          ctx.fillStyle = translucent(colours[MARK_COLOURS[mark]], 0.3);
          ctx.fillRect(left, chartArea.top, Math.max(right - left, 2), chartArea.height);
          ctx.fillStyle = colours[MARK_COLOURS[mark]];
          if (hasSigns) ctx.fillText(MARK_SIGNS[mark], (left + right) / 2, chartArea.top);
        }
      }
      ctx.restore();
    },
  };
}
