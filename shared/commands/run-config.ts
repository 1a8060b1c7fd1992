import * as z from 'zod/mini';

import { AppError } from '#shared/errors.ts';
import {
  ACTIVATIONS,
  DEFAULT_NEGATIVE_SLOPE,
  INITIALIZERS,
  LOSSES,
  OPTIMIZERS,
  SCHEDULES,
  type OptimizerConfig,
  type OptimizerName,
  type RunConfig,
  type ScheduleConfig,
  type ScheduleName,
} from '#shared/run.ts';

/** Parameters of one network: with Adam's moments and a snapshot in flight that is 2 GiB of f32. */
const MAX_PARAMETERS = 100_000_000;
/** Linear layers plus one; deeper plain MLPs do not train. */
const MAX_WIDTHS = 65;
const MAX_WIDTH = 1_000_000;

/** The fields that each optimizer has beside its learning rate, with PyTorch's defaults. */
const OPTIMIZER_DEFAULTS: Readonly<Record<OptimizerName, Omit<OptimizerConfig, 'name'>>> = {
  sgd: { learningRate: 0.1, weightDecay: 0, momentum: 0, dampening: 0, nesterov: false },
  momentum: { learningRate: 0.05, weightDecay: 0, momentum: 0.9, dampening: 0, nesterov: false },
  nesterov: { learningRate: 0.05, weightDecay: 0, momentum: 0.9, dampening: 0, nesterov: true },
  adam: { learningRate: 0.001, weightDecay: 0, betas: [0.9, 0.999], eps: 1e-8, amsgrad: false },
  adamw: { learningRate: 0.001, weightDecay: 0.01, betas: [0.9, 0.999], eps: 1e-8, amsgrad: false },
  rmsprop: { learningRate: 0.01, weightDecay: 0, momentum: 0, eps: 1e-8, alpha: 0.99, centered: false },
  adagrad: { learningRate: 0.01, weightDecay: 0, eps: 1e-10, learningRateDecay: 0 },
};

/** The fields that each schedule has, with PyTorch's defaults where it has some. */
const SCHEDULE_DEFAULTS: Readonly<Record<ScheduleName, Omit<ScheduleConfig, 'name'>>> = {
  constant: { warmupSteps: 0, startFactor: 1 / 3 },
  step: { warmupSteps: 0, startFactor: 1 / 3, stepSize: 1000, gamma: 0.1 },
  cosine: { warmupSteps: 0, startFactor: 1 / 3, tMax: 0, etaMin: 0 },
  exponential: { warmupSteps: 0, startFactor: 1 / 3, gamma: 0.999 },
};

const positive = z.number().check(z.gt(0));
const notNegative = z.number().check(z.gte(0));
const share = z.number().check(z.gte(0), z.lt(1));
const count = z.int().check(z.gte(0));

const optimizerSchema = z
  .strictObject({
    name: z._default(z.enum(OPTIMIZERS), 'adam'),
    learningRate: z.optional(notNegative),
    weightDecay: z.optional(notNegative),
    momentum: z.optional(notNegative),
    dampening: z.optional(z.number()),
    nesterov: z.optional(z.boolean()),
    betas: z.optional(z.tuple([share, share])),
    amsgrad: z.optional(z.boolean()),
    eps: z.optional(notNegative),
    alpha: z.optional(share),
    centered: z.optional(z.boolean()),
    learningRateDecay: z.optional(notNegative),
  })
  .check((context) => {
    const { name, ...given } = context.value;
    const defaults = OPTIMIZER_DEFAULTS[name];
    const keys = foreignKeys(given, defaults);
    if (keys.length > 0) {
      context.issues.push({ code: 'unrecognized_keys', keys, input: context.value, path: [] });
    }
    const { momentum, dampening, nesterov } = { ...defaults, ...given };
    if (nesterov && !(momentum! > 0 && dampening === 0)) {
      context.issues.push({
        code: 'custom',
        message: 'nesterov needs a momentum above 0 and no dampening',
        input: context.value,
        path: ['nesterov'],
      });
    }
  });

const scheduleSchema = z
  .strictObject({
    name: z._default(z.enum(SCHEDULES), 'constant'),
    warmupSteps: z.optional(count),
    startFactor: z.optional(z.number().check(z.gt(0), z.lte(1))),
    stepSize: z.optional(z.int().check(z.gte(1))),
    gamma: z.optional(notNegative),
    tMax: z.optional(count),
    etaMin: z.optional(notNegative),
  })
  .check((context) => {
    const { name, ...given } = context.value;
    const keys = foreignKeys(given, SCHEDULE_DEFAULTS[name]);
    if (keys.length > 0) {
      context.issues.push({ code: 'unrecognized_keys', keys, input: context.value, path: [] });
    }
  });

