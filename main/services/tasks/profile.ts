/** Profiles of a slice, read once; of the side with many lines only cells are kept, of the other one every line. */
import { addToLines, lineTable, type LineFigures, type LineTable } from '#main/kernels/profile.ts';
import { PROFILE_LINES } from '#main/bytes/limits.ts';
import { ANY_EXTENT, boxesOf } from '#main/services/boxes.ts';
import { addLines, emptyCells, type ProfileCells } from '#main/services/profile-cells.ts';
import { slicedTensor } from '#main/services/sliced-tensor.ts';
import { asMatrix } from '#main/services/tasks/heat-map.ts';
import { requireReal } from '#main/services/tasks/histogram.ts';
import { withBoxReaders, withReader, type TensorPlan } from '#main/services/tensor-plan.ts';
import { windowsOf, type Pass } from '#main/services/windows.ts';
import { elementByteLength } from '#shared/dtype.ts';
import { AppError } from '#shared/errors.ts';
import type { SliceAxis } from '#shared/slice.ts';

export interface ProfileTask {
  readonly plan: TensorPlan;
  /** One entry an axis; the two that are not dropped become rows and columns, in their order. */
  readonly axes: readonly SliceAxis[];
  /** The most cells along either side. */
  readonly cells: number;
  /** Lines of the streamed side, [from, to); all of them where absent. */
  readonly part?: readonly [from: number, to: number];
}

/** What one part of a matrix has to tell; parts merge. */
export interface ProfilePart {
  /** Of the streamed side: its own lines are whole. */
  readonly streamed: ProfileCells;
  /** Of the other side: every line, of which this part has seen a piece. */
  readonly kept: LineFigures;
}

/** How a matrix is gone through. */
export interface ProfileGrid {
  readonly rows: number;
  readonly columns: number;
  /** The side whose lines are told as they are done with: columns where a row is too long to keep figures of all it crosses. */
  readonly streamed: 'rows' | 'columns';
}

/** Columns that are kept for rows of any number, and that a band of a wider matrix has. */
const BAND_LINES = 65_536;
/** Rows that are gathered at a time: their figures stay in the second cache, where no power of two has them collide. */
const BLOCK_ROWS = 2039;

/** @throws AppError `limit` where the lines of both sides are too many to keep either. */
export function profileGrid(name: string, shape: readonly number[]): ProfileGrid {
  const [rows, columns] = asMatrix(shape);
  if (columns <= BAND_LINES) return { rows, columns, streamed: 'rows' };
  if (rows > PROFILE_LINES) {
    throw new AppError('limit', `the slice has too many rows and too many columns for profiles`, {
      tensor: name,
      expected: `at most ${BAND_LINES} columns, or at most ${PROFILE_LINES} rows`,
      found: `${rows} rows of ${columns} columns`,
    });
  }
  return { rows, columns, streamed: 'columns' };
}

export async function profileTask(
  { plan, axes, cells, part }: ProfileTask,
  pass: Pass,
): Promise<ProfilePart> {
  requireReal(plan.tensor.name, plan.tensor.dtype);
  const tensor = slicedTensor(plan.tensor, axes);
  const grid = profileGrid(tensor.name, tensor.shape);
  if (grid.streamed === 'columns') {
    return streamColumns({ ...plan, tensor }, grid, cells, part ?? [0, grid.columns], pass);
  }
  const isCrossed = boxesOf(tensor).length > 1;
  const stream = isCrossed ? streamBlocks : streamRows;
  return stream({ ...plan, tensor }, grid, cells, part ?? [0, grid.rows], pass);
}

