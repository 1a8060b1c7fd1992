import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';

import { takeContent, type CheckpointContent } from '#main/trainer/checkpoint-content.ts';
import { createDataset } from '#main/trainer/dataset.ts';
import { createTrainer, takeStep } from '#main/trainer/loop.ts';
import { parametersOf } from '#main/trainer/mlp.ts';
import { restore, type ReadTensor } from '#main/trainer/restore.ts';
import { initialState, type TrainingState } from '#main/trainer/state.ts';
import { bytesOf } from '#main/trainer/values.ts';
import { parseRunConfig, type RunConfigInput } from '#shared/commands/run-config.ts';
import { isAppError } from '#shared/errors.ts';
import { OPTIMIZERS } from '#shared/run.ts';

function trained(input: RunConfigInput, steps: number): { state: TrainingState; content: CheckpointContent } {
  const config = parseRunConfig(input, 'x');
  const state = initialState(config);
  const trainer = createTrainer(config, createDataset(config), state);
  for (let step = 0; step < steps; step++) takeStep(trainer);
  return { state, content: takeContent(config, state) };
}

function read(content: CheckpointContent) {
  const tensors = new Map<string, ReadTensor>(content.tensors.map((tensor) => [tensor.name, tensor]));
  return { tensors, metadata: new Map(Object.entries(content.metadata)) };
}

const SMALL: RunConfigInput = { layers: [20, 6, 10], batchSize: 8 };

describe('the content of a checkpoint', () => {
  it('has the chapter’s names for its network, and Adam’s buffers beside them', () => {
    expect(trained(SMALL, 1).content.tensors.map(({ name, shape }) => `${name} ${shape.join('x')}`)).toEqual([
      'hidden.weight 6x20',
      'hidden.bias 6',
      'output.weight 10x6',
      'output.bias 10',
      'optimizer.hidden.weight.exp_avg 6x20',
      'optimizer.hidden.weight.exp_avg_sq 6x20',
      'optimizer.hidden.bias.exp_avg 6',
      'optimizer.hidden.bias.exp_avg_sq 6',
      'optimizer.output.weight.exp_avg 10x6',
      'optimizer.output.weight.exp_avg_sq 10x6',
      'optimizer.output.bias.exp_avg 10',
      'optimizer.output.bias.exp_avg_sq 10',
    ]);
  });

  it('numbers the layers of any other', () => {
    const { content } = trained({ layers: [20, 6, 6, 10], optimizer: { name: 'sgd' } }, 1);
    expect(content.tensors.map(({ name }) => name)).toEqual(
      [0, 1, 2].flatMap((layer) => [`layers.${layer}.weight`, `layers.${layer}.bias`]),
    );
  });

  it('is equal for equal configuration and step, and tells no time', () => {
    const [a, b] = [trained(SMALL, 5).content, trained(SMALL, 5).content];
    expect(a).toEqual(b);
    expect(Object.values(a.metadata).join()).not.toMatch(/20\d\d-\d\d|time/i);
  });

  it('holds canonical NaNs, and makes those in memory the same', () => {
    const { state } = trained(SMALL, 1);
    const weight = state.mlp.layers[0]!.weight as Float32Array;
    const bits = new Uint32Array(weight.buffer, weight.byteOffset, weight.length);
    bits[3] = 0xffc12345;
    const content = takeContent(parseRunConfig(SMALL, 'x'), state);
    const saved = new Uint32Array(content.tensors[0]!.bytes.buffer);
    expect([saved[3], bits[3]]).toEqual([0x7fc00000, 0x7fc00000]);
  });
});

