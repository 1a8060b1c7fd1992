import { isBuiltIn } from '#shared/built-in-data.ts';
import type { RunConfig } from '#shared/run.ts';

/** The paths that a run's configuration names: its data, where they are not built in, and what it starts from. */
export function chosenFiles({ data, startFrom }: RunConfig): readonly string[] {
  return [...(isBuiltIn(data.source) ? [] : [data.source]), ...(startFrom === undefined ? [] : [startFrom])];
}
