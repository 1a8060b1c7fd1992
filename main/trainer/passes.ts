import type { TrainingKernels } from '#main/kernels/training-module.ts';
import type { LinearLayer, Mlp } from '#main/trainer/mlp.ts';
import { counterLabel } from '#main/trainer/random.ts';
import type { Values } from '#main/trainer/values.ts';
import { isNarrow, type Panels, type Workspace } from '#main/trainer/workspace.ts';

/** Which elements of hidden layers a step leaves out: a function of these numbers and their place alone. */
export interface Dropout {
  readonly share: number;
  readonly seed: number;
  /** The step it belongs to, and the rows of that step before this batch. */
  readonly step: number;
  readonly rowsBefore: number;
}

/**
 * Runs the first `rows` rows of the workspace's inputs through the network.
 * @returns the outputs, rows x last width, in the workspace's own memory: valid until the next call.
 */
export function forward(mlp: Mlp, workspace: Workspace, rows: number, dropout?: Dropout): Values {
  for (let layer = 0; layer < mlp.layers.length; layer++) packLayer(mlp, workspace, layer);
  forwardRows(mlp, workspace, workspace.panels, 0, rows, dropout);
  return workspace.sums[mlp.layers.length - 1]!;
}

/**
 * Fills `workspace.gradients` from the gradient of the outputs, which stands in the last of `workspace.flow`; adds to
 * what is there where it `continues`. `rows` and `dropout` are those of the `forward` just before.
 */
export function backward(
  mlp: Mlp,
  workspace: Workspace,
  rows: number,
  continues = false,
  dropout?: Dropout,
): void {
  backwardRows(mlp, workspace, workspace.panels, 0, rows, dropout);
  mlp.layers.forEach(({ inputs }, layer) => {
    gradientColumns(mlp, workspace, workspace.panels, layer, rows, 0, inputs, continues, dropout);
    biasGradient(mlp, workspace, layer, rows, continues);
  });
}

/** A layer's weights as panels: once a step, for all rows. */
export function packLayer(mlp: Mlp, workspace: Workspace, index: number): void {
  const kernels = mlp.memory[mlp.precision];
  const layer = mlp.layers[index]!;
  const { inputs, outputs, weight } = layer;
  const { there, back } = workspace.packed[index]!;
  const size = weight.BYTES_PER_ELEMENT;
  const at = weight.byteOffset;
  const pack = isNarrow(layer, mlp.precision) ? kernels.packLeft : kernels.packRight;
  pack(at, inputs * size, size, outputs, inputs, there.byteOffset); // Wᵀ, or W where outputs are few
  if (back) kernels.packRight(at, size, inputs * size, inputs, outputs, back.byteOffset); // W
}

/** Rows from `first` on through all layers. Rows do not meet: whoever computes them, they have the same bits. */
export function forwardRows(
  mlp: Mlp,
  workspace: Workspace,
  panels: Panels,
  first: number,
  rows: number,
  dropout: Dropout | undefined,
): void {
  const kernels = mlp.memory[mlp.precision];
  mlp.layers.forEach((layer, index) => {
    const { outputs } = layer;
    const x = inputsOf(workspace, index, dropout);
    const sums = workspace.sums[index]!;
    linearRows(kernels, mlp, layer, x, sums, workspace.packed[index]!.there, panels, first, rows);
    const activation = mlp.activations[index];
    if (activation === undefined) return;
    const from = first * outputs * sums.BYTES_PER_ELEMENT;
    const activated = workspace.activated[index]!.byteOffset + from;
    const { kind, negativeSlope } = activation;
    kernels.activate(kind, negativeSlope, sums.byteOffset + from, activated, rows * outputs);
    if (!dropout) return;
    const kept = workspace.kept[index]!;
    const to = first * outputs;
    kept.set(workspace.activated[index]!.subarray(to, to + rows * outputs), to);
    drop(kernels, kept, index, outputs, first, rows, dropout);
  });
}

/** What a layer is given: rows x inputs. */
function inputsOf(workspace: Workspace, layer: number, dropout: Dropout | undefined): Values {
  if (layer === 0) return workspace.inputs;
  return (dropout ? workspace.kept : workspace.activated)[layer - 1]!;
}

