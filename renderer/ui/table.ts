/** What a table shows: columns as data. */
export interface Column<Row> {
  readonly key: string;
  readonly title: string;
  /** A CSS grid track: `96px`, `minmax(120px, 1fr)`. */
  readonly width: string;
  readonly text: (row: Row) => string;
  /** What hovering a cell says; the text itself where it is cut off. */
  readonly hint?: (row: Row) => string | undefined;
  readonly isNumber?: true;
  readonly isMono?: true;
  readonly isSortable?: true;
}

export interface Sorting {
  readonly key: string;
  readonly isDescending: boolean;
}

/** Makes a table a tree: rows come flattened, each with its depth. */
export interface TreeShape<Row> {
  /** From 1. */
  readonly level: (row: Row) => number;
  /** Undefined for leaves. */
  readonly isExpanded: (row: Row) => boolean | undefined;
  readonly setSize?: (row: Row) => number;
  readonly position?: (row: Row) => number;
}
