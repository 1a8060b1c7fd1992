import { LEFT_ROWS, RIGHT_BYTES } from '#main/kernels/training-module.ts';
import { parametersOf, type LinearLayer, type Mlp } from '#main/trainer/mlp.ts';
import { allocateIn, type Precision, type Values } from '#main/trainer/values.ts';

/** Room for one batch on its way through a network and back, in the network's memory. */
export interface Workspace {
  /** The most rows it takes. */
  readonly rows: number;
  readonly inputs: Values; // rows x inputs of the first layer
  readonly sums: readonly Values[]; // rows x outputs of each layer, before the activation
  readonly activated: readonly Values[]; // rows x outputs of each layer but the last
  /** The activated values that dropout left; `activated` itself where there is none. */
  readonly kept: readonly Values[];
  readonly flow: readonly Values[]; // gradients of sums, rows x outputs
  /** Gradients of the parameters, in the order of `parametersOf`. */
  readonly gradients: readonly Values[];
  /** What each row adds to the loss, and whether the answer in it is right (0 or 1). */
  readonly losses: Float64Array;
  readonly right: Uint8Array;
  /** Weights as panels for the way there and, from the second layer on, for the way back. */
  readonly packed: readonly PackedWeights[];
  /** Room for the panels of the other factor. */
  readonly panels: Panels;
}

export interface PackedWeights {
  readonly there: Values;
  readonly back: Values | undefined;
}

/** One thread's own. */
export interface Panels {
  readonly left: Values;
  readonly right: Values;
}

export interface WorkspaceUse {
  /** `inference` leaves out what only the way back needs. */
  readonly for: 'training' | 'inference';
  readonly hasDropout?: boolean;
}

export function createWorkspace(mlp: Mlp, rows: number, use: WorkspaceUse): Workspace {
  const { memory, precision, layers } = mlp;
  const isTraining = use.for === 'training';
  const room = (count: number) => allocateIn(memory, precision, count);
  const activated = layers.slice(1).map(({ inputs }) => room(rows * inputs));
  const losses = allocateIn(memory, 'f64', rows) as Float64Array;
  const right = new Uint8Array(memory.memory.buffer, room(Math.ceil(rows / 4)).byteOffset, rows);
  return {
    rows,
    inputs: room(rows * layers[0]!.inputs),
    sums: layers.map(({ outputs }) => room(rows * outputs)),
    activated,
    kept: use.hasDropout ? activated.map(({ length }) => room(length)) : activated,
    flow: isTraining ? layers.map(({ outputs }) => room(rows * outputs)) : [],
    gradients: isTraining ? parametersOf(mlp).map(({ values }) => room(values.length)) : [],
    losses,
    right,
    packed: layers.map((layer, index) => ({
      there: room(thereLength(layer, precision)),
      back: isTraining && index > 0 ? room(rightLength(layer.inputs, layer.outputs, precision)) : undefined,
    })),
    panels: createPanels(mlp, rows, isTraining),
  };
}

export function createPanels({ memory, precision, layers }: Mlp, rows: number, isTraining: boolean): Panels {
  let left = 0;
  let right = 0;
  for (const layer of layers) {
    const { inputs, outputs } = layer;
    if (isNarrow(layer, precision)) right = Math.max(right, rightLength(rows, inputs, precision));
    else left = Math.max(left, leftLength(rows, inputs));
    if (!isTraining) continue;
    left = Math.max(left, leftLength(rows, outputs), leftLength(outputs, rows));
    right = Math.max(right, rightLength(inputs, rows, precision));
  }
  return { left: allocateIn(memory, precision, left), right: allocateIn(memory, precision, right) };
}

/** Columns of a right panel. */
export function rightColumns(precision: Precision): number {
  return RIGHT_BYTES / (precision === 'f32' ? 4 : 8);
}

/** Whether the outputs fill left panels better than right ones: ten are two left panels, but one and a quarter right ones. */
export function isNarrow({ outputs }: LinearLayer, precision: Precision): boolean {
  return outputs < 64 && roundUp(outputs, LEFT_ROWS) < roundUp(outputs, rightColumns(precision));
}

function thereLength(layer: LinearLayer, precision: Precision): number {
  const { inputs, outputs } = layer;
  return isNarrow(layer, precision) ? leftLength(outputs, inputs) : rightLength(outputs, inputs, precision);
}

function leftLength(rows: number, depth: number): number {
  return roundUp(rows, LEFT_ROWS) * depth;
}

function rightLength(columns: number, depth: number, precision: Precision): number {
  return roundUp(columns, rightColumns(precision)) * depth;
}

function roundUp(count: number, multiple: number): number {
  return Math.ceil(count / multiple) * multiple;
}
