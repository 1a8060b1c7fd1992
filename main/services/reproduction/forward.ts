import type { ResolvedLayer } from '#main/services/reproduction/architecture.ts';
import type { LayerTensors } from '#main/services/reproduction/layer-tensors.ts';
import type { Activation } from '#main/trainer/activation.ts';
import { createLayer, type Mlp } from '#main/trainer/mlp.ts';
import { forward } from '#main/trainer/passes.ts';
import {
  allocate,
  allocateIn,
  createMemory,
  precisionOf,
  type Memory,
  type Precision,
  type Values,
} from '#main/trainer/values.ts';
import { createWorkspace } from '#main/trainer/workspace.ts';
import { AppError, throwIfCancelled } from '#shared/errors.ts';

export interface Matrix {
  /** rows x columns */
  readonly values: Values;
  readonly rows: number;
  readonly columns: number;
}

/** Rows that go through a layer at one go; others are answered in between. */
const WINDOW_ROWS = 256;
/** Elements that go through an activation at one go. */
const WINDOW_ELEMENTS = 65_536;

/**
 * Runs an input through layers whose tensors come from a file, one layer at a time. Sums are taken in f64, and each
 * layer's output is rounded to the precision of its tensors: the differences that are left are those of the recorder.
 * @param read a tensor's values by name, f64 where the file has doubles.
 * @throws AppError `invalid-params` where the input does not fit the first layer, `cancelled`, `limit`.
 */
export async function runLayers(
  layers: readonly ResolvedLayer[],
  read: (name: string) => Promise<Values>,
  input: Matrix,
  signal?: AbortSignal,
): Promise<Matrix> {
  let current = input;
  let activating: Memory | undefined;
  for (const step of layers) {
    if (step.kind === 'activation') {
      activating ??= createMemory();
      current = { ...current, values: activate(activating, step.activation, current.values) };
      continue;
    }
    if (current.columns !== step.tensors.inputs) {
      throw new AppError('invalid-params', 'the input does not fit the first layer', {
        expected: `${step.tensors.inputs} columns`,
        found: String(current.columns),
      });
    }
    const { mlp, precision } = await layerOf(step.tensors, read);
    current = await runLinear(mlp, precision, current, signal);
  }
  return current;
}

function activate(memory: Memory, { kind, negativeSlope }: Activation, values: Values): Values {
  const precision = precisionOf(values);
  const result = allocate(precision, values.length);
  const window = allocateIn(memory, precision, Math.min(values.length, WINDOW_ELEMENTS));
  for (let start = 0; start < values.length; start += WINDOW_ELEMENTS) {
    const piece = values.subarray(start, start + WINDOW_ELEMENTS);
    window.set(piece);
    const at = window.byteOffset;
    memory[precision].activate(kind, negativeSlope, at, at, piece.length);
    result.set(window.subarray(0, piece.length), start);
  }
  return result;
}

/** A network of this layer alone. @returns beside it the precision that the file has it in. */
async function layerOf(
  tensors: LayerTensors,
  read: (name: string) => Promise<Values>,
): Promise<{ readonly mlp: Mlp; readonly precision: Precision }> {
  const { inputs, outputs, isTransposed } = tensors;
  const stored = await read(tensors.weight);
  const memory = createMemory();
  const layer = createLayer(memory, 'f64', tensors.weight, inputs, outputs);
  if (isTransposed) transpose(stored, layer.weight, inputs, outputs);
  else layer.weight.set(stored);
  if (tensors.bias !== undefined) layer.bias.set(await read(tensors.bias));
  return {
    mlp: { memory, precision: 'f64', layers: [layer], activations: [] },
    precision: precisionOf(stored),
  };
}

async function runLinear(
  mlp: Mlp,
  precision: Precision,
  { values, rows, columns }: Matrix,
  signal?: AbortSignal,
): Promise<Matrix> {
  const { outputs } = mlp.layers[0]!;
  const result = allocate(precision, rows * outputs);
  const workspace = createWorkspace(mlp, Math.min(rows, WINDOW_ROWS), { for: 'inference' });
  for (let start = 0; start < rows; start += WINDOW_ROWS) {
    throwIfCancelled(signal);
    const count = Math.min(WINDOW_ROWS, rows - start);
    workspace.inputs.set(values.subarray(start * columns, (start + count) * columns));
    result.set(forward(mlp, workspace, count).subarray(0, count * outputs), start * outputs);
    await new Promise((resolve) => setImmediate(resolve));
  }
  return { values: result, rows, columns: outputs };
}

/** @param stored inputs x outputs. @param weight outputs x inputs. */
function transpose(stored: Values, weight: Values, inputs: number, outputs: number): void {
  for (let input = 0; input < inputs; input++) {
    for (let output = 0; output < outputs; output++) {
      weight[output * inputs + input] = stored[input * outputs + output]!;
    }
  }
}
