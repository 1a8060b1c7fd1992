/** What the rows and the columns of a slice are like, line by line. */
import { Rows3 } from '@lucide/vue';
import { defineAsyncComponent } from 'vue';

import { defineChart, type TensorSubject } from '#renderer/charts/contract.ts';
import { planeFor, type Plane } from '#renderer/charts/plane.ts';
import type { ProfileFigure } from '#renderer/charts/profile/scene.ts';
import { isReal } from '#shared/dtype.ts';

export interface ProfileOptions {
  readonly plane: Plane;
  readonly figure: ProfileFigure;
}

/** Along either side: about what a wide screen can tell apart. */
const MOST_CELLS = 1024;

export const profile = defineChart<TensorSubject, ProfileOptions, 'tensor.profile'>({
  name: 'profile',
  title: 'Profiles',
  icon: Rows3,
  supports: (subject): subject is TensorSubject =>
    subject.kind === 'tensor' &&
    !subject.tensor.noData &&
    isReal(subject.tensor.dtype) &&
    subject.tensor.shape.length >= 2,
  optionsFor: ({ tensor }, previous) => ({
    plane: planeFor(tensor.shape, previous?.plane),
    figure: previous?.figure ?? 'norm',
  }),
  request: ({ file, tensor }, { plane: { rowAxis, columnAxis, indices } }) => ({
    command: 'tensor.profile',
    params: { file, name: tensor.name, cells: MOST_CELLS, rowAxis, columnAxis, indices: [...indices] },
  }),
  component: defineAsyncComponent(() => import('#renderer/charts/profile/ProfileChart.vue')),
});
