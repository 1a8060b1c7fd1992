/** The values themselves, a window at a time. */
import { Table } from '@lucide/vue';
import { defineAsyncComponent } from 'vue';

import { defineChart, type TensorSubject } from '#renderer/charts/contract.ts';
import { planeFor, type Plane } from '#renderer/charts/plane.ts';
import { gridOf, windowSlice } from '#renderer/charts/values/grid.ts';

export interface ValuesOptions extends Plane {
  /** The coordinate of the cell to go to; each new list goes there anew. */
  readonly at?: readonly number[];
}

export const values = defineChart<TensorSubject, ValuesOptions, 'tensor.values'>({
  name: 'values',
  title: 'Values',
  icon: Table,
  supports: (subject): subject is TensorSubject => subject.kind === 'tensor' && !subject.tensor.noData,
  optionsFor: ({ tensor }, previous) => planeFor(tensor.shape, previous),
  request: ({ file, tensor }, plane) => ({
    command: 'tensor.values',
    params: { file, name: tensor.name, slice: windowSlice(gridOf(tensor.shape, plane), 0, 0) },
  }),
  component: defineAsyncComponent(() => import('#renderer/charts/values/ValuesChart.vue')),
});
