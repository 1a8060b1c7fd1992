import { addDifference } from '#main/kernels/difference.ts';
import { emptyDifference } from '#main/kernels/difference-sums.ts';
import type { Checkpoints, OpenCheckpoint } from '#main/services/checkpoints.ts';
import {
  inferArchitecture,
  resolveArchitecture,
  type ResolvedArchitecture,
} from '#main/services/reproduction/architecture.ts';
import { readValues } from '#main/services/reproduction/read-values.ts';
import { runLayers, type Matrix } from '#main/services/reproduction/forward.ts';
import { bytesOf, inPrecision, precisionOf, type Values } from '#main/trainer/values.ts';
import type { FileId } from '#shared/bridge.ts';
import { AppError } from '#shared/errors.ts';
import type { Architecture, Reproduction } from '#shared/reproduction.ts';
import { coordinateOf } from '#shared/tensor.ts';

export interface ReproductionRequest {
  readonly checkpoint: FileId;
  readonly input: FileId;
  readonly inputName?: string | undefined;
  readonly output: FileId;
  readonly outputName?: string | undefined;
  readonly arch?: Architecture | undefined;
  /** Absolute, and relative to the recorded value. */
  readonly tolerance?: readonly [number, number] | undefined;
}

const TOLERANCE = [1e-5, 1e-5] as const;

/**
 * Rebuilds an MLP from a file of any format, runs a recorded input through it and holds the outputs against the
 * recorded ones. f64 models are run in f64, all others in f32; sums are in f64 either way.
 * @throws AppError `invalid-params` where shapes do not fit each other, and as opening and reading do.
 */
export async function reproduce(
  checkpoints: Checkpoints,
  request: ReproductionRequest,
  signal?: AbortSignal,
): Promise<Reproduction> {
  const open = await checkpoints.open(request.checkpoint);
  const input = await readMatrix(await checkpoints.open(request.input), request.inputName, signal);
  const recorded = await readMatrix(await checkpoints.open(request.output), request.outputName, signal);
  const resolved = request.arch
    ? resolveArchitecture(request.arch, open.summary)
    : inferArchitecture(open.summary, input.columns, recorded.columns);

  const read = (name: string) => readValues(open, name, signal);
  const outputs = await runLayers(resolved.layers, read, input, signal);
  if (outputs.rows !== recorded.rows || outputs.columns !== recorded.columns) {
    throw new AppError('invalid-params', 'the recorded output does not fit the network and the input', {
      expected: `[${outputs.rows}, ${outputs.columns}]`,
      found: `[${recorded.rows}, ${recorded.columns}]`,
    });
  }
  return { ...compare(outputs, recorded, request.tolerance ?? TOLERANCE), ...described(resolved) };
}

function compare(
  outputs: Matrix,
  recorded: Matrix,
  tolerance: readonly [number, number],
): Omit<Reproduction, 'arch' | 'used'> {
  const precision = precisionOf(outputs.values);
  const expected = inPrecision(recorded.values, precision);
  const sums = emptyDifference();
  const ours = bytesOf(withOneNaN(outputs.values));
  const theirs = bytesOf(withOneNaN(expected));
  addDifference(sums, ours, theirs, { dtypeA: precision, dtypeB: precision, tolerance });
  const cells = outputs.rows * outputs.columns;
  return {
    verdict: sums.excess <= 0 ? 'reproduced' : 'not-reproduced',
    maxAbs: sums.maxAbs,
    maxUlp: sums.maxUlp,
    at: coordinateOf(Math.max(0, sums.maxAt), [outputs.rows, outputs.columns]),
    cells,
  };
}

function described({ arch, layers }: ResolvedArchitecture): Pick<Reproduction, 'arch' | 'used'> {
  const used = layers.flatMap((step) => {
    if (step.kind !== 'linear') return [];
    const { weight, bias, isTransposed } = step.tensors;
    return [
      { layer: step.layer, tensor: weight, transposed: isTransposed },
      ...(bias === undefined ? [] : [{ layer: step.layer, tensor: bias, transposed: false }]),
    ];
  });
  return { arch, used };
}

/** The tensor of this name, or the only one there is, as rows; a vector is one row. */
async function readMatrix(
  open: OpenCheckpoint,
  name: string | undefined,
  signal?: AbortSignal,
): Promise<Matrix> {
  const { tensors, path } = open.summary;
  const only = tensors.length === 1 ? tensors[0]!.name : undefined;
  const wanted = name ?? only;
  if (wanted === undefined) {
    throw new AppError('invalid-params', 'the file holds several tensors', {
      file: path,
      expected: 'FILE:NAME',
      found: tensors
        .map((tensor) => tensor.name)
        .slice(0, 8)
        .join(', '),
    });
  }
  const { shape } = open.tensor(wanted);
  if (shape.length === 0 || shape.length > 2) {
    throw new AppError('invalid-params', 'inputs and outputs are matrices', {
      file: path,
      tensor: wanted,
      expected: 'rows and columns',
      found: `[${shape.join(', ')}]`,
    });
  }
  const values = await readValues(open, wanted, signal);
  const columns = shape[shape.length - 1]!;
  return { values, rows: shape.length === 1 ? 1 : shape[0]!, columns };
}

/** A copy in which every NaN has the same bits: which one an engine computes says nothing. */
function withOneNaN(values: Values): Values {
  const copy = values.slice();
  for (let i = 0; i < copy.length; i++) if (Number.isNaN(copy[i])) copy.fill(NaN, i, i + 1);
  return copy;
}
