import { describe, expect, test } from 'vitest';

import { FIELDS } from '#renderer/views/train/form-fields.ts';
import {
  draftOf,
  isAsked,
  readForm,
  summaryOf,
  widthsOf,
  withOptimizer,
  withSchedule,
  withWidths,
} from '#renderer/views/train/run-form.ts';
import { DEFAULT_RUN_CONFIG, MNIST_RUN_CONFIG, RUN_CONFIG_SCHEMA } from '#shared/commands/run-config.ts';
import { OPTIMIZERS, SCHEDULES, type RunConfig } from '#shared/run.ts';

/** Every leaf of a configuration by its path. */
function leaves(config: object, prefix = ''): string[] {
  return Object.entries(config).flatMap(([key, value]) =>
    typeof value === 'object' && value !== null && !Array.isArray(value)
      ? leaves(value as object, `${prefix}${key}.`)
      : [`${prefix}${key}`],
  );
}

/** Settings that are there only where they are not as ever. */
const UNUSUAL = {
  activation: 'leaky-relu',
  negativeSlope: 0.2,
  stopOnNonFinite: true,
  checkpoint: { onError: false },
};

test('every setting of a run stands in the form, for every optimizer', () => {
  const known = new Set([...FIELDS.map((field) => field.path), 'data.source']);
  for (const name of OPTIMIZERS) {
    const config = RUN_CONFIG_SCHEMA.parse({ ...UNUSUAL, optimizer: { name } });
    expect(leaves(config).filter((path) => !known.has(path))).toEqual([]);
  }
  for (const name of SCHEDULES) {
    const config = RUN_CONFIG_SCHEMA.parse({ schedule: { name } });
    expect(leaves(config).filter((path) => !known.has(path))).toEqual([]);
  }
});

describe('a configuration survives the form', () => {
  const configs: readonly (readonly [string, RunConfig])[] = [
    ["the chapter's", DEFAULT_RUN_CONFIG],
    ['digits', MNIST_RUN_CONFIG],
    ['one with unusual settings', RUN_CONFIG_SCHEMA.parse(UNUSUAL)],
    [
      'one with an activation for each layer',
      RUN_CONFIG_SCHEMA.parse({ layers: [4, 8, 8, 2], activation: ['tanh', 'leaky-relu'], negativeSlope: 0 }),
    ],
    ...OPTIMIZERS.map((name) => [name, RUN_CONFIG_SCHEMA.parse({ optimizer: { name } })] as const),
    ...SCHEDULES.map((name) => [name, RUN_CONFIG_SCHEMA.parse({ schedule: { name } })] as const),
    [
      'one with everything changed',
      RUN_CONFIG_SCHEMA.parse({
        layers: [4, 8, 8, 1],
        activation: 'tanh',
        loss: 'mse',
        initializer: 'xavier-uniform',
        optimizer: { name: 'adamw', learningRate: 3e-4, betas: [0.8, 0.95], eps: 1e-7, amsgrad: true },
        dropout: 0.2,
        schedule: { name: 'cosine', warmupSteps: 20, startFactor: 0.01, tMax: 500, etaMin: 1e-6 },
        clipNorm: 1.5,
        ema: 0.999,
        batchSize: 7,
        accumulate: 4,
        earlyStop: { patience: 5, minDelta: 1e-4 },
        seed: 9_007_199_254_740_991,
        epochs: 3,
        data: { source: 'random', validation: 0.25 },
        checkpoint: {
          everySteps: 0,
          everySeconds: 2.5,
          everyEpochs: 1,
          keepLast: 3,
          keepEvery: 1000,
          best: true,
          keepTop: 2,
        },
      }),
    ],
  ];
  test.each(configs)('%s', (_, config) => {
    const result = readForm(draftOf(config));
    expect(result.isValid && RUN_CONFIG_SCHEMA.parse(result.config)).toEqual(config);
  });
});

