/** Every chart, in the order of its tab. */
import type { Chart, ChartSubject } from '#renderer/charts/contract.ts';

export const CHARTS: readonly Chart[] = [];

export function chartsFor(subject: ChartSubject): Chart[] {
  return CHARTS.filter((chart) => chart.supports(subject));
}
