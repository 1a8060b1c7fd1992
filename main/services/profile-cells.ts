/** Lines of one side of a matrix gathered into cells, with those that are dead, constant or not finite told by their index. */
import { eachLine, type LineFigure, type LineFigures } from '#main/kernels/profile.ts';
import { LINE_MARKS, NAMED_LINES, type LineMark, type LineProfile } from '#shared/profile.ts';

/** Plain data, so that parts of a matrix can be merged. */
export interface ProfileCells {
  readonly lines: number;
  /** Values of each line. */
  readonly length: number;
  readonly finite: Float64Array;
  readonly sum: Float64Array;
  readonly min: Float64Array;
  readonly max: Float64Array;
  readonly leastNorm: Float64Array;
  readonly mostNorm: Float64Array;
  readonly zeros: Float64Array;
  readonly notFinite: Float64Array;
  readonly marks: Uint8Array;
  readonly found: Readonly<Record<LineMark, { count: number; first: number[] }>>;
}

/** @param most cells there may be. */
export function emptyCells(lines: number, length: number, most: number): ProfileCells {
  const cells = Math.min(lines, most);
  const all = (value: number) => new Float64Array(cells).fill(value);
  const none = () => ({ count: 0, first: [] });
  return {
    lines,
    length,
    finite: all(0),
    sum: all(0),
    min: all(Infinity),
    max: all(-Infinity),
    leastNorm: all(Infinity),
    mostNorm: all(-Infinity),
    zeros: all(0),
    notFinite: all(0),
    marks: new Uint8Array(cells),
    found: { dead: none(), constant: none(), unsound: none() },
  };
}

/** Adds lines from `first` on, which nothing will be added to any more. */
export function addLines(cells: ProfileCells, figures: LineFigures, first: number, count: number): void {
  const { lines, length, found } = cells;
  eachLine(figures, count, (figure, index) => {
    const line = first + index;
    const cell = Math.floor((line * cells.min.length) / lines);
    addLine(cells, cell, figure);
    const mark = markOf(figure, length);
    if (!mark) return;
    cells.marks[cell]! |= LINE_MARKS[mark];
    found[mark].count++;
    if (found[mark].first.length < NAMED_LINES) found[mark].first.push(line);
  });
}

function addLine(cells: ProfileCells, cell: number, figure: LineFigure): void {
  const { finite, sum, min, max, leastNorm, mostNorm, zeros, notFinite } = cells;
  notFinite[cell]! += figure.notFinite;
  zeros[cell]! += figure.zeros;
  if (figure.notFinite === cells.length) return;
  finite[cell]! += cells.length - figure.notFinite;
  sum[cell]! += figure.sum;
  min[cell] = Math.min(min[cell]!, figure.least);
  max[cell] = Math.max(max[cell]!, figure.most);
  leastNorm[cell] = Math.min(leastNorm[cell]!, figure.norm);
  mostNorm[cell] = Math.max(mostNorm[cell]!, figure.norm);
}

function markOf({ zeros, notFinite, isOneNumber }: LineFigure, length: number): LineMark | undefined {
  if (notFinite > 0) return 'unsound';
  if (zeros === length) return length > 0 ? 'dead' : undefined;
  return isOneNumber && length > 1 ? 'constant' : undefined;
}

/** Adds the lines of a later part of the same matrix. */
export function mergeCells(into: ProfileCells, part: ProfileCells): void {
  for (let cell = 0; cell < into.min.length; cell++) {
    for (const field of ['finite', 'sum', 'zeros', 'notFinite'] as const)
      into[field][cell]! += part[field][cell]!;
    for (const field of ['min', 'leastNorm'] as const) {
      into[field][cell] = Math.min(into[field][cell]!, part[field][cell]!);
    }
    for (const field of ['max', 'mostNorm'] as const) {
      into[field][cell] = Math.max(into[field][cell]!, part[field][cell]!);
    }
    into.marks[cell]! |= part.marks[cell]!;
  }
  for (const [mark, found] of Object.entries(into.found)) {
    const other = part.found[mark as LineMark];
    found.count += other.count;
    found.first.push(...other.first.slice(0, NAMED_LINES - found.first.length));
  }
}

export function profileOf(cells: ProfileCells): LineProfile {
  const { lines, length, finite, sum, zeros, notFinite, marks, found } = cells;
  const known = (values: Float64Array) => values.map((value, cell) => (finite[cell] === 0 ? NaN : value));
  return {
    lines,
    length,
    cells: marks.length,
    min: known(cells.min),
    max: known(cells.max),
    mean: sum.map((total, cell) => total / finite[cell]!),
    leastNorm: known(cells.leastNorm),
    mostNorm: known(cells.mostNorm),
    zeros,
    notFinite,
    marks,
    ...found,
  };
}
