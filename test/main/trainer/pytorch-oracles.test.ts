import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

import { activationsOf } from '#main/trainer/activation.ts';
import { batchIn } from '#main/trainer/dataset.ts';
import { lossRows, lossSum } from '#main/trainer/losses.ts';
import { createMlp, parametersOf } from '#main/trainer/mlp.ts';
import { buffersOf, clipNorm, updateParameter } from '#main/trainer/optimizer.ts';
import { backward, forward } from '#main/trainer/passes.ts';
import { learningRateAt } from '#main/trainer/schedule.ts';
import { allocateIn, type Precision } from '#main/trainer/values.ts';
import { createWorkspace } from '#main/trainer/workspace.ts';
import { defaultOptimizer, defaultSchedule } from '#shared/commands/run-config.ts';
import type {
  ActivationName,
  LossName,
  OptimizerConfig,
  OptimizerName,
  ScheduleConfig,
} from '#shared/run.ts';
import { floatsOf, readPlainSafetensors } from '#test/kit/plain-safetensors.ts';
import { hasOracles, ORACLES } from '#test/kit/shared-files.ts';

interface OracleCase {
  readonly name: string;
  readonly sizes: readonly number[];
  /** Of all hidden layers, or of each. */
  readonly activation: string | readonly string[];
  readonly negative_slope?: number;
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
const MIXED = fileURLToPath(new URL('../../fixtures/training/mixed-networks.json', import.meta.url));
/** The oracle's optimizer names, which tell settings too. */
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
  adagrad: 'adagrad',
};

interface OracleDocument {
  readonly cases: readonly OracleCase[];
  /** The rate before each of 25 updates, from 0.1. */
  readonly schedules: Readonly<Record<string, readonly number[]>>;
}

function readOracles(): OracleDocument {
  return JSON.parse(readFileSync(`${TRAINING}cases.json`, 'utf8')) as OracleDocument;
}

function activationsIn({ sizes, activation, negative_slope: negativeSlope }: OracleCase) {
  const plain = [activation].flat().map((name) => name.replace('_', '-') as ActivationName);
  return activationsOf({
    layers: sizes,
    activation: plain.length === 1 ? plain[0]! : plain,
    ...(negativeSlope === undefined ? {} : { negativeSlope }),
  });
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
  const cases = hasOracles ? readOracles().cases : [];

  it('in every case there is', () => {
    expect(cases).toHaveLength(30);
  });

  // in f64 only formulas can differ; in f32 rounding does, too, over ten steps
  for (const oracle of cases) {
    const read = () => {
      const { tensors } = readPlainSafetensors(`${TRAINING}case-${oracle.name}.safetensors`);
      return (name: string) => {
        const tensor = tensors.get(name)!;
        const isLabels = name === 'y' && oracle.loss === 'cross_entropy';
        return isLabels ? Array.from(new BigInt64Array(tensor.bytes.buffer), Number) : floatsOf(tensor);
      };
    };
    if (oracle.dtype === 'float64') it(`for ${oracle.name}`, () => check(oracle, read(), 'f64', 1e-11));
    it(`for ${oracle.name} in f32`, () => check(oracle, read(), 'f32', 2e-5));
  }
});

describe('PyTorch and the trainer agree on networks whose hidden layers differ', () => {
  type MixedCase = OracleCase & { readonly tensors: Readonly<Record<string, readonly number[]>> };
  const { cases } = JSON.parse(readFileSync(MIXED, 'utf8')) as { readonly cases: readonly MixedCase[] };

  it('in every case there is', () => {
    expect(cases).toHaveLength(4);
  });

  for (const oracle of cases) {
    it(`for ${oracle.name}`, () => check(oracle, (name) => oracle.tensors[name]!, 'f64', 1e-11));
    it(`for ${oracle.name} in f32`, () => check(oracle, (name) => oracle.tensors[name]!, 'f32', 2e-5));
  }
});

describe.skipIf(!hasOracles)('PyTorch and the trainer agree on learning rates', () => {
  const settings: Readonly<Record<string, Partial<ScheduleConfig>>> = {
    step: { name: 'step', stepSize: 7, gamma: 0.5 },
    cosine: { name: 'cosine', tMax: 20, etaMin: 0.001 },
    exponential: { name: 'exponential', gamma: 0.9 },
    linear_warmup: { name: 'constant', warmupSteps: 5, startFactor: 0.1 },
  };
  const schedules = hasOracles ? readOracles().schedules : {};

  it('of every schedule there is', () => {
    expect(Object.keys(schedules).sort()).toEqual(Object.keys(settings).sort());
  });

  for (const [name, rates] of Object.entries(schedules)) {
    it(`for ${name}`, () => {
      const own = settings[name]!;
      const schedule = { ...defaultSchedule(own.name!), ...own };
      rates.forEach((rate, step) => {
        expect(learningRateAt(schedule, 0.1, step, 1000)).toBeCloseTo(rate, 14);
      });
    });
  }
});

/** @param valuesOf what PyTorch wrote under a name. */
function check(
  oracle: OracleCase,
  valuesOf: (name: string) => ArrayLike<number>,
  precision: Precision,
  tolerance: number,
): void {
  const mlp = createMlp(oracle.sizes, activationsIn(oracle), precision);
  const parameters = parametersOf(mlp);
  // PyTorch numbers the modules of a Sequential, activations included
  const theirs = parameters.map(
    (_, index) => `${Math.floor(index / 2) * 2}.${index % 2 ? 'bias' : 'weight'}`,
  );
  parameters.forEach(({ values }, index) => values.set(valuesOf(`before.${theirs[index]}`)));
  const settings = settingsOf(oracle);
  const buffers = parameters.map(({ values }) =>
    buffersOf(settings).map(() => allocateIn(mlp.memory, precision, values.length)),
  );
  const rows = oracle.batch;
  const workspace = createWorkspace(mlp, rows, { for: 'training' });
  const batch = batchIn(mlp, workspace);
  batch.inputs.set(valuesOf('x'));
  (oracle.loss === 'mse' ? batch.values : batch.labels).set(valuesOf('y'));
  const loss = { name: oracle.loss.replace('_', '-') as LossName, labelSmoothing: oracle.label_smoothing };

  oracle.losses.forEach((expected, step) => {
    const outputs = forward(mlp, workspace, rows);
    if (step === 0) expect(distance(outputs, valuesOf('output'))).toBeLessThan(tolerance);
    lossRows(mlp, workspace, batch, loss, 0, rows, rows);
    const mean = lossSum(workspace, rows) / rows;
    expect(Math.abs(mean - expected) / Math.abs(expected)).toBeLessThan(tolerance);
    backward(mlp, workspace, rows);
    if (step === 0) {
      theirs.forEach((name, index) => {
        expect(distance(workspace.gradients[index]!, valuesOf(`grad.${name}`)), name).toBeLessThan(tolerance);
      });
    }
    if (oracle.clip_norm !== null) {
      const norm = clipNorm(mlp, workspace.gradients, oracle.clip_norm);
      expect(Math.abs(norm - oracle.gradient_norms[step]!)).toBeLessThan(tolerance);
    }
    parameters.forEach(({ values }, index) =>
      updateParameter(mlp, values, workspace.gradients[index]!, buffers[index]!, settings, step),
    );
    if (step !== 0 && step !== 9) return;
    theirs.forEach((name, index) => {
      const after = valuesOf(`after${step + 1}.${name}`);
      expect(distance(parameters[index]!.values, after), `${name} after ${step + 1}`).toBeLessThan(tolerance);
    });
  });
}
