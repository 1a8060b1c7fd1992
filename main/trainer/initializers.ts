// Scales as torch.nn.init and torch.nn.Linear.reset_parameters define them.
import type { Mlp } from '#main/trainer/mlp.ts';
import { randomStream, type RandomStream } from '#main/trainer/random.ts';
import type { Values } from '#main/trainer/values.ts';
import type { InitializerName } from '#shared/run.ts';

/** Fills weight (outputs x inputs) and bias of one layer. */
type Initializer = (
  weight: Values,
  bias: Values,
  inputs: number,
  outputs: number,
  random: RandomStream,
) => void;

function fillUniform(values: Values, bound: number, random: RandomStream): void {
  for (let i = 0; i < values.length; i++) values[i] = (2 * random.uniform() - 1) * bound;
}

function fillNormal(values: Values, deviation: number, random: RandomStream): void {
  for (let i = 0; i < values.length; i++) values[i] = random.normal() * deviation;
}

/** The rule for weights; biases start at 0. */
function weightsOnly(
  fill: (values: Values, scale: number, random: RandomStream) => void,
  scale: (inputs: number, outputs: number) => number,
): Initializer {
  return (weight, bias, inputs, outputs, random) => {
    fill(weight, scale(inputs, outputs), random);
    bias.fill(0);
  };
}

const FUNCTIONS: Readonly<Record<InitializerName, Initializer>> = {
  'pytorch-linear': (weight, bias, inputs, _outputs, random) => {
    fillUniform(weight, 1 / Math.sqrt(inputs), random);
    fillUniform(bias, 1 / Math.sqrt(inputs), random);
  },
  'xavier-uniform': weightsOnly(fillUniform, (inputs, outputs) => Math.sqrt(6 / (inputs + outputs))),
  'xavier-normal': weightsOnly(fillNormal, (inputs, outputs) => Math.sqrt(2 / (inputs + outputs))),
  'kaiming-uniform': weightsOnly(fillUniform, (inputs) => Math.sqrt(6 / inputs)),
  'kaiming-normal': weightsOnly(fillNormal, (inputs) => Math.sqrt(2 / inputs)),
  // the chapter's own networks in MXNet and elsewhere: N(0, 0.01)
  normal: weightsOnly(fillNormal, () => 0.01),
  zeros: weightsOnly(
    (values) => values.fill(0),
    () => 0,
  ),
};

/** Sets every parameter from the seed; each layer has a stream of its own. */
export function initialize(mlp: Mlp, initializer: InitializerName, seed: number): void {
  mlp.layers.forEach(({ weight, bias, inputs, outputs }, index) => {
    FUNCTIONS[initializer](weight, bias, inputs, outputs, randomStream(seed, 'init', index));
  });
}
