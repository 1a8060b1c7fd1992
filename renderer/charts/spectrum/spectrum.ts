/** The singular values of a slice: computed on request, as that may take a while. */
import { ChartNoAxesColumnDecreasing } from '@lucide/vue';
import { defineAsyncComponent } from 'vue';

import { defineChart, type TensorSubject } from '#renderer/charts/contract.ts';
import { planeFor, type Plane } from '#renderer/charts/plane.ts';
import { isReal } from '#shared/dtype.ts';

export interface SpectrumOptions {
  readonly plane: Plane;
  readonly isLog: boolean;
  /** Whether the person has asked for them, of this tensor. */
  readonly isWanted: boolean;
}

export const spectrum = defineChart<TensorSubject, SpectrumOptions, 'tensor.singular-values'>({
  name: 'spectrum',
  title: 'Spectrum',
  icon: ChartNoAxesColumnDecreasing,
  supports: (subject): subject is TensorSubject =>
    subject.kind === 'tensor' && !subject.tensor.noData && isReal(subject.tensor.dtype),
  optionsFor: ({ tensor }, previous) => ({
    plane: planeFor(tensor.shape, previous?.plane),
    isLog: previous?.isLog ?? true,
    isWanted: false,
  }),
  request: ({ file, tensor }, { plane: { rowAxis, columnAxis, indices }, isWanted }) =>
    isWanted
      ? {
          command: 'tensor.singular-values',
          params: { file, name: tensor.name, rowAxis, columnAxis, indices: [...indices] },
        }
      : undefined,
  component: defineAsyncComponent(() => import('#renderer/charts/spectrum/SpectrumChart.vue')),
  before: defineAsyncComponent(() => import('#renderer/charts/spectrum/SpectrumRequest.vue')),
});
