import { describe, expect, it } from 'vitest';

import { LOSS_FUNCTIONS, type Targets } from '#main/trainer/losses.ts';
import { backward, createMlp, createWorkspace, forward, parametersOf, type Mlp } from '#main/trainer/mlp.ts';
import { randomStream } from '#main/trainer/random.ts';
import { ACTIVATIONS, LOSSES, type ActivationName, type LossName } from '#shared/run.ts';

const WIDTHS = [5, 7, 6, 4];
const ROWS = 3;
const STEP = 1e-6;

interface Network {
  readonly mlp: Mlp;
  readonly inputs: Float64Array;
  readonly targets: Targets;
}

function network(activation: ActivationName): Network {
  const random = randomStream(11, 'init');
  const mlp = createMlp(WIDTHS, activation, 'f64');
  for (const { values } of parametersOf(mlp))
    for (let i = 0; i < values.length; i++) values[i] = random.normal() / 2;
  return {
    mlp,
    inputs: Float64Array.from({ length: ROWS * 5 }, () => random.normal()),
    targets: {
      labels: Int32Array.from({ length: ROWS }, () => random.below(4)),
      values: Float64Array.from({ length: ROWS * 4 }, () => random.normal()),
    },
  };
}

function lossOf({ mlp, inputs, targets }: Network, loss: LossName, smoothing: number, isBackward: boolean) {
  const workspace = createWorkspace(mlp, ROWS, 'training');
  const outputs = forward(mlp, workspace, inputs, ROWS);
  const value = LOSS_FUNCTIONS[loss](outputs, targets, workspace.flow[2]!, ROWS, 4, smoothing);
  if (isBackward) backward(mlp, workspace, inputs, ROWS);
  return { value, gradients: workspace.gradients };
}

describe('the gradient is what finite differences say', () => {
  for (const activation of ACTIVATIONS) {
    for (const loss of LOSSES) check(activation, loss, 0);
  }
  check('tanh', 'cross-entropy', 0.2);

  function check(activation: ActivationName, loss: LossName, smoothing: number): void {
    it(`for ${activation} and ${loss}${smoothing > 0 ? ' with label smoothing' : ''}, in every parameter`, () => {
      const net = network(activation);
      const { gradients } = lossOf(net, loss, smoothing, true);
      parametersOf(net.mlp).forEach(({ name, values }, index) => {
        for (let i = 0; i < values.length; i++) {
          const kept = values[i]!;
          values[i] = kept + STEP;
          const above = lossOf(net, loss, smoothing, false).value;
          values[i] = kept - STEP;
          const below = lossOf(net, loss, smoothing, false).value;
          values[i] = kept;
          const slope = (above - below) / (2 * STEP);
          expect(Math.abs(gradients[index]![i]! - slope), `${name}[${i}]`).toBeLessThan(1e-7);
        }
      });
    });
  }
});

describe('not a number', () => {
  it('goes through every activation forward, as in PyTorch', () => {
    for (const activation of ACTIVATIONS) {
      const net = network(activation);
      net.inputs[0] = NaN;
      expect(lossOf(net, 'mse', 0, false).value, activation).toBeNaN();
    }
  });
});