describe('restoring', () => {
  for (const name of OPTIMIZERS) check(name, { optimizer: { name }, clipNorm: 0.5 });
  check('averages, dropout, accumulation and a schedule', {
    ema: 0.9,
    dropout: 0.25,
    accumulate: 3,
    schedule: { name: 'cosine', warmupSteps: 3, tMax: 9 },
  });

  function check(what: string, settings: RunConfigInput): void {
    it(`gives back every bit of a run with ${what}, and the next steps are the same`, () => {
      const input = { ...SMALL, ...settings };
      const config = parseRunConfig(input, 'x');
      const { state, content } = trained(input, 7);
      const { tensors, metadata } = read(content);
      const clone = restore(tensors, metadata, 'a').state;
      expect(takeContent(config, clone)).toEqual(content);
      const goOn = (own: TrainingState) => {
        const trainer = createTrainer(config, createDataset(config), own);
        return Array.from({ length: 5 }, () => takeStep(trainer).loss);
      };
      expect(goOn(clone)).toEqual(goOn(state));
      expect(takeContent(config, clone)).toEqual(takeContent(config, state));
    });
  }

  it('takes a checkpoint from before there were schedules, averages and early stop', () => {
    const { state, content } = trained(SMALL, 3);
    const { tensors, metadata } = read(content);
    const record = JSON.parse(metadata.get('paramscope')!) as { config: Record<string, unknown> };
    for (const field of ['dropout', 'schedule', 'ema', 'accumulate', 'earlyStop']) {
      expect(record.config).toHaveProperty(field);
      delete record.config[field];
    }
    const text = JSON.stringify(record);
    metadata.set('paramscope', text);
    metadata.set('paramscope.sha256', createHash('sha256').update(text).digest('hex'));
    const { config, state: clone } = restore(tensors, metadata, 'a');
    expect(config).toEqual(parseRunConfig(SMALL, 'x'));
    expect(takeContent(config, clone)).toEqual(takeContent(config, state));
  });

  it('gives back metrics that are not numbers', () => {
    const { state, content } = trained({ ...SMALL, optimizer: { name: 'sgd', learningRate: 1e30 } }, 6);
    expect(state.metrics.loss).toBeNaN();
    const { tensors, metadata } = read(content);
    expect(restore(tensors, metadata, 'a').state.metrics).toEqual(state.metrics);
  });

  const { content } = trained(SMALL, 2);
  const change = (name: string, tensor: Partial<ReadTensor> | undefined) => {
    const { tensors, metadata } = read(content);
    if (tensor === undefined) tensors.delete(name);
    else tensors.set(name, { ...(tensors.get(name) ?? tensors.get('output.bias')!), ...tensor });
    return { tensors, metadata };
  };
  const changeText = (from: string, to: string) => {
    const { tensors, metadata } = read(content);
    metadata.set('paramscope', metadata.get('paramscope')!.replace(from, to));
    return { tensors, metadata };
  };
  const flipped = bytesOf(new Float32Array(10)).map(
    (_, i) => content.tensors[3]!.bytes[i]! ^ (i === 21 ? 1 : 0),
  );

  refuse('a missing tensor', change('output.bias', undefined), 'corrupt', 'output.bias');
  refuse('a tensor too many', change('extra', {}), 'corrupt', 'extra');
  refuse('another shape', change('output.bias', { shape: [5, 2] }), 'corrupt', 'output.bias');
  refuse('another dtype', change('output.bias', { dtype: 'i32' }), 'corrupt', 'output.bias');
  refuse('one flipped bit', change('output.bias', { bytes: flipped }), 'corrupt', 'output.bias');
  refuse('a changed configuration', changeText('"seed":7', '"seed":8'), 'corrupt');
  refuse('a changed step', changeText('"step":2', '"step":3'), 'corrupt');
  refuse('a foreign file', { tensors: new Map(), metadata: new Map([['format', 'pt']]) }, 'unsupported');

  function refuse(what: string, file: ReturnType<typeof read>, code: string, tensor?: string): void {
    it(`refuses ${what} as ${code}`, () => {
      try {
        restore(file.tensors, file.metadata, 'step-000002.safetensors');
        expect.unreachable();
      } catch (error) {
        if (!isAppError(error)) throw error;
        expect({ code: error.code, tensor: error.fields.tensor, file: error.fields.file }).toEqual({
          code,
          tensor,
          file: 'step-000002.safetensors',
        });
      }
    });
  }
});

describe('initial parameters', () => {
  it('are within PyTorch’s bounds for a linear layer, and fill them', () => {
    const state = initialState(parseRunConfig({ layers: [100, 50, 10] }, 'x'));
    for (const { name, shape, values } of parametersOf(state.mlp)) {
      const inputs = name.startsWith('hidden') ? 100 : 50;
      const bound = 1 / Math.sqrt(inputs);
      const largest = Math.max(...Array.from(values, Math.abs));
      expect(largest, `${name} ${shape.join('x')}`).toBeLessThanOrEqual(bound);
      expect(largest).toBeGreaterThan(bound * 0.8);
    }
  });
});
