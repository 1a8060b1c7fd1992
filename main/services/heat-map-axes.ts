import { AppError } from '#shared/errors.ts';
import type { SliceAxis } from '#shared/slice.ts';

/**
 * The slice that a picture shows: two axes whole, one index along each other one (0 unless told).
 * @returns `isTransposed` when the rows run along a later axis than the columns.
 * @throws AppError `invalid-params` for axes that are equal or out of range.
 */
export function heatMapAxes(
  shape: readonly number[],
  rowAxis = shape.length - 2,
  columnAxis = shape.length - 1,
  indices: readonly number[] = [],
): { readonly axes: readonly SliceAxis[]; readonly isTransposed: boolean } {
  if (shape.length >= 2) {
    for (const axis of [rowAxis, columnAxis]) {
      if (!(axis >= 0 && axis < shape.length)) {
        throw new AppError('invalid-params', `the tensor has no axis ${axis}`, {
          expected: `0 to ${shape.length - 1}`,
        });
      }
    }
    if (rowAxis === columnAxis) {
      throw new AppError('invalid-params', 'rows and columns need two different axes', {
        found: `axis ${rowAxis} twice`,
      });
    }
  }
  const axes = shape.map((dimension, axis): SliceAxis => {
    if (shape.length < 2 || axis === rowAxis || axis === columnAxis) {
      return { start: 0, count: dimension, step: 1, isDropped: false };
    }
    const index = indices[axis] ?? 0;
    if (!(index >= 0 && index < dimension)) {
      throw new AppError(
        'invalid-params',
        `index ${index} is out of range for axis ${axis} with ${dimension} elements`,
      );
    }
    return { start: index, count: 1, step: 1, isDropped: true };
  });
  return { axes, isTransposed: shape.length >= 2 && rowAxis > columnAxis };
}