/** Rows one after the other, as they lie in the file. */
async function streamRows(
  plan: TensorPlan,
  { rows, columns }: ProfileGrid,
  cells: number,
  [from, to]: readonly [number, number],
  pass: Pass,
): Promise<ProfilePart> {
  const { dtype } = plan.tensor;
  const streamed = emptyCells(rows, columns, cells);
  const rowTable = lineTable(dtype, Math.min(BLOCK_ROWS, to - from));
  const columnTable = lineTable(dtype, columns);
  const width = elementByteLength(dtype);
  try {
    await withReader(plan, async (reader) => {
      let first = from;
      const range = { begin: from * columns, end: to * columns };
      for await (const { start, bytes } of windowsOf(reader, pass, range)) {
        const end = start + bytes.byteLength / width;
        for (let at = start; at < end;) {
          const count = Math.min(rowTable.lines, to - first);
          const stop = Math.min(end, (first + count) * columns);
          const values = bytes.subarray((at - start) * width, (stop - start) * width);
          addToLines(rowTable, columnTable, at - first * columns, values);
          at = stop;
          if (at < (first + count) * columns) break;
          addLines(streamed, rowTable.figures(), first, count);
          rowTable.clear();
          first += count;
        }
      }
    });
    return { streamed, kept: copyOf(columnTable.figures()) };
  } finally {
    rowTable.release();
    columnTable.release();
  }
}

/** Blocks of rows one after the other, each of them box by box, where C order would have chunks unpacked again and again. */
async function streamBlocks(
  plan: TensorPlan,
  { rows, columns }: ProfileGrid,
  cells: number,
  [from, to]: readonly [number, number],
  pass: Pass,
): Promise<ProfilePart> {
  const tensor = slicedTensor(plan.tensor, [lineRange(from, to), lineRange(0, columns)]);
  const { dtype } = tensor;
  const streamed = emptyCells(rows, columns, cells);
  const columnTable = lineTable(dtype, columns);
  let rowTable: LineTable | undefined;
  try {
    await withBoxReaders(
      { ...plan, tensor },
      async (reader, { slices }) => {
        const [inRows, inColumns] = slices as [SliceAxis, SliceAxis];
        rowTable ??= lineTable(dtype, inRows.count);
        for await (const { start, bytes } of windowsOf(reader, pass)) {
          addToLines(rowTable, columnTable, start, bytes, inColumns);
        }
        if (inColumns.start + inColumns.count < columns) return;
        addLines(streamed, rowTable.figures(), from + inRows.start, inRows.count);
        rowTable.release();
        rowTable = undefined;
      },
      [{ usual: BLOCK_ROWS, most: PROFILE_LINES }, ANY_EXTENT],
    );
    return { streamed, kept: copyOf(columnTable.figures()) };
  } finally {
    rowTable?.release();
    columnTable.release();
  }
}

/** Bands of columns, each from the first row to the last. */
async function streamColumns(
  plan: TensorPlan,
  { rows, columns }: ProfileGrid,
  cells: number,
  [from, to]: readonly [number, number],
  pass: Pass,
): Promise<ProfilePart> {
  const { shape, dtype } = plan.tensor;
  // a vector is one row
  const inRows = shape.slice(0, -1).map((count) => lineRange(0, count));
  const tensor = slicedTensor(plan.tensor, [...inRows, lineRange(from, to)]);
  const streamed = emptyCells(columns, rows, cells);
  const rowTable = lineTable(dtype, rows);
  try {
    await withBoxReaders(
      { ...plan, tensor },
      async (reader, { slices }) => {
        const band = slices.at(-1)!;
        const columnTable = lineTable(dtype, band.count);
        try {
          for await (const { start, bytes } of windowsOf(reader, pass)) {
            addToLines(rowTable, columnTable, start, bytes);
          }
          addLines(streamed, columnTable.figures(), from + band.start, band.count);
        } finally {
          columnTable.release();
        }
      },
      [...inRows.map(() => ANY_EXTENT), { usual: BAND_LINES, most: PROFILE_LINES }],
    );
    return { streamed, kept: copyOf(rowTable.figures()) };
  } finally {
    rowTable.release();
  }
}

function lineRange(from: number, to: number): SliceAxis {
  return { start: from, count: to - from, step: 1, isDropped: false };
}

function copyOf(figures: LineFigures): LineFigures {
  return { ...figures, fields: figures.fields.slice() };
}
