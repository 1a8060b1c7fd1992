/** Every chart, in the order of its tab. */
import type { Chart, ChartSubject } from '#renderer/charts/contract.ts';
import { difference } from '#renderer/charts/difference/difference.ts';
import { heatmap } from '#renderer/charts/heatmap/heatmap.ts';
import { histogram } from '#renderer/charts/histogram/histogram.ts';
import { profile } from '#renderer/charts/profile/profile.ts';
import { spectrum } from '#renderer/charts/spectrum/spectrum.ts';
import { values } from '#renderer/charts/values/values.ts';

export const CHARTS: readonly Chart[] = [histogram, heatmap, profile, spectrum, values, difference];

export function chartsFor(subject: ChartSubject): Chart[] {
  return CHARTS.filter((chart) => chart.supports(subject));
}
