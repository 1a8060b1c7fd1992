/** How every Chart.js picture looks: axes, grid and tips in the theme's colours, nothing that moves. */
import type { ChartOptions, ScaleOptionsByType } from 'chart.js';

import type { ThemeColours } from '#renderer/ui/theme.ts';

/** Options that all our charts share. Spread first, then say what differs. */
export function quietOptions(colours: ThemeColours) {
  return {
    animation: false,
    responsive: true,
    maintainAspectRatio: false,
    resizeDelay: 50,
    layout: { padding: { top: 6, right: 8 } },
    color: colours.muted,
    borderColor: colours.line,
    plugins: {
      tooltip: {
        animation: false,
        backgroundColor: colours.text,
        titleColor: colours.surface,
        bodyColor: colours.surface,
        cornerRadius: 4,
        caretSize: 0,
        padding: 8,
        displayColors: false,
        titleFont: { weight: 600, size: 12 },
        bodyFont: { size: 12 },
      },
    },
  } satisfies ChartOptions;
}

/** An axis in the theme's colours. */
export function quietAxis(colours: ThemeColours, title?: string) {
  return {
    border: { color: colours.lineStrong },
    grid: { color: colours.line, tickLength: 4 },
    ticks: { color: colours.muted, font: { size: 11 }, maxRotation: 0, autoSkipPadding: 16 },
    title: { display: title !== undefined, text: title ?? '', color: colours.muted, font: { size: 11 } },
  } satisfies DeepPartial<ScaleOptionsByType<'linear'>>;
}

type DeepPartial<Type> = Type extends object ? { [Key in keyof Type]?: DeepPartial<Type[Key]> } : Type;
