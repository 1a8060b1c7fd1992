/** What a compute thread can do, by name. */
import { checksumTask } from '#main/services/tasks/checksum.ts';
import { chunkCheckTask } from '#main/services/tasks/chunk-check.ts';
import { differenceTask } from '#main/services/tasks/difference.ts';
import { fastDigestTask } from '#main/services/tasks/fast-digest.ts';
import { heatMapTask } from '#main/services/tasks/heat-map.ts';
import { histogramTask } from '#main/services/tasks/histogram.ts';
import { nonFiniteTask } from '#main/services/tasks/non-finite.ts';
import { pairBinsTask } from '#main/services/tasks/pair-bins.ts';
import { pairPictureTask } from '#main/services/tasks/pair-picture.ts';
import { profileTask } from '#main/services/tasks/profile.ts';
import { secondPassTask } from '#main/services/tasks/second-pass.ts';
import { singularValuesTask } from '#main/services/tasks/singular-values.ts';
import { sketchTask } from '#main/services/tasks/sketch.ts';
import { summaryTask } from '#main/services/tasks/summary.ts';

export const TASKS = {
  summary: summaryTask,
  checksum: checksumTask,
  'chunk-check': chunkCheckTask,
  histogram: histogramTask,
  difference: differenceTask,
  'fast-digest': fastDigestTask,
  'heat-map': heatMapTask,
  'non-finite': nonFiniteTask,
  'pair-bins': pairBinsTask,
  'pair-picture': pairPictureTask,
  profile: profileTask,
  'singular-values': singularValuesTask,
  sketch: sketchTask,
  'second-pass': secondPassTask,
} as const;

export type TaskName = keyof typeof TASKS;
export type TaskInput<Name extends TaskName> = Parameters<(typeof TASKS)[Name]>[0];
export type TaskOutput<Name extends TaskName> = Awaited<ReturnType<(typeof TASKS)[Name]>>;
