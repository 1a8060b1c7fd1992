import { ACTIVATION_FUNCTIONS } from '#main/trainer/activations.ts';
import { multiply } from '#main/trainer/matrix-product.ts';
import {
  multiplySparse,
  sparseScratch,
  weightGradientSparse,
  type SparseInputs,
} from '#main/trainer/sparse-inputs.ts';
import { allocate, type Precision, type Values } from '#main/trainer/values.ts';
import type { ActivationName } from '#shared/run.ts';

/** A linear layer as PyTorch lays it out. */
export interface LinearLayer {
  readonly name: string;
  readonly inputs: number;
  readonly outputs: number;
  readonly weight: Values; // outputs x inputs
  readonly bias: Values; // outputs
}

/** Linear layers with an activation after each but the last. */
export interface Mlp {
  readonly precision: Precision;
  readonly layers: readonly LinearLayer[];
  /** One for each layer but the last. */
  readonly activations: readonly ActivationName[];
}

/** A parameter under the name it has in a file. */
export interface Parameter {
  readonly name: string;
  readonly shape: readonly number[];
  readonly values: Values;
}

/** Zeros, with the chapter's names where there is one hidden layer. */
export function createMlp(widths: readonly number[], activation: ActivationName, precision: Precision): Mlp {
  const count = widths.length - 1;
  const layers = Array.from({ length: count }, (_, index): LinearLayer => {
    const inputs = widths[index]!;
    const outputs = widths[index + 1]!;
    const name = count === 2 ? ['hidden', 'output'][index]! : `layers.${index}`;
    return {
      name,
      inputs,
      outputs,
      weight: allocate(precision, outputs * inputs),
      bias: allocate(precision, outputs),
    };
  });
  return { precision, layers, activations: layers.slice(1).map(() => activation) };
}

/** Weights and biases in order, sharing memory with the network. */
export function parametersOf(mlp: Mlp): readonly Parameter[] {
  return mlp.layers.flatMap(({ name, inputs, outputs, weight, bias }) => [
    { name: `${name}.weight`, shape: [outputs, inputs], values: weight },
    { name: `${name}.bias`, shape: [outputs], values: bias },
  ]);
}

/** Room for one batch on its way through a network and back. */
export interface Workspace {
  /** The most rows it takes. */
  readonly rows: number;
  readonly sums: readonly Values[]; // rows x outputs of each layer, before the activation
  readonly activated: readonly Values[]; // rows x outputs of each layer but the last
  readonly flow: readonly Values[]; // gradients of sums, rows x outputs
  /** Gradients of the parameters, in the order of `parametersOf`. */
  readonly gradients: readonly Values[];
  readonly sparse: SparseInputs;
  readonly turned: Values; // outputs x rows of the first layer
}

/** @param use `inference` leaves out what only `backward` needs. */
export function createWorkspace(mlp: Mlp, rows: number, use: 'training' | 'inference'): Workspace {
  const room = (width: number) => allocate(mlp.precision, rows * width);
  const { inputs, outputs } = mlp.layers[0]!;
  const isTraining = use === 'training';
  return {
    rows,
    sums: mlp.layers.map((layer) => room(layer.outputs)),
    activated: mlp.layers.slice(1).map((layer) => room(layer.inputs)),
    flow: isTraining ? mlp.layers.map((layer) => room(layer.outputs)) : [],
    gradients: isTraining
      ? parametersOf(mlp).map(({ values }) => allocate(mlp.precision, values.length))
      : [],
    sparse: sparseScratch(rows, inputs),
    turned: room(isTraining ? outputs : 0),
  };
}

/**
 * Runs `rows` rows of `inputs` through the network.
 * @returns the outputs, rows x last width, in the workspace's own memory: valid until the next call.
 */
export function forward(mlp: Mlp, workspace: Workspace, inputs: Values, rows: number): Values {
  let x = inputs;
  mlp.layers.forEach((layer, index) => {
    const sums = workspace.sums[index]!;
    linearForward(layer, x, sums, rows, index === 0 ? workspace.sparse : undefined);
    const activation = mlp.activations[index];
    if (activation === undefined) return;
    ACTIVATION_FUNCTIONS[activation].forward(sums, workspace.activated[index]!, rows * layer.outputs);
    x = workspace.activated[index]!;
  });
  return workspace.sums[mlp.layers.length - 1]!;
}

/**
 * Fills `workspace.gradients` from the gradient of the outputs, which the caller has put into the last of `workspace.flow`.
 * `inputs` and `rows` are those of the `forward` just before.
 */
export function backward(mlp: Mlp, workspace: Workspace, inputs: Values, rows: number): void {
  for (let index = mlp.layers.length - 1; index >= 0; index--) {
    const layer = mlp.layers[index]!;
    const flow = workspace.flow[index]!;
    const x = index === 0 ? inputs : workspace.activated[index - 1]!;
    linearBackward(layer, x, flow, rows, workspace, index);
    if (index === 0) return;
    const below = workspace.flow[index - 1]!;
    multiply(flow, layer.outputs, 1, layer.weight, 1, layer.inputs, below, rows, layer.inputs, layer.outputs); // rows x inputs
    ACTIVATION_FUNCTIONS[mlp.activations[index - 1]!].backward(
      workspace.sums[index - 1]!,
      workspace.activated[index - 1]!,
      below,
      rows * layer.inputs,
    );
  }
}

function linearForward(
  layer: LinearLayer,
  x: Values, // rows x inputs
  y: Values, // rows x outputs
  rows: number,
  sparse: SparseInputs | undefined,
): void {
  const { inputs, outputs, weight, bias } = layer;
  if (!sparse || !multiplySparse(x, weight, y, rows, outputs, inputs, sparse)) {
    multiply(x, inputs, 1, weight, inputs, 1, y, rows, outputs, inputs); // x Wᵀ
  }
  for (let row = 0, at = 0; row < rows; row++) {
    for (let output = 0; output < outputs; output++, at++) y[at] = y[at]! + bias[output]!;
  }
}

function linearBackward(
  layer: LinearLayer,
  x: Values, // rows x inputs
  flow: Values, // rows x outputs
  rows: number,
  workspace: Workspace,
  index: number,
): void {
  const { inputs, outputs } = layer;
  const weightGradient = workspace.gradients[2 * index]!; // outputs x inputs
  const biasGradient = workspace.gradients[2 * index + 1]!; // outputs
  const { sparse, turned } = workspace;
  if (index > 0 || !weightGradientSparse(flow, x, weightGradient, rows, outputs, inputs, sparse, turned)) {
    multiply(flow, 1, outputs, x, 1, inputs, weightGradient, outputs, inputs, rows); // flowᵀ x
  }
  for (let output = 0; output < outputs; output++) {
    let sum = 0;
    for (let row = 0; row < rows; row++) sum += flow[row * outputs + output]!;
    biasGradient[output] = sum;
  }
}