describe('faults stand at their field', () => {
  const check = (changes: Record<string, string>, errors: Record<string, string>) => {
    expect(readForm({ ...draftOf(DEFAULT_RUN_CONFIG), ...changes })).toEqual({ isValid: false, errors });
  };
  test.each<readonly [string, Record<string, string>, Record<string, string>]>([
    ['a word', { batchSize: 'many' }, { batchSize: 'a whole number' }],
    ['nothing', { batchSize: '' }, { batchSize: 'a whole number' }],
    ['hexadecimal', { seed: '0x10' }, { seed: 'a whole number' }],
    ['a half', { epochs: '1.5' }, { epochs: 'a whole number' }],
    ['too small', { batchSize: '0' }, { batchSize: 'at least 1' }],
    ['too large', { batchSize: '70000' }, { batchSize: 'at most 65536' }],
    ['one width', { layers: '20' }, { layers: 'at least 2' }],
    ['a width of none', { layers: '20, 0, 10' }, { layers: 'at least 1' }],
    ['a share of all', { 'data.validation': '1' }, { 'data.validation': 'below 1' }],
    [
      'one beta',
      { 'optimizer.betas': '0.9' },
      { 'optimizer.betas': 'two numbers from 0 to below 1, by comma' },
    ],
    ['all left out', { dropout: '1' }, { dropout: 'below 1' }],
    ['an average of nothing', { ema: '-0.1' }, { ema: 'at least 0' }],
    ['no batch to a step', { accumulate: '0' }, { accumulate: 'at least 1' }],
    [
      'a warm-up from nothing',
      { 'schedule.warmupSteps': '5', 'schedule.startFactor': '0' },
      { 'schedule.startFactor': 'above 0' },
    ],
    [
      'stopping by data that are not there',
      { 'earlyStop.patience': '3', 'data.validation': '0' },
      { 'earlyStop.patience': 'stopping early needs data that are held out' },
    ],
    ['keeping one', { 'checkpoint.keepLast': '1' }, { 'checkpoint.keepLast': 'at least 2' }],
    [
      'a slope that is none',
      { activation: 'leaky-relu', negativeSlope: 'steep' },
      { negativeSlope: 'a number' },
    ],
    [
      'activations of other layers',
      { activation: 'relu, tanh' },
      { activation: '2 names for 1 hidden layer' },
    ],
    ['step zero', { steps: '0' }, { steps: 'a whole number from 1, or empty' }],
    ['two at once', { seed: '-', epochs: '' }, { seed: 'a whole number', epochs: 'a whole number' }],
  ])('%s', (_, changes, errors) => check(changes, errors));

  test('a network too large is refused at its widths', () => {
    const result = readForm({ ...draftOf(DEFAULT_RUN_CONFIG), layers: '1000000, 1000000' });
    expect(result.isValid ? '' : result.errors['layers']).toContain('parameters');
  });

  test('nesterov without momentum', () => {
    const draft = { ...withOptimizer(draftOf(DEFAULT_RUN_CONFIG), 'nesterov'), 'optimizer.momentum': '0' };
    const result = readForm(draft);
    expect(result.isValid ? {} : result.errors).toEqual({
      'optimizer.nesterov': 'nesterov needs a momentum above 0 and no dampening',
    });
  });
});

test('widths may be typed in any common way', () => {
  for (const text of ['20, 256, 10', '20 256 10', '20 × 256 × 10', '20→256→10']) {
    expect(widthsOf({ layers: text })).toEqual([20, 256, 10]);
  }
  expect(widthsOf({ layers: '20, many' })).toBeUndefined();
});

test('another optimizer brings its own settings and asks for those alone', () => {
  const draft = withOptimizer(draftOf(DEFAULT_RUN_CONFIG), 'sgd');
  const asked = FIELDS.filter((field) => field.path.startsWith('optimizer.') && isAsked(field, draft));
  expect(asked.map((field) => field.path)).toEqual([
    'optimizer.name',
    'optimizer.learningRate',
    'optimizer.weightDecay',
    'optimizer.momentum',
    'optimizer.dampening',
    'optimizer.nesterov',
  ]);
  expect(draft['optimizer.learningRate']).toBe('0.1');
  expect(draft['optimizer.betas']).toBeUndefined();
});

