/** Where a key leads in a grid of cells. */
export interface GridCell {
  readonly row: number;
  readonly column: number;
}

export interface GridSize {
  readonly rows: number;
  readonly columns: number;
  /** Rows that a page key moves by. */
  readonly page: number;
}

/** @returns undefined for keys that lead nowhere. With Ctrl or Cmd, Home and End go to the corners. */
export function stepInGrid(
  key: string,
  isCommand: boolean,
  { row, column }: GridCell,
  { rows, columns, page }: GridSize,
): GridCell | undefined {
  if (rows === 0 || columns === 0) return undefined;
  const at = (wantedRow: number, wantedColumn: number) => ({
    row: Math.min(rows - 1, Math.max(0, wantedRow)),
    column: Math.min(columns - 1, Math.max(0, wantedColumn)),
  });
  switch (key) {
    case 'ArrowDown':
      return at(row + 1, column);
    case 'ArrowUp':
      return at(row - 1, column);
    case 'ArrowRight':
      return at(row, column + 1);
    case 'ArrowLeft':
      return at(row, column - 1);
    case 'PageDown':
      return at(row + page, column);
    case 'PageUp':
      return at(row - page, column);
    case 'Home':
      return isCommand ? at(0, 0) : at(row, 0);
    case 'End':
      return isCommand ? at(rows - 1, columns - 1) : at(row, columns - 1);
    default:
      return undefined;
  }
}
