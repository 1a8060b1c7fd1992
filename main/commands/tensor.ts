import type { Handler } from '#main/commands/handler.ts';
import { heatMapOf } from '#main/services/heat-maps.ts';
import { histogramOf } from '#main/services/histograms.ts';
import { pairPictureFor } from '#main/services/pair-pictures.ts';
import { profilesOf } from '#main/services/profiles.ts';
import { singularValuesOf } from '#main/services/singular-values.ts';
import { transposedTensor } from '#main/services/sliced-tensor.ts';
import { SPECTRUM_STEPS } from '#main/services/tasks/singular-values.ts';
import { DEFAULT_QUANTILES, summarizeTensor } from '#main/services/tensor-summary.ts';
import { heatMapAxes } from '#main/services/heat-map-axes.ts';
import { viewPlan, type TensorPlan } from '#main/services/tensor-plan.ts';
import { readValues } from '#main/services/values.ts';
import { elementByteLength } from '#shared/dtype.ts';
import { AppError } from '#shared/errors.ts';
import { sliceShape } from '#shared/slice.ts';
import { elementCountOf } from '#shared/tensor.ts';
import type { Pass } from '#main/services/windows.ts';
import type { Progress } from '#shared/commands/command.ts';
import type { Input } from '#shared/commands/commands.ts';
import type { HistogramUpdate } from '#shared/commands/tensor.ts';

const DEFAULT_BINS = 64;
const DEFAULT_CELLS = 512;

/** Tells how much of `total` bytes a pass has read; a pass that reads twice stays at the end. */
function passFor(signal: AbortSignal, total: number, progress: (update: Progress) => void): Pass {
  let done = 0;
  return {
    signal,
    onRead: (byteLength) => {
      done = Math.min(total, done + byteLength);
      progress({ done, total, unit: 'bytes' });
    },
  };
}

export const summaryCommand: Handler<'tensor.summary'> = async (
  { checkpoints, compute },
  { file, name },
  { signal, progress },
) => {
  const open = await checkpoints.open(file);
  const total = open.summary.tensors.find((tensor) => tensor.name === name)?.byteLength ?? 0;
  const { onRead } = passFor(signal, total, progress);
  const answer = await summarizeTensor(open, compute, name, {
    isDigestWanted: false,
    isSplit: true,
    quantiles: DEFAULT_QUANTILES,
    signal,
    ...(onRead ? { onRead } : {}),
  });
  const { summary, distinct } = answer;
  if (summary) return { ...summary, ...(distinct ? { distinct } : {}) };
  const { dtype } = open.tensor(name);
  throw new AppError('unsupported', `values of ${dtype} have no statistics`, { tensor: name });
};

export const histogramCommand: Handler<'tensor.histogram'> = async (
  { checkpoints, compute },
  { file, name, bins = DEFAULT_BINS, range, axis = 'linear', isClipped = false, isBinnedFirst },
  { signal, progress },
) => {
  const open = await checkpoints.open(file);
  if (range && !(range[0] < range[1] && Number.isFinite(range[1] - range[0]))) {
    throw new AppError('invalid-params', 'the range of the histogram is empty', {
      expected: 'two finite numbers, the smaller one first',
      found: range.join(' to '),
    });
  }
  const known = open.tensor(name).name;
  const byteLength = open.summary.tensors.find((tensor) => tensor.name === known)?.byteLength ?? 0;
  let reached: Progress = { done: 0, total: 2 * byteLength, unit: 'bytes' };
  const tell = (update: HistogramUpdate) => progress(update);
  return histogramOf(
    open,
    compute,
    { name, bins, axis, range, isClipped },
    {
      signal,
      onPlan: (readings) => (reached = { ...reached, total: readings * byteLength }),
      onRead: (read) => {
        reached = { ...reached, done: Math.min(reached.total, reached.done + read) };
        tell(reached);
      },
      ...(isBinnedFirst ? { onPartial: (partial) => tell({ ...reached, partial }) } : {}),
    },
  );
};

export const valuesCommand: Handler<'tensor.values'> = async (
  { checkpoints },
  { file, name, slice, as, most },
  { signal },
) => readValues(await checkpoints.open(file), name, { slice, as, most, signal });

export const heatMapCommand: Handler<'tensor.heat-map'> = async (
  { checkpoints, compute },
  { file, name, cells = DEFAULT_CELLS, ...plane },
  { signal, progress },
) => {
  const { byteLength, ...slice } = planeOf((await checkpoints.open(file)).plan(name), plane);
  return heatMapOf(compute, { ...slice, cells }, passFor(signal, byteLength, progress));
};

export const profileCommand: Handler<'tensor.profile'> = async (
  { checkpoints, compute },
  { file, name, cells = DEFAULT_CELLS, ...plane },
  { signal, progress },
) => {
  const { byteLength, ...slice } = planeOf((await checkpoints.open(file)).plan(name), plane);
  return profilesOf(compute, { ...slice, cells }, passFor(signal, byteLength, progress));
};

export const singularValuesCommand: Handler<'tensor.singular-values'> = async (
  { checkpoints, compute },
  { file, name, ...plane },
  { signal, progress },
) => {
  const open = await checkpoints.open(file);
  const { plan, axes, isTransposed } = planeOf(open.plan(name), plane);
  let done = 0;
  const onRead = (steps: number) => {
    done += steps;
    progress({ done, total: SPECTRUM_STEPS, unit: 'steps' });
  };
  const answer = await singularValuesOf(open, compute, { plan, axes }, { signal, onRead });
  return isTransposed ? { ...answer, rows: answer.columns, columns: answer.rows } : answer;
};

/** The plane of a tensor that is asked for, and the bytes that reading it takes. */
function planeOf(
  plan: TensorPlan,
  { rowAxis, columnAxis, indices }: Pick<Input<'tensor.heat-map'>, 'rowAxis' | 'columnAxis' | 'indices'>,
) {
  const { axes, isTransposed } = heatMapAxes(plan.tensor.shape, rowAxis, columnAxis, indices);
  const values = sliceShape(axes).reduce((product, size) => product * size, 1);
  return { plan, axes, isTransposed, byteLength: values * elementByteLength(plan.tensor.dtype) };
}

export const pairCommand: Handler<'tensor.pair'> = async (
  { checkpoints, compute },
  { a, b, isTransposed, bins = DEFAULT_BINS, cells = DEFAULT_CELLS },
  { signal, progress },
) => {
  const [openA, openB] = [await checkpoints.open(a.file), await checkpoints.open(b.file)];
  const planB = openB.plan(b.name);
  const plans = { a: openA.plan(a.name), b: isTransposed ? viewPlan(planB, transposedTensor) : planB };
  const total = PAIR_READINGS * (valueBytes(plans.a) + valueBytes(plans.b));
  return pairPictureFor(compute, { ...plans, bins, cells }, passFor(signal, total, progress));
};

const PAIR_READINGS = 2;

/** Bytes of all values as they are read. */
function valueBytes({ tensor }: TensorPlan): number {
  return (elementCountOf(tensor.shape) ?? 0) * elementByteLength(tensor.dtype);
}
