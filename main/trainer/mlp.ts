import type { Activation } from '#main/trainer/activation.ts';
import { allocateIn, createMemory, type Memory, type Precision, type Values } from '#main/trainer/values.ts';

/** A linear layer as PyTorch lays it out. */
export interface LinearLayer {
  readonly name: string;
  readonly inputs: number;
  readonly outputs: number;
  readonly weight: Values; // outputs x inputs
  readonly bias: Values; // outputs
}

/** Linear layers with an activation after each but the last, in a memory that kernels compute in. */
export interface Mlp {
  readonly memory: Memory;
  readonly precision: Precision;
  readonly layers: readonly LinearLayer[];
  /** One for each layer but the last. */
  readonly activations: readonly Activation[];
}

/** A parameter under the name it has in a file. */
export interface Parameter {
  readonly name: string;
  readonly shape: readonly number[];
  readonly values: Values;
}

/**
 * Zeros, with the chapter's names where there is one hidden layer.
 * @param activations one for each hidden layer.
 * @param memory where it lies; one of its own unless told otherwise.
 */
export function createMlp(
  widths: readonly number[],
  activations: readonly Activation[],
  precision: Precision,
  memory: Memory = createMemory(),
): Mlp {
  const count = widths.length - 1;
  const layers = Array.from({ length: count }, (_, index): LinearLayer => {
    const name = count === 2 ? ['hidden', 'output'][index]! : `layers.${index}`;
    return createLayer(memory, precision, name, widths[index]!, widths[index + 1]!);
  });
  return { memory, precision, layers, activations };
}

/** Zeros. */
export function createLayer(
  memory: Memory,
  precision: Precision,
  name: string,
  inputs: number,
  outputs: number,
): LinearLayer {
  const weight = allocateIn(memory, precision, outputs * inputs);
  return { name, inputs, outputs, weight, bias: allocateIn(memory, precision, outputs) };
}

/** Weights and biases in order, sharing memory with the network. */
export function parametersOf(mlp: Mlp): readonly Parameter[] {
  return mlp.layers.flatMap(({ name, inputs, outputs, weight, bias }) => [
    { name: `${name}.weight`, shape: [outputs, inputs], values: weight },
    { name: `${name}.bias`, shape: [outputs], values: bias },
  ]);
}
