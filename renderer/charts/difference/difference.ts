/** A pair of tensors: their histograms over one another, the histogram of A - B, and where A - B is. */
import { Diff } from '@lucide/vue';

import { defineChart, type ChartSubject, type PairSubject } from '#renderer/charts/contract.ts';
import Difference from '#renderer/charts/difference/Difference.vue';
import { isReal } from '#shared/dtype.ts';

export interface DifferenceOptions {
  readonly bins: number;
  /** Counts on a logarithmic axis. */
  readonly isLogCount: boolean;
}

/** Cells along either side of the picture: the chapter's layers one an element, and few enough to be listed in a table. */
const CELLS = 256;

export const difference = defineChart({
  name: 'difference',
  title: 'Difference',
  icon: Diff,
  supports: (subject: ChartSubject): subject is PairSubject =>
    subject.kind === 'pair' && isReal(subject.a.tensor.dtype) && isReal(subject.b.tensor.dtype),
  optionsFor: (_subject, previous: DifferenceOptions | undefined, preferences): DifferenceOptions =>
    previous ?? { bins: preferences.bins, isLogCount: preferences.isLogCount },
  request: ({ a, b, isTransposed }, { bins }) => ({
    command: 'tensor.pair' as const,
    params: {
      a: { file: a.file, name: a.tensor.name },
      b: { file: b.file, name: b.tensor.name },
      ...(isTransposed ? { isTransposed } : {}),
      bins,
      cells: CELLS,
    },
  }),
  component: Difference,
});