test('label smoothing is asked for with cross-entropy alone', () => {
  const field = FIELDS.find(({ path }) => path === 'labelSmoothing')!;
  expect(isAsked(field, { loss: 'cross-entropy' })).toBe(true);
  expect(isAsked(field, { loss: 'mse' })).toBe(false);
});

test('a slope is asked for with leaky-relu alone, in whatever layer', () => {
  const field = FIELDS.find(({ path }) => path === 'negativeSlope')!;
  expect(isAsked(field, { activation: 'relu' })).toBe(false);
  expect(isAsked(field, { activation: 'leaky-relu' })).toBe(true);
  expect(isAsked(field, { activation: 'tanh, leaky-relu' })).toBe(true);
});

test('activations follow the layers that there are', () => {
  const draft = { ...draftOf(DEFAULT_RUN_CONFIG), layers: '4, 8, 8, 2', activation: 'tanh, gelu' };
  const activations = (layers: string) => withWidths(draft, layers)['activation'];
  expect(activations('4, 8, 8, 8, 2')).toBe('tanh, gelu, gelu');
  expect(activations('4, 8, 2')).toBe('tanh');
  expect(activations('4, 2')).toBe('tanh');
  expect(activations('4, many')).toBe('tanh, gelu');
  expect(withWidths(draftOf(DEFAULT_RUN_CONFIG), '4, 8, 8, 2')['activation']).toBe('relu');
});

test('steps and name go beside the configuration, and only where they are given', () => {
  const draft = draftOf(DEFAULT_RUN_CONFIG);
  expect(Object.keys(readForm(draft)).sort()).toEqual(['config', 'isValid']);
  expect(readForm({ ...draft, steps: ' 200 ', name: ' first try ' })).toMatchObject({
    steps: 200,
    name: 'first try',
  });
});

test('another schedule brings its own settings and keeps the warm-up', () => {
  const warm = { ...draftOf(DEFAULT_RUN_CONFIG), 'schedule.warmupSteps': '50' };
  const draft = withSchedule(warm, 'cosine');
  const asked = FIELDS.filter((field) => field.path.startsWith('schedule.') && isAsked(field, draft));
  expect(asked.map((field) => field.path)).toEqual([
    'schedule.name',
    'schedule.tMax',
    'schedule.etaMin',
    'schedule.warmupSteps',
    'schedule.startFactor',
  ]);
  expect(draft['schedule.warmupSteps']).toBe('50');
  const back = withSchedule(draft, 'constant');
  expect(back['schedule.tMax']).toBeUndefined();
});

test('what matters only with another setting is asked for with that one', () => {
  const draft = draftOf(DEFAULT_RUN_CONFIG);
  const isShown = (path: string, changes: Record<string, string>) =>
    isAsked(
      FIELDS.find((field) => field.path === path)!,
      { ...draft, ...changes },
    );
  expect(isShown('schedule.startFactor', {})).toBe(false);
  expect(isShown('schedule.startFactor', { 'schedule.warmupSteps': '5' })).toBe(true);
  expect(isShown('earlyStop.minDelta', {})).toBe(false);
  expect(isShown('earlyStop.minDelta', { 'earlyStop.patience': '5' })).toBe(true);
});

test('folded sections tell what is on', () => {
  const draft = draftOf(DEFAULT_RUN_CONFIG);
  expect([summaryOf('schedule', draft), summaryOf('care', draft)]).toEqual(['constant', undefined]);
  const busy = { ...draft, 'schedule.warmupSteps': '50', ema: '0.99', 'earlyStop.patience': '3' };
  expect([summaryOf('schedule', busy), summaryOf('care', busy)]).toEqual([
    'constant, after 50 steps of warm-up',
    'averaging, early stop',
  ]);
});