/** Fields that are given but are none of those that apply. */
function foreignKeys(given: object, defaults: object): string[] {
  return Object.keys(given).filter((key) => !Object.hasOwn(defaults, key));
}

const activationSchema = z.union(
  [z.enum(ACTIVATIONS), z.array(z.enum(ACTIVATIONS)).check(z.maxLength(MAX_WIDTHS - 2))],
  { error: `not one of ${ACTIVATIONS.join(', ')}, nor a list of them with one for each hidden layer` },
);

const configSchema = z
  .strictObject({
    layers: z.optional(
      z.array(z.int().check(z.gte(1), z.lte(MAX_WIDTH))).check(z.minLength(2), z.maxLength(MAX_WIDTHS)),
    ),
    activation: z._default(activationSchema, 'relu'),
    negativeSlope: z.optional(z.number()),
    loss: z._default(z.enum(LOSSES), 'cross-entropy'),
    labelSmoothing: z._default(share, 0),
    initializer: z._default(z.enum(INITIALIZERS), 'pytorch-linear'),
    startFrom: z.optional(z.string().check(z.minLength(1))),
    dropout: z._default(share, 0),
    optimizer: z.prefault(optimizerSchema, {}),
    schedule: z.prefault(scheduleSchema, {}),
    clipNorm: z._default(notNegative, 0),
    ema: z._default(share, 0),
    batchSize: z._default(z.int().check(z.gte(1), z.lte(65_536)), 32),
    accumulate: z._default(z.int().check(z.gte(1), z.lte(65_536)), 1),
    seed: z._default(z.int().check(z.gte(0), z.lte(Number.MAX_SAFE_INTEGER)), 7),
    epochs: z._default(z.int().check(z.gte(1), z.lte(1_000_000)), 10),
    stopOnNonFinite: z._default(z.boolean(), false),
    earlyStop: z.prefault(
      z.strictObject({ patience: z._default(count, 0), minDelta: z._default(notNegative, 0) }),
      {},
    ),
    data: z.prefault(
      z.strictObject({
        source: z._default(z.string().check(z.minLength(1)), 'random'),
        validation: z._default(share, 0.1),
      }),
      {},
    ),
    checkpoint: z.prefault(
      z.strictObject({
        everySteps: z._default(count, 100),
        everySeconds: z._default(z.union([z.literal(0), positive]), 0),
        everyEpochs: z._default(count, 0),
        keepLast: z._default(z.int().check(z.gte(2)), 5),
        keepEvery: z._default(count, 0),
        best: z._default(z.boolean(), false),
        keepTop: z._default(count, 0),
        onError: z._default(z.boolean(), true),
      }),
      {},
    ),
  })
  .check((context) => {
    const { activation } = context.value;
    const hidden = layersOf(context.value).length - 2;
    if (typeof activation === 'string' || activation.length === hidden) return;
    context.issues.push({
      code: 'custom',
      message: `${counted(activation.length, 'name')} for ${counted(hidden, 'hidden layer')}`,
      input: activation,
      path: ['activation'],
    });
  })
  .check((context) => {
    const { activation, negativeSlope } = context.value;
    if (negativeSlope === undefined || [activation].flat().includes('leaky-relu')) return;
    context.issues.push({
      code: 'custom',
      message: 'no hidden layer is leaky-relu',
      input: negativeSlope,
      path: ['negativeSlope'],
    });
  })
  .check((context) => {
    const { earlyStop, data } = context.value;
    if (earlyStop.patience === 0 || data.validation > 0) return;
    context.issues.push({
      code: 'custom',
      message: 'stopping early needs data that are held out',
      input: earlyStop.patience,
      path: ['earlyStop', 'patience'],
    });
  })
  .check((context) => {
    const { layers } = context.value;
    if (layers === undefined || parameterCount(layers) <= MAX_PARAMETERS) return;
    context.issues.push({
      code: 'custom',
      message: `the layers have ${parameterCount(layers)} parameters, more than ${MAX_PARAMETERS}`,
      input: layers,
      path: ['layers'],
    });
  });

