import type { Batch } from '#main/trainer/dataset.ts';
import { lossRows } from '#main/trainer/losses.ts';
import { parametersOf, type Mlp } from '#main/trainer/mlp.ts';
import { updateParameter } from '#main/trainer/optimizer.ts';
import { backwardRows, biasGradient, forwardRows, gradientColumns, packLayer } from '#main/trainer/passes.ts';
import type { Dropout } from '#main/trainer/passes.ts';
import type { Values } from '#main/trainer/values.ts';
import type { Panels, Workspace } from '#main/trainer/workspace.ts';
import type { RunConfig } from '#shared/run.ts';

/** A step cut into units that can be computed by any thread in any order within their phase, with the same bits. */
export const PHASES = ['pack', 'rows', 'gradients', 'update'] as const;
export type Phase = (typeof PHASES)[number];

/** What the units of a step work on. */
export interface StepMaterial {
  readonly config: RunConfig;
  readonly mlp: Mlp;
  readonly workspace: Workspace;
  readonly batch: Batch;
  readonly buffers: readonly (readonly Values[])[];
  /** Moving averages of the parameters, in order; none where they are not kept. */
  readonly averages: readonly Values[];
}

/** What is particular to one batch of one step. */
export interface StepMoment {
  readonly step: number;
  readonly learningRate: number;
  readonly rows: number;
  /** Rows of the whole step, and those before this batch. */
  readonly total: number;
  readonly before: number;
}

/** The units of each phase for so many threads. The same for all threads of a team. */
export interface Units {
  count(phase: Phase, rows: number): number;
  run(phase: Phase, unit: number, moment: StepMoment, panels: Panels): void;
}

/** Rows go in eights, so that no two units write to one vector. */
const ROW_MULTIPLE = 8;
/** Multiplications that make a unit worth handing over: a third of a millisecond. */
const UNIT_PRODUCTS = 8_000_000;
/** Elements of a parameter that are updated at one go. */
const UPDATE_ELEMENTS = 32_768;
/** Units a thread and phase: where a thread is held up, others take what it leaves. */
const UNITS_PER_THREAD = 2;

export function unitsOf(material: StepMaterial, threads: number): Units {
  const { config, mlp, workspace, batch, buffers, averages } = material;
  const parameters = parametersOf(mlp).map(({ values }) => values);
  const columns = gradientPieces(mlp, config.batchSize, threads);
  const pieces = updatePieces(parameters);
  const rowsOfUnit = unitRows(config.batchSize, threads);
  const loss = { name: config.loss, labelSmoothing: config.labelSmoothing };

  const work: Readonly<Record<Phase, (unit: number, moment: StepMoment, panels: Panels) => void>> = {
    pack: (layer) => packLayer(mlp, workspace, layer),
    rows: (unit, moment, panels) => {
      const first = unit * rowsOfUnit;
      const rows = Math.min(rowsOfUnit, moment.rows - first);
      const dropout = dropoutOf(config, moment);
      forwardRows(mlp, workspace, panels, first, rows, dropout);
      lossRows(mlp, workspace, batch, loss, first, rows, moment.total);
      backwardRows(mlp, workspace, panels, first, rows, dropout);
    },
    gradients: (unit, moment, panels) => {
      const { layer, first, count } = columns[unit]!;
      const { rows, before } = moment;
      const dropout = dropoutOf(config, moment);
      gradientColumns(mlp, workspace, panels, layer, rows, first, count, before > 0, dropout);
      if (first === 0) biasGradient(mlp, workspace, layer, rows, before > 0);
    },
    update: (unit, { step, learningRate }) => {
      const { index, first, count } = pieces[unit]!;
      const settings = { ...config.optimizer, learningRate };
      const parameter = parameters[index]!;
      const gradient = workspace.gradients[index]!;
      updateParameter(mlp, parameter, gradient, buffers[index]!, settings, step, first, count);
      const average = averages[index];
      if (average) moveAverage(mlp, average, parameter, config.ema, step, first, count);
    },
  };
  return {
    count: (phase, rows) => {
      if (phase === 'rows') return Math.ceil(rows / rowsOfUnit);
      if (phase === 'gradients') return columns.length;
      return phase === 'update' ? pieces.length : mlp.layers.length;
    },
    run: (phase, unit, moment, panels) => work[phase](unit, moment, panels),
  };
}

/** What a step leaves out of the hidden layers. */
export function dropoutOf(config: RunConfig, { step, before }: StepMoment): Dropout | undefined {
  if (config.dropout === 0) return undefined;
  return { share: config.dropout, seed: config.seed, step, rowsBefore: before };
}

/** Elements from `first` on of the moving average of a parameter that has just been updated. */
function moveAverage(
  { memory, precision }: Mlp,
  average: Values,
  parameter: Values,
  decay: number,
  step: number,
  first: number,
  count: number,
): void {
  const offset = first * average.BYTES_PER_ELEMENT;
  // the first average is the parameters themselves, as in PyTorch's AveragedModel
  const share = step === 0 ? 1 : 1 - decay;
  memory[precision].average(average.byteOffset + offset, parameter.byteOffset + offset, count, share);
}

/** Rows of a unit. */
export function unitRows(batchSize: number, threads: number): number {
  if (threads === 1) return batchSize;
  return Math.ceil(batchSize / (threads * UNITS_PER_THREAD) / ROW_MULTIPLE) * ROW_MULTIPLE;
}

/** Columns of the weights' gradients, whole right panels each but the last. */
function gradientPieces({ layers }: Mlp, batchSize: number, threads: number) {
  return layers.flatMap(({ inputs, outputs }, layer) => {
    const worth = Math.ceil((inputs * outputs * batchSize) / UNIT_PRODUCTS);
    const count = threads === 1 ? 1 : Math.min(threads * UNITS_PER_THREAD, worth);
    const size = Math.ceil(inputs / count / ROW_MULTIPLE) * ROW_MULTIPLE;
    return split(inputs, size).map((piece) => ({ layer, ...piece }));
  });
}

function updatePieces(parameters: readonly Values[]) {
  return parameters.flatMap((parameter, index) =>
    split(parameter.length, UPDATE_ELEMENTS).map((piece) => ({ index, ...piece })),
  );
}

function split(length: number, size: number): { readonly first: number; readonly count: number }[] {
  return Array.from({ length: Math.ceil(length / size) }, (_, piece) => ({
    first: piece * size,
    count: Math.min(size, length - piece * size),
  }));
}
