import { ACTIVATIONS, DEFAULT_NEGATIVE_SLOPE, type ActivationName, type RunConfig } from '#shared/run.ts';

/** What the kernels take for an activation. */
export interface Activation {
  readonly name: ActivationName;
  /** The number of the name in the kernels. */
  readonly kind: number;
  /** Leaky ReLU's factor of what is below 0; the others do not look at it. */
  readonly negativeSlope: number;
}

export function activationOf(name: ActivationName, negativeSlope = DEFAULT_NEGATIVE_SLOPE): Activation {
  return { name, kind: ACTIVATIONS.indexOf(name), negativeSlope };
}

/** One for each hidden layer, in order. */
export function activationsOf({
  layers,
  activation,
  negativeSlope,
}: Pick<RunConfig, 'layers' | 'activation' | 'negativeSlope'>): readonly Activation[] {
  return layers
    .slice(1, -1)
    .map((_, index) =>
      activationOf(typeof activation === 'string' ? activation : activation[index]!, negativeSlope),
    );
}