/** y = b + x Wᵀ. */
function linearRows(
  kernels: TrainingKernels,
  mlp: Mlp,
  layer: LinearLayer,
  x: Values, // rows x inputs
  y: Values, // rows x outputs
  packed: Values,
  panels: Panels,
  first: number,
  rows: number,
): void {
  const { inputs, outputs, bias } = layer;
  const size = x.BYTES_PER_ELEMENT;
  const from = x.byteOffset + first * inputs * size;
  const to = y.byteOffset + first * outputs * size;
  kernels.fillRows(bias.byteOffset, to, rows, outputs);
  if (isNarrow(layer, mlp.precision)) {
    const right = panels.right.byteOffset;
    kernels.packRight(from, inputs * size, size, rows, inputs, right);
    kernels.multiply(packed.byteOffset, right, to, size, outputs * size, outputs, rows, inputs, true); // yᵀ = W xᵀ
  } else {
    const left = panels.left.byteOffset;
    kernels.packLeft(from, inputs * size, size, rows, inputs, left);
    kernels.multiply(left, packed.byteOffset, to, outputs * size, size, rows, outputs, inputs, true);
  }
}

/** The gradients of all sums for rows from `first` on, from that of the outputs. */
export function backwardRows(
  mlp: Mlp,
  workspace: Workspace,
  panels: Panels,
  first: number,
  rows: number,
  dropout: Dropout | undefined,
): void {
  const kernels = mlp.memory[mlp.precision];
  for (let index = mlp.layers.length - 1; index > 0; index--) {
    const { inputs, outputs } = mlp.layers[index]!;
    const flow = workspace.flow[index]!;
    const below = workspace.flow[index - 1]!;
    const size = flow.BYTES_PER_ELEMENT;
    const left = panels.left.byteOffset;
    const to = below.byteOffset + first * inputs * size;
    const back = workspace.packed[index]!.back!.byteOffset;
    kernels.packLeft(flow.byteOffset + first * outputs * size, outputs * size, size, rows, outputs, left);
    kernels.multiply(left, back, to, inputs * size, size, rows, inputs, outputs, false); // flow W
    if (dropout) drop(kernels, below, index - 1, inputs, first, rows, dropout);
    const from = first * inputs * size;
    const { kind, negativeSlope } = mlp.activations[index - 1]!;
    kernels.slope(
      kind,
      negativeSlope,
      workspace.sums[index - 1]!.byteOffset + from,
      workspace.activated[index - 1]!.byteOffset + from,
      to,
      rows * inputs,
    );
  }
}

/** Columns of a layer's weight gradient: flowᵀ x, over all rows in order. */
export function gradientColumns(
  mlp: Mlp,
  workspace: Workspace,
  panels: Panels,
  layer: number,
  rows: number,
  first: number,
  columns: number,
  continues: boolean,
  dropout: Dropout | undefined,
): void {
  const kernels = mlp.memory[mlp.precision];
  const { inputs, outputs } = mlp.layers[layer]!;
  const flow = workspace.flow[layer]!;
  const x = inputsOf(workspace, layer, dropout);
  const size = x.BYTES_PER_ELEMENT;
  const left = panels.left.byteOffset;
  const right = panels.right.byteOffset;
  const to = workspace.gradients[2 * layer]!.byteOffset + first * size;
  kernels.packLeft(flow.byteOffset, size, outputs * size, outputs, rows, left);
  kernels.packRight(x.byteOffset + first * size, size, inputs * size, columns, rows, right);
  kernels.multiply(left, right, to, inputs * size, size, outputs, columns, rows, continues); // outputs x columns
}

export function biasGradient(
  mlp: Mlp,
  workspace: Workspace,
  layer: number,
  rows: number,
  continues: boolean,
): void {
  const { outputs } = mlp.layers[layer]!;
  const sums = workspace.gradients[2 * layer + 1]!.byteOffset;
  mlp.memory[mlp.precision].columnSums(workspace.flow[layer]!.byteOffset, rows, outputs, sums, continues);
}

/** Steps of up to 2^47 and 64 layers do not meet in the counter. */
const LAYER_LABEL = 0x8000;

function drop(
  kernels: TrainingKernels,
  values: Values, // rows x width
  layer: number,
  width: number,
  first: number,
  rows: number,
  { share, seed, step, rowsBefore }: Dropout,
): void {
  // a row begins with a block of its own, so that rows may be computed in any groups
  for (let row = first; row < first + rows; row++) {
    kernels.dropout(
      values.byteOffset + row * width * values.BYTES_PER_ELEMENT,
      0,
      width,
      Math.round(share * 0x1_0000_0000),
      1 / (1 - share),
      seed % 0x1_0000_0000,
      Math.floor(seed / 0x1_0000_0000),
      rowsBefore + row,
      step % 0x1_0000_0000,
      counterLabel('dropout', layer * LAYER_LABEL + Math.floor(step / 0x1_0000_0000)),
    );
  }
}