/** What `train` and `run.start` take: every field has a default, unknown ones are refused by name. */
export const RUN_CONFIG_SCHEMA = z.pipe(configSchema, z.transform(complete));

export type RunConfigInput = z.input<typeof RUN_CONFIG_SCHEMA>;

/** The chapter's network on the chapter's random data. */
export const DEFAULT_RUN_CONFIG: RunConfig = z.parse(RUN_CONFIG_SCHEMA, {});

/** Handwritten digits, everything else as it is by default. */
export const MNIST_RUN_CONFIG: RunConfig = z.parse(RUN_CONFIG_SCHEMA, { data: { source: 'mnist' } });

/** The default settings of an optimizer. */
export function defaultOptimizer(name: OptimizerName): OptimizerConfig {
  return { name, ...OPTIMIZER_DEFAULTS[name] };
}

/** The default settings of a schedule. */
export function defaultSchedule(name: ScheduleName): ScheduleConfig {
  return { name, ...SCHEDULE_DEFAULTS[name] };
}

/** Weights and biases of an MLP with these widths. */
export function parameterCount(layers: readonly number[]): number {
  return layers.slice(1).reduce((sum, width, index) => sum + width * (layers[index]! + 1), 0);
}

/** A configuration from a file, complete. @throws AppError `invalid-params` that names the field. */
export function parseRunConfig(value: unknown, file: string): RunConfig {
  const parsed = z.safeParse(RUN_CONFIG_SCHEMA, value);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0]!;
  const where = issue.path.map(String).join('.');
  const found =
    issue.code === 'unrecognized_keys'
      ? issue.keys.map((key) => (where ? `${where}.${key}` : key)).join(', ')
      : where;
  const message =
    issue.code === 'unrecognized_keys' ? `unknown field ${found}` : `${found} is not valid: ${issue.message}`;
  throw new AppError('invalid-params', message, { file, found });
}

function complete(input: z.output<typeof configSchema>): RunConfig {
  const { name, ...given } = input.optimizer;
  const { name: schedule, ...givenOfSchedule } = input.schedule;
  const { onError, ...checkpoint } = input.checkpoint;
  const { negativeSlope } = input;
  return {
    layers: layersOf(input),
    activation: plainActivation(input.activation),
    ...(negativeSlope === undefined || negativeSlope === DEFAULT_NEGATIVE_SLOPE ? {} : { negativeSlope }),
    loss: input.loss,
    labelSmoothing: input.labelSmoothing,
    initializer: input.initializer,
    ...(input.startFrom === undefined ? {} : { startFrom: input.startFrom }),
    dropout: input.dropout,
    // in the table's order, so that equal settings have equal texts
    optimizer: inOrderOf(OPTIMIZER_DEFAULTS[name], name, given),
    schedule: inOrderOf(SCHEDULE_DEFAULTS[schedule], schedule, givenOfSchedule),
    clipNorm: input.clipNorm,
    ema: input.ema,
    batchSize: input.batchSize,
    accumulate: input.accumulate,
    seed: input.seed,
    epochs: input.epochs,
    // what is as ever is not there: the bytes of older runs' checkpoints stay what they are
    ...(input.stopOnNonFinite ? { stopOnNonFinite: true as const } : {}),
    earlyStop: input.earlyStop,
    data: input.data,
    checkpoint: { ...checkpoint, ...(onError ? {} : { onError: false as const }) },
  };
}

/** The widths given, or those that the data ask for. */
function layersOf(given: {
  readonly layers?: readonly number[] | undefined;
  readonly data: { readonly source: string };
}): readonly number[] {
  return given.layers ?? (given.data.source === 'mnist' ? [784, 256, 10] : [20, 256, 10]);
}

function counted(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? '' : 's'}`;
}

/** A list of one and the same is that one, so that equal settings have equal texts. */
function plainActivation(activation: z.output<typeof activationSchema>): RunConfig['activation'] {
  if (typeof activation === 'string') return activation;
  const [first = 'relu', ...others] = activation;
  return others.every((other) => other === first) ? first : activation;
}

function inOrderOf<Name extends string, Fields extends object>(
  defaults: Fields,
  name: Name,
  given: Readonly<Record<string, unknown>>,
): Fields & { readonly name: Name } {
  const entries = Object.entries(defaults).map(([key, value]) => [key, given[key] ?? value]);
  return { name, ...Object.fromEntries(entries) } as Fields & { readonly name: Name };
}
