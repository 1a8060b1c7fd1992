/** The distribution of one tensor's values. */
import { ChartColumn } from '@lucide/vue';
import { defineAsyncComponent } from 'vue';

import { defineChart, type TensorSubject } from '#renderer/charts/contract.ts';
import type { Overlay } from '#renderer/charts/histogram/overlays.ts';
import { isReal } from '#shared/dtype.ts';

export interface HistogramOptions {
  readonly bins: number;
  readonly isLogCount: boolean;
  /** Magnitudes in decades. */
  readonly isSymlog: boolean;
  /** What is below the 1st and above the 99th percentile stands beside the bins. */
  readonly isClipped: boolean;
  /** Tensors drawn over whichever is looked at. */
  readonly overlays: readonly Overlay[];
  /** Finite values from and to; all of them where absent. */
  readonly range?: readonly [number, number];
}

export const FEWEST_BINS = 16;
export const MOST_BINS = 1024;

export const histogram = defineChart<TensorSubject, HistogramOptions, 'tensor.histogram'>({
  name: 'histogram',
  title: 'Histogram',
  icon: ChartColumn,
  supports: (subject): subject is TensorSubject =>
    subject.kind === 'tensor' && !subject.tensor.noData && isReal(subject.tensor.dtype),
  // a range belongs to one tensor, the rest is taste
  optionsFor: (_subject, previous, { bins, isLogCount, isSymlog, isClipped }) => ({
    overlays: previous?.overlays ?? [],
    bins,
    isLogCount,
    isSymlog,
    isClipped,
  }),
  preferencesOf: ({ bins, isLogCount, isSymlog, isClipped }) => ({ bins, isLogCount, isSymlog, isClipped }),
  request: ({ file, tensor }, { bins, range, isSymlog, isClipped }) => ({
    command: 'tensor.histogram',
    params: {
      file,
      name: tensor.name,
      bins,
      isBinnedFirst: true,
      ...(range ? { range: [range[0], range[1]] } : {}),
      ...(isSymlog ? { axis: 'symlog' } : {}),
      ...(isClipped ? { isClipped } : {}),
    },
  }),
  component: defineAsyncComponent(() => import('#renderer/charts/histogram/HistogramChart.vue')),
});
