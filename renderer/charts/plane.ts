/** A plane through a tensor: the axes that lie along rows and columns, and one index along each other axis. */
export interface Plane {
  readonly rowAxis: number;
  readonly columnAxis: number;
  /** By axis; those of rows and columns have no say. */
  readonly indices: readonly number[];
}

/** The last two axes at first; a plane of the tensor before stays where it fits. */
export function planeFor(shape: readonly number[], previous: Plane | undefined): Plane {
  const rank = shape.length;
  const isFitting = previous !== undefined && previous.indices.length === rank;
  return {
    rowAxis: isFitting ? previous.rowAxis : Math.max(0, rank - 2),
    columnAxis: isFitting ? previous.columnAxis : Math.max(0, rank - 1),
    indices: shape.map((dimension, axis) =>
      Math.max(0, Math.min(dimension - 1, (isFitting ? previous.indices[axis] : 0) ?? 0)),
    ),
  };
}

/** Another axis along rows or columns; where the other one has it already, they change places. */
export function withAxis(plane: Plane, side: 'rowAxis' | 'columnAxis', axis: number): Plane {
  const other = side === 'rowAxis' ? 'columnAxis' : 'rowAxis';
  return plane[other] === axis
    ? { ...plane, [other]: plane[side], [side]: axis }
    : { ...plane, [side]: axis };
}

/** Axes with an index of their own. */
export function fixedAxes(shape: readonly number[], plane: Plane): number[] {
  return [...shape.keys()].filter((axis) => axis !== plane.rowAxis && axis !== plane.columnAxis);
}

/** The coordinate in the tensor of a place in the plane. */
export function coordinateIn(shape: readonly number[], plane: Plane, row: number, column: number): number[] {
  return shape.map((_dimension, axis) => {
    if (axis === plane.columnAxis) return column;
    return axis === plane.rowAxis ? row : (plane.indices[axis] ?? 0);
  });
}
