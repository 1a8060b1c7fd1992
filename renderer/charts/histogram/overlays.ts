/** Other tensors' distributions as outlines over a histogram, on its bins and to its scale. */
import type { Plugin } from 'chart.js';

import type { FileId } from '#shared/bridge.ts';
import type { Histogram } from '#shared/statistics.ts';

/** A tensor that stays in sight while others are looked at. */
export interface Overlay {
  readonly file: FileId;
  readonly name: string;
}

/** As many as have a colour of their own beside the bars. */
export const MOST_OVERLAYS = 5;

/** Colours of outlines in their order; the bars have the first. */
export const OVERLAY_SERIES = [2, 3, 4, 5, 6] as const;

export interface Outline {
  /** Heights of the bins, in counts of the histogram beneath. */
  readonly heights: readonly number[];
  readonly colour: string;
}

export function isSameOverlay(a: Overlay, b: Overlay): boolean {
  return a.file === b.file && a.name === b.name;
}

/** Adds a tensor, the oldest making room where there are too many; takes it away where it is there. */
export function toggledOverlay(overlays: readonly Overlay[], one: Overlay): readonly Overlay[] {
  const others = overlays.filter((other) => !isSameOverlay(other, one));
  return others.length < overlays.length ? others : [...others, one].slice(-MOST_OVERLAYS);
}

/**
 * Counts of `over` as they would be if it had as many finite values as `beneath`: tensors of unlike size are compared by shape.
 * @returns as many heights as there are bins; zeros where `over` has no finite values.
 */
export function scaledHeights(over: Histogram, beneath: Histogram): number[] {
  const finite = finiteCount(over);
  const factor = finite === 0 ? 0 : finiteCount(beneath) / finite;
  return Array.from(over.counts, (count) => count * factor);
}

function finiteCount({ counts, below, above }: Histogram): number {
  let total = below + above;
  for (const count of counts) total += count;
  return total;
}

/** Draws outlines as steps over the bars, clipped to the plot. */
export function outlinesOver(outlines: () => readonly Outline[]): Plugin<'bar'> {
  return {
    id: 'outlines-over',
    afterDatasetsDraw: ({ ctx, scales: { x, y }, chartArea }) => {
      if (!x || !y) return;
      const { left, top, right, bottom } = chartArea;
      ctx.save();
      ctx.beginPath();
      ctx.rect(left, top, right - left, bottom - top);
      ctx.clip();
      ctx.lineWidth = 2;
      for (const { heights, colour } of outlines()) {
        ctx.strokeStyle = colour;
        ctx.beginPath();
        ctx.moveTo(x.getPixelForValue(0), bottom);
        heights.forEach((height, bin) => {
          // a logarithmic axis has no place for nothing
          const level = height > 0 ? Math.min(bottom, y.getPixelForValue(height)) : bottom;
          ctx.lineTo(x.getPixelForValue(bin), level);
          ctx.lineTo(x.getPixelForValue(bin + 1), level);
        });
        ctx.lineTo(x.getPixelForValue(heights.length), bottom);
        ctx.stroke();
      }
      ctx.restore();
    },
  };
}
