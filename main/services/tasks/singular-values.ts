/** The singular values of a slice: it is read twice, once for how large its values are, then computed in doubles. */
import { breathe } from '#main/bytes/breathe.ts';
import { SPECTRUM_ELEMENTS, SPECTRUM_SIDE } from '#main/bytes/limits.ts';
import { bidiagonalise } from '#main/kernels/bidiagonalise.ts';
import { bidiagonalValues } from '#main/kernels/bidiagonal-values.ts';
import { numbersView, placeNumbers } from '#main/kernels/numbers.ts';
import { tallMatrix } from '#main/kernels/tall-matrix.ts';
import { slicedTensor } from '#main/services/sliced-tensor.ts';
import { spectrumFigures } from '#main/services/spectrum-figures.ts';
import { withReader, type TensorPlan } from '#main/services/tensor-plan.ts';
import { silent, windowsOf, type Pass } from '#main/services/windows.ts';
import type { TensorReader } from '#main/formats/read.ts';
import { isReal } from '#shared/dtype.ts';
import { AppError, throwIfCancelled } from '#shared/errors.ts';
import type { SingularValues } from '#shared/singular-values.ts';
import { sliceShape, type SliceAxis } from '#shared/slice.ts';

export interface SingularValuesTask {
  readonly plan: TensorPlan;
  /** One entry an axis; the two that are not dropped become rows and columns. */
  readonly axes: readonly SliceAxis[];
}

/** What progress is told in, whatever the matrix. */
export const SPECTRUM_STEPS = 1000;
/** From this many rows a column on, a triangle of it is made first: Chan's algorithm (1982). */
const TALL = 1.6;
/** Elements that are held whole. */
const MOST_HELD = 2 ** 24;
/** Multiplications of each element that a step goes over; of bisection, what its divisions take. */
const WEIGHTS = { triangle: 2, bidiagonal: 4, values: 5 };
/** Sweeps that finding a value takes, about. */
const SWEEPS = 45;

/** @throws AppError `unsupported` for what is no matrix of real numbers, `limit` for one that is too large. */
export function requireSpectrum(
  { name, dtype }: { readonly name: string; readonly dtype: string },
  shape: readonly number[],
): void {
  if (!isReal(dtype)) {
    throw new AppError('unsupported', `singular values of ${dtype} are not computed`, {
      tensor: name,
      expected: 'real numbers',
    });
  }
  const [rows, columns] = shape;
  if (rows === undefined || columns === undefined) {
    throw new AppError('unsupported', 'only a matrix has singular values', {
      tensor: name,
      expected: 'at least two axes',
      found: shape.length === 0 ? 'a scalar' : 'a vector',
    });
  }
  if (rows * columns === 0) {
    throw new AppError('unsupported', 'a matrix without elements has no singular values', {
      tensor: name,
      found: `${rows} × ${columns}`,
    });
  }
  if (Math.min(rows, columns) > SPECTRUM_SIDE || rows * columns > SPECTRUM_ELEMENTS) {
    throw new AppError('limit', 'the matrix is too large for its singular values', {
      tensor: name,
      expected: `a smaller side of at most ${SPECTRUM_SIDE}, and at most ${SPECTRUM_ELEMENTS} elements`,
      found: `${rows} × ${columns}`,
      hint: 'look at its values and profiles instead',
    });
  }
}

/** @param pass told `SPECTRUM_STEPS` in all. */
export async function singularValuesTask(
  { plan, axes }: SingularValuesTask,
  pass: Pass,
): Promise<SingularValues> {
  const shape = sliceShape(axes);
  requireSpectrum(plan.tensor, shape);
  const [rows, columns] = [shape[0]!, shape[1]!];
  const { dtype } = plan.tensor;
  const unit = await unitOf(plan, axes, pass);
  const standing = slicedTensor(plan.tensor, axes, rows < columns);
  return withReader({ ...plan, tensor: standing }, async (reader) => {
    const values = await valuesOf(reader, dtype, standing.shape as readonly [number, number], unit, pass);
    return spectrumFigures({ rows, columns }, dtype, values, unit);
  });
}

/**
 * A power of two that no value is larger than twice, so that squares neither overflow nor vanish.
 * @throws AppError `unsupported` for a NaN or an infinity.
 */
