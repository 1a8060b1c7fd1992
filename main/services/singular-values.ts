/** The singular values of a slice, remembered while the file stays the same: they may take minutes, and a tab is left in a moment. */
import type { OpenCheckpoint } from '#main/services/checkpoints.ts';
import type { Compute } from '#main/services/compute.ts';
import type { SingularValuesTask } from '#main/services/tasks/singular-values.ts';
import type { Pass } from '#main/services/windows.ts';
import type { SingularValues } from '#shared/singular-values.ts';

/** @param pass told `SPECTRUM_STEPS` in all. */
export async function singularValuesOf(
  open: OpenCheckpoint,
  compute: Compute,
  task: SingularValuesTask,
  pass: Pass,
): Promise<SingularValues> {
  const plane = task.axes.map(({ start, isDropped }) => (isDropped ? start : ':'));
  const key = `singular-values:${task.plan.tensor.name}:${plane.join(',')}`;
  const known = open.cache.get(key) as SingularValues | undefined;
  if (known) return known;
  const answer = await compute.run('singular-values', task, pass);
  open.cache.set(key, answer);
  return answer;
}
