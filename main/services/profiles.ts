/** What the rows and the columns of a slice are like, its parts shared among the compute threads. */
import { mergeLines } from '#main/kernels/profile.ts';
import type { Compute } from '#main/services/compute.ts';
import {
  addLines,
  emptyCells,
  mergeCells,
  profileOf,
  type ProfileCells,
} from '#main/services/profile-cells.ts';
import { profileGrid, type ProfilePart, type ProfileTask } from '#main/services/tasks/profile.ts';
import { isReadAnywhere } from '#main/services/tensor-parts.ts';
import type { Pass } from '#main/services/windows.ts';
import type { Profile } from '#shared/profile.ts';
import { sliceShape } from '#shared/slice.ts';

/** Parts of a large matrix: the same ones whatever the number of threads, so that sums are, too. */
const PARTS = 8;
/** Elements below which it is one part. */
const LEAST_ELEMENTS = 2 ** 22;
/** Lines that each part may keep figures of; more, and there is one part. */
const MOST_KEPT = 2 ** 17;

/** @param isTransposed the rows that are asked for run along the later of the two axes. */
export async function profilesOf(
  compute: Compute,
  { isTransposed, ...task }: Omit<ProfileTask, 'part'> & { readonly isTransposed: boolean },
  pass: Pass,
): Promise<Profile> {
  const grid = profileGrid(task.plan.tensor.name, sliceShape(task.axes));
  const [lines, kept] = grid.streamed === 'rows' ? [grid.rows, grid.columns] : [grid.columns, grid.rows];
  const isRowsFirst = (grid.streamed === 'rows') !== isTransposed;
  const sides = (streamed: ProfileCells, others: ProfileCells): Profile => {
    const [rows, columns] = isRowsFirst ? [streamed, others] : [others, streamed];
    return { rows: profileOf(rows), columns: profileOf(columns) };
  };
  const others = emptyCells(kept, lines, task.cells);
  if (lines * kept === 0) return sides(emptyCells(lines, kept, task.cells), others);
  const isShared =
    grid.rows * grid.columns >= LEAST_ELEMENTS && kept <= MOST_KEPT && isReadAnywhere(task.plan);
  const count = isShared ? Math.min(PARTS, lines) : 1;
  const bounds = Array.from({ length: count + 1 }, (_, part) => Math.round((part * lines) / count));
  const parts = await Promise.all(
    bounds.slice(1).map((to, part) => compute.run('profile', { ...task, part: [bounds[part]!, to] }, pass)),
  );
  const { streamed, kept: figures } = merged(parts);
  addLines(others, figures, 0, kept);
  return sides(streamed, others);
}

/** @param parts at least one. */
function merged([first, ...others]: readonly ProfilePart[]): ProfilePart {
  for (const { streamed, kept } of others) {
    mergeCells(first!.streamed, streamed);
    mergeLines(first!.kept, kept);
  }
  return first!;
}
