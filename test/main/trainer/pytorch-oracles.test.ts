import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';

import { LOSS_FUNCTIONS } from '#main/trainer/losses.ts';
import { backward, createMlp, createWorkspace, forward, parametersOf } from '#main/trainer/mlp.ts';
import { buffersOf, clipNorm, updateParameter } from '#main/trainer/optimizer.ts';
import { allocate, type Precision } from '#main/trainer/values.ts';
import { defaultOptimizer } from '#shared/commands/run-config.ts';
import type { ActivationName, LossName, OptimizerConfig, OptimizerName } from '#shared/run.ts';
import { floatsOf, readPlainSafetensors, type PlainTensor } from '#test/kit/plain-safetensors.ts';
import { hasOracles, ORACLES } from '#test/kit/shared-files.ts';

interface OracleCase {
  readonly name: string;
  readonly sizes: readonly number[];
  readonly activation: string;
  readonly loss: string;
  readonly label_smoothing: number;
  readonly optimizer: string;
  readonly options: Readonly<Record<string, number | boolean>>;
  readonly clip_norm: number | null;
  readonly gradient_norms: readonly number[];
  readonly dtype: string;
  readonly batch: number;
  readonly losses: readonly number[];
}

const TRAINING = `${ORACLES}training/`;
/** The oracle's optimizer names that are spelt differently here; one that is missing is none of ours. */
const OPTIMIZER_NAMES: Readonly<Record<string, OptimizerName>> = {
  sgd: 'sgd',
  sgd_weight_decay: 'sgd',
  momentum: 'momentum',
  momentum_dampening: 'momentum',
  nesterov: 'nesterov',
  adam: 'adam',
  adam_weight_decay: 'adam',
  amsgrad: 'adam',
  adamw: 'adamw',
  rmsprop: 'rmsprop',
  rmsprop_momentum_centered: 'rmsprop',
};

function readCases(): readonly OracleCase[] {
  const document = JSON.parse(readFileSync(`${TRAINING}cases.json`, 'utf8')) as { cases: OracleCase[] };
  return document.cases.filter(({ optimizer }) => Object.hasOwn(OPTIMIZER_NAMES, optimizer));
}

function settingsOf(oracle: OracleCase): OptimizerConfig {
  const { lr, ...options } = oracle.options;
  const renamed = Object.entries(options).map(([key, value]) => [
    key === 'weight_decay' ? 'weightDecay' : key,
    value,
  ]);
  return {
    ...defaultOptimizer(OPTIMIZER_NAMES[oracle.optimizer]!),
    learningRate: lr as number,
    ...Object.fromEntries(renamed),
  };
}

/** Largest distance, relative to the largest magnitude of the tensor. */
function distance(actual: ArrayLike<number>, expected: ArrayLike<number>): number {
  expect(actual.length).toBe(expected.length);
  let largest = 1e-30;
  let worst = 0;
  for (let i = 0; i < expected.length; i++) {
    largest = Math.max(largest, Math.abs(expected[i]!));
    worst = Math.max(worst, Math.abs(actual[i]! - expected[i]!));
  }
  return worst / largest;
}

describe.skipIf(!hasOracles)('PyTorch and the trainer agree on losses, gradients and parameters', () => {
  const cases = hasOracles ? readCases() : [];

  it('in every case but Adagrad, which is not offered', () => {
    expect(cases).toHaveLength(29);
  });

  for (const oracle of cases) it(`for ${oracle.name}`, () => check(oracle));
});

function check(oracle: OracleCase): void {
  const isF32 = oracle.dtype === 'float32';
  const precision: Precision = isF32 ? 'f32' : 'f64';
  const tolerance = isF32 ? 2e-5 : 1e-11;
  const file = readPlainSafetensors(`${TRAINING}case-${oracle.name}.safetensors`).tensors;
  const mlp = createMlp(oracle.sizes, oracle.activation.replace('_', '-') as ActivationName, precision);
  const parameters = parametersOf(mlp);
  // PyTorch numbers the modules of a Sequential, activations included
  const theirs = parameters.map(
    (_, index) => `${Math.floor(index / 2) * 2}.${index % 2 ? 'bias' : 'weight'}`,
  );
  parameters.forEach(({ values }, index) => values.set(floatsOf(file.get(`before.${theirs[index]}`)!)));
  const settings = settingsOf(oracle);
  const buffers = parameters.map(({ values }) =>
    buffersOf(settings).map(() => allocate(precision, values.length)),
  );
  const workspace = createWorkspace(mlp, oracle.batch, 'training');
  const inputs = floatsOf(file.get('x')!);
  const width = oracle.sizes[oracle.sizes.length - 1]!;

  oracle.losses.forEach((expected, step) => {
    const outputs = forward(mlp, workspace, inputs, oracle.batch);
    if (step === 0) {
      expect(distance(outputs.subarray(0, oracle.batch * width), floatsOf(file.get('output')!))).toBeLessThan(
        tolerance,
      );
    }
    const loss = LOSS_FUNCTIONS[oracle.loss.replace('_', '-') as LossName](
      outputs,
      targetsOf(oracle, file.get('y')!),
      workspace.flow[workspace.flow.length - 1]!,
      oracle.batch,
      width,
      oracle.label_smoothing,
    );
    expect(Math.abs(loss - expected) / Math.abs(expected)).toBeLessThan(tolerance);
    backward(mlp, workspace, inputs, oracle.batch);
    if (step === 0) {
      theirs.forEach((name, index) => {
        expect(distance(workspace.gradients[index]!, floatsOf(file.get(`grad.${name}`)!)), name).toBeLessThan(
          tolerance,
        );
      });
    }
    if (oracle.clip_norm !== null) {
      const norm = clipNorm(workspace.gradients, oracle.clip_norm);
      expect(Math.abs(norm - oracle.gradient_norms[step]!)).toBeLessThan(1e-11);
    }
    parameters.forEach(({ values }, index) =>
      updateParameter(values, workspace.gradients[index]!, buffers[index]!, settings, step),
    );
    if (step !== 0 && step !== 9) return;
    theirs.forEach((name, index) => {
      const after = floatsOf(file.get(`after${step + 1}.${name}`)!);
      expect(distance(parameters[index]!.values, after), `${name} after ${step + 1}`).toBeLessThan(tolerance);
    });
  });
}

function targetsOf(oracle: OracleCase, y: PlainTensor) {
  if (oracle.loss === 'mse') return { values: floatsOf(y) };
  return { labels: Int32Array.from(new BigInt64Array(y.bytes.buffer), Number) };
}
