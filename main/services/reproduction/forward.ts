import type { ResolvedLayer } from '#main/services/reproduction/architecture.ts';
import type { LayerTensors } from '#main/services/reproduction/layer-tensors.ts';
import { ACTIVATION_FUNCTIONS } from '#main/trainer/activations.ts';
import { createWorkspace, forward, type Mlp } from '#main/trainer/mlp.ts';
import { allocate, inPrecision, precisionOf, type Values } from '#main/trainer/values.ts';
import { AppError, throwIfCancelled } from '#shared/errors.ts';

export interface Matrix {
  /** rows x columns */
  readonly values: Values;
  readonly rows: number;
  readonly columns: number;
}

/** Rows that go through a layer at one go; others are answered in between. */
const WINDOW_ROWS = 256;

/**
 * Runs an input through layers whose tensors come from a file, one layer at a time.
 * @param read a tensor's values by name, f64 where the file has doubles.
 * @throws AppError `invalid-params` where the input does not fit the first layer, `cancelled`.
 */
export async function runLayers(
  layers: readonly ResolvedLayer[],
  read: (name: string) => Promise<Values>,
  input: Matrix,
  signal?: AbortSignal,
): Promise<Matrix> {
  let current = input;
  for (const step of layers) {
    if (step.kind === 'activation') {
      const { values } = current;
      const activated = allocate(precisionOf(values), values.length);
      ACTIVATION_FUNCTIONS[step.activation].forward(values, activated, values.length);
      current = { ...current, values: activated };
      continue;
    }
    if (current.columns !== step.tensors.inputs) {
      throw new AppError('invalid-params', 'the input does not fit the first layer', {
        expected: `${step.tensors.inputs} columns`,
        found: String(current.columns),
      });
    }
    current = await runLinear(await layerOf(step.tensors, read), current, signal);
  }
  return current;
}

async function layerOf(tensors: LayerTensors, read: (name: string) => Promise<Values>): Promise<Mlp> {
  const { inputs, outputs, isTransposed } = tensors;
  const stored = await read(tensors.weight);
  const precision = precisionOf(stored);
  const weight = isTransposed ? transposed(stored, inputs, outputs) : stored; // outputs x inputs
  const bias = allocate(precision, outputs);
  if (tensors.bias !== undefined) bias.set(await read(tensors.bias));
  return { precision, layers: [{ name: tensors.weight, inputs, outputs, weight, bias }], activations: [] };
}

async function runLinear(mlp: Mlp, { values, rows, columns }: Matrix, signal?: AbortSignal): Promise<Matrix> {
  const { outputs } = mlp.layers[0]!;
  const inputs = inPrecision(values, mlp.precision);
  const result = allocate(mlp.precision, rows * outputs);
  const workspace = createWorkspace(mlp, Math.min(rows, WINDOW_ROWS), 'inference');
  for (let start = 0; start < rows; start += WINDOW_ROWS) {
    throwIfCancelled(signal);
    const count = Math.min(WINDOW_ROWS, rows - start);
    const window = inputs.subarray(start * columns, (start + count) * columns);
    result.set(forward(mlp, workspace, window, count).subarray(0, count * outputs), start * outputs);
    await new Promise((resolve) => setImmediate(resolve));
  }
  return { values: result, rows, columns: outputs };
}

/** @param stored inputs x outputs. @returns outputs x inputs. */
function transposed(stored: Values, inputs: number, outputs: number): Values {
  const weight = allocate(precisionOf(stored), stored.length);
  for (let input = 0; input < inputs; input++) {
    for (let output = 0; output < outputs; output++) {
      weight[output * inputs + input] = stored[input * outputs + output]!;
    }
  }
  return weight;
}