async function unitOf(plan: TensorPlan, axes: readonly SliceAxis[], pass: Pass): Promise<number> {
  const tensor = slicedTensor(plan.tensor, axes);
  let most = 0;
  await withReader({ ...plan, tensor }, async (reader) => {
    for await (const { start, bytes } of windowsOf(reader, silent(pass))) {
      const numbers = numbersView(placeNumbers(tensor.dtype, bytes));
      for (let at = 0; at < numbers.length; at++) {
        const size = Math.abs(numbers[at]!);
        if (size <= most) continue;
        if (!(size < Infinity)) throw notFinite(tensor.name, numbers[at]!, start + at, axes);
        most = size;
      }
    }
  });
  return most === 0 ? 1 : 2 ** Math.max(-1022, Math.min(1023, Math.ceil(Math.log2(most))));
}

/** @param element of the slice, in C order. */
function notFinite(tensor: string, value: number, element: number, axes: readonly SliceAxis[]): AppError {
  const columns = sliceShape(axes)[1]!;
  const inSlice = [Math.floor(element / columns), element % columns];
  const at = axes.map(({ start, isDropped }) => (isDropped ? start : inSlice.shift()!));
  return new AppError('unsupported', 'a matrix with a NaN or an infinity has no singular values', {
    tensor,
    expected: 'finite values',
    found: `${value} at [${at.join(', ')}], the first of them`,
    hint: 'take a plane without any; the search for what is not finite tells which tensors have some',
  });
}

/** @param shape no more columns than rows. */
async function valuesOf(
  reader: TensorReader,
  dtype: string,
  [rows, columns]: readonly [rows: number, columns: number],
  unit: number,
  pass: Pass,
): Promise<Float64Array> {
  const isTall = rows > TALL * columns || rows * columns > MOST_HELD;
  const height = isTall ? columns : rows;
  const work =
    (isTall ? (WEIGHTS.triangle * rows * columns * columns) / 2 : 0) +
    WEIGHTS.bidiagonal * columns ** 2 * (height / 2 - columns / 6) +
    WEIGHTS.values * SWEEPS * 2 * columns ** 2;
  const through = stepper(work, pass);
  const windows = scaledWindows(reader, dtype, 1 / unit, pass);
  const matrix = isTall ? await triangleOf(windows, columns, through) : await wholeOf(windows, rows, columns);
  const bidiagonal = await through(bidiagonalise(matrix, height, columns), WEIGHTS.bidiagonal);
  return through(bidiagonalValues(bidiagonal), WEIGHTS.values);
}

/** Values in C order, in memory of their own: they hold while others use the kernels'. */
async function* scaledWindows(
  reader: TensorReader,
  dtype: string,
  scale: number,
  pass: Pass,
): AsyncGenerator<Float64Array, void, undefined> {
  for await (const { bytes } of windowsOf(reader, silent(pass))) {
    const values = Float64Array.from(numbersView(placeNumbers(dtype, bytes)));
    for (let at = 0; at < values.length; at++) values[at]! *= scale;
    yield values;
  }
}

/** Column by column. */
async function wholeOf(
  windows: AsyncIterable<Float64Array>,
  rows: number,
  columns: number,
): Promise<Float64Array> {
  const matrix = new Float64Array(rows * columns);
  let [row, column] = [0, 0];
  for await (const values of windows) {
    for (let at = 0; at < values.length; at++) {
      matrix[column * rows + row] = values[at]!;
      if (++column < columns) continue;
      column = 0;
      row++;
    }
  }
  return matrix;
}

/** Row by row, which is its transpose column by column, of the same singular values. */
async function triangleOf(
  windows: AsyncIterable<Float64Array>,
  columns: number,
  through: Through,
): Promise<Float64Array> {
  const tall = tallMatrix(columns);
  for await (const values of windows) await through(tall.add(values), WEIGHTS.triangle);
  await through(tall.end(), WEIGHTS.triangle);
  return tall.triangle;
}

/** Goes through the parts of a computation, each of which says how many elements it goes over. */
type Through = <Result>(parts: Generator<number, Result, undefined>, weight: number) => Promise<Result>;

/** Lets messages in between parts, and tells how much of the work is done. */
function stepper(work: number, pass: Pass): Through {
  let [done, told] = [0, 0];
  return async (parts, weight) => {
    for (let part = parts.next(); ; part = parts.next()) {
      if (part.done) return part.value;
      await breathe();
      throwIfCancelled(pass.signal);
      done += weight * part.value;
      const reached = Math.min(SPECTRUM_STEPS, Math.floor((done / work) * SPECTRUM_STEPS));
      if (reached > told) pass.onRead?.(reached - told);
      told = reached;
    }
  };
}
