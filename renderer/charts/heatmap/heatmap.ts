/** A two-dimensional slice of one tensor as colours. */
import { Grid3x3 } from '@lucide/vue';
import { defineAsyncComponent } from 'vue';

import { defineChart, type TensorSubject } from '#renderer/charts/contract.ts';
import { planeFor, type Plane } from '#renderer/charts/plane.ts';
import { isReal } from '#shared/dtype.ts';

/** Along either side: more than most screens can tell apart. */
const MOST_CELLS = 768;

export const heatmap = defineChart<TensorSubject, Plane, 'tensor.heat-map'>({
  name: 'heatmap',
  title: 'Heat map',
  icon: Grid3x3,
  supports: (subject): subject is TensorSubject =>
    subject.kind === 'tensor' && !subject.tensor.noData && isReal(subject.tensor.dtype),
  optionsFor: ({ tensor }, previous) => planeFor(tensor.shape, previous),
  request: ({ file, tensor }, { rowAxis, columnAxis, indices }) => ({
    command: 'tensor.heat-map',
    params: {
      file,
      name: tensor.name,
      cells: MOST_CELLS,
      ...(tensor.shape.length < 2 ? {} : { rowAxis, columnAxis, indices: [...indices] }),
    },
  }),
  component: defineAsyncComponent(() => import('#renderer/charts/heatmap/HeatMapChart.vue')),
});
