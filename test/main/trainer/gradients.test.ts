import { describe, expect, it } from 'vitest';

import { activationOf, type Activation } from '#main/trainer/activation.ts';
import { batchIn, type Batch } from '#main/trainer/dataset.ts';
import { lossRows, lossSum } from '#main/trainer/losses.ts';
import { createMlp, parametersOf, type Mlp } from '#main/trainer/mlp.ts';
import { backward, forward, type Dropout } from '#main/trainer/passes.ts';
import { randomStream } from '#main/trainer/random.ts';
import { createWorkspace, type Workspace } from '#main/trainer/workspace.ts';
import { ACTIVATIONS, LOSSES, type ActivationName, type LossName } from '#shared/run.ts';

const WIDTHS = [5, 7, 6, 4];
const ROWS = 3;
const STEP = 1e-6;

interface Network {
  readonly mlp: Mlp;
  readonly workspace: Workspace;
  readonly batch: Batch;
}

function network(activations: readonly Activation[]): Network {
  const random = randomStream(11, 'init');
  const mlp = createMlp(WIDTHS, activations, 'f64');
  for (const { values } of parametersOf(mlp))
    for (let i = 0; i < values.length; i++) values[i] = random.normal() / 2;
  const workspace = createWorkspace(mlp, ROWS, { for: 'training', hasDropout: true });
  const batch = batchIn(mlp, workspace);
  for (let i = 0; i < ROWS * 5; i++) batch.inputs[i] = random.normal();
  for (let i = 0; i < ROWS; i++) batch.labels[i] = random.below(4);
  for (let i = 0; i < ROWS * 4; i++) batch.values[i] = random.normal();
  return { mlp, workspace, batch };
}

function lossOf(
  { mlp, workspace, batch }: Network,
  name: LossName,
  labelSmoothing: number,
  dropout?: Dropout,
): number {
  forward(mlp, workspace, ROWS, dropout);
  lossRows(mlp, workspace, batch, { name, labelSmoothing }, 0, ROWS, ROWS);
  return lossSum(workspace, ROWS) / ROWS;
}

describe('the gradient is what finite differences say', () => {
  for (const activation of ACTIVATIONS) {
    for (const loss of LOSSES) check([activation, activation], loss, 0);
  }
  check(['tanh', 'tanh'], 'cross-entropy', 0.2);
  check(['gelu', 'gelu'], 'mse', 0, { share: 0.4, seed: 5, step: 17, rowsBefore: 0 });
  check(['sigmoid', 'leaky-relu'], 'cross-entropy', 0);
  check(['leaky-relu', 'tanh'], 'mse', 0, { share: 0.3, seed: 6, step: 3, rowsBefore: 0 });

  function check(
    names: readonly ActivationName[],
    loss: LossName,
    smoothing: number,
    dropout?: Dropout,
  ): void {
    const also = `${smoothing > 0 ? ' with label smoothing' : ''}${dropout ? ' with dropout' : ''}`;
    it(`for ${names.join(' and ')} under ${loss}${also}, in every parameter`, () => {
      const net = network(names.map((name) => activationOf(name, 0.3)));
      lossOf(net, loss, smoothing, dropout);
      backward(net.mlp, net.workspace, ROWS, false, dropout);
      const gradients = net.workspace.gradients.map((gradient) => gradient.slice());
      parametersOf(net.mlp).forEach(({ name, values }, index) => {
        for (let i = 0; i < values.length; i++) {
          const kept = values[i]!;
          values[i] = kept + STEP;
          const above = lossOf(net, loss, smoothing, dropout);
          values[i] = kept - STEP;
          const below = lossOf(net, loss, smoothing, dropout);
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
      const net = network([activationOf(activation), activationOf(activation)]);
      net.batch.inputs[0] = NaN;
      expect(lossOf(net, 'mse', 0), activation).toBeNaN();
    }
  });
});
