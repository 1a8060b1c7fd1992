import type { Batch, DataFiles, Dataset, ExampleSet, Examples } from '#main/trainer/dataset.ts';
import { permutation, randomStream } from '#main/trainer/random.ts';
import { AppError } from '#shared/errors.ts';
import type { RunConfig } from '#shared/run.ts';

/** Of MNIST's pixels, from 0 to 1, as everybody gives it. */
const DEVIATION = 0.3081;

/**
 * Bytes are pictures. Their values get a standard deviation near 1, at which networks learn best with customary rates;
 * black stays 0 all the same.
 */
const GREY = Float32Array.from({ length: 256 }, (_, value) => value / 255 / DEVIATION);

/**
 * Arrays with a class or values beside each example, shuffled anew for every epoch. What is unseen comes from the files
 * where they have it, else from the share that the configuration holds out.
 */
export function arrayData(config: RunConfig, files: DataFiles): Dataset {
  const { seed } = config;
  const share = config.data.validation;
  const { train } = files;
  requireFit(config, train);
  const order = permutation(train.count, randomStream(seed, 'validation'));
  const heldOut = files.unseen ? 0 : Math.round(train.count * share);
  const kept = order.subarray(heldOut);
  if (kept.length === 0) {
    throw new AppError('invalid-params', 'no examples are left to train on', { file: train.name });
  }
  if (files.unseen) requireFit(config, files.unseen);
  requireSeen(train, kept, order.subarray(0, heldOut));
  const unseen = files.unseen
    ? inOrder(config, files.unseen)
    : inOrder(config, train, order.subarray(0, heldOut));
  return {
    epochLength: kept.length,
    epoch: cached((epoch) => {
      const shuffled = permutation(kept.length, randomStream(seed, 'shuffle', epoch));
      return inOrder(
        config,
        train,
        shuffled.map((index) => kept[index]!),
      );
    }),
    ...(share > 0 && unseen.count > 0 ? { unseen } : {}),
  };
}

/** Remembers the last answer: a step asks for the epoch of the step before, nearly always. */
function cached(make: (epoch: number) => ExampleSet): (epoch: number) => ExampleSet {
  let last: { readonly epoch: number; readonly set: ExampleSet } | undefined;
  return (epoch) => {
    if (last?.epoch !== epoch) last = { epoch, set: make(epoch) };
    return last.set;
  };
}

function inOrder(config: RunConfig, examples: Examples, order?: Uint32Array): ExampleSet {
  const { width, inputs, count } = examples;
  const setTarget = targetSetter(config, examples);
  return {
    count: order ? order.length : count,
    fill: (batch: Batch, start: number, rows: number) => {
      for (let row = 0; row < rows; row++) {
        const example = order ? order[start + row]! : start + row;
        const from = example * width;
        const to = row * width;
        if (inputs instanceof Uint8Array) {
          for (let i = 0; i < width; i++) batch.inputs[to + i] = GREY[inputs[from + i]!]!;
        } else {
          batch.inputs.set(inputs.subarray(from, from + width), to);
        }
        setTarget(batch, row, example);
      }
    },
  };
}

/** Writes what an example is to come out as into a row of the batch. */
function targetSetter(
  config: RunConfig,
  examples: Examples,
): (batch: Batch, row: number, example: number) => void {
  const { targets } = examples;
  const outputs = outputsOf(config);
  if (hasValues(config, examples)) {
    return ({ values }, row, example) => {
      for (let i = 0; i < outputs; i++) values[row * outputs + i] = targets[example * outputs + i]!;
    };
  }
  return ({ labels, values }, row, example) => {
    const label = targets[example]!;
    labels[row] = label;
    values.fill(0, row * outputs, (row + 1) * outputs);
    values[row * outputs + label] = 1;
  };
}

/** Whether the numbers beside the examples are values to come near to; else they are classes. */
function hasValues(config: RunConfig, { targetWidth }: Examples): boolean {
  return config.loss === 'mse' && targetWidth === outputsOf(config);
}

function requireFit(config: RunConfig, examples: Examples): void {
  const { name, count, width, targetWidth } = examples;
  if (count === 0) throw new AppError('corrupt', 'the file holds no examples', { file: name });
  if (width !== config.layers[0]) {
    throw new AppError('invalid-params', 'the first layer does not fit the data', {
      file: name,
      expected: `layers that begin with ${width}`,
      found: String(config.layers[0]),
    });
  }
  if (hasValues(config, examples)) {
    requireFinite(examples);
    return;
  }
  if (targetWidth !== 1) {
    throw new AppError('invalid-params', 'the last layer does not fit the data', {
      file: name,
      expected:
        config.loss === 'mse' ? `layers that end with ${targetWidth}` : 'one class beside each example',
      found: config.loss === 'mse' ? String(outputsOf(config)) : `${targetWidth} numbers`,
    });
  }
  requireNames(config, examples);
  requireClasses(config, examples);
}

/** Most names told in a message. */
const NAMES_TOLD = 12;

function requireNames(config: RunConfig, { name, classes }: Examples): void {
  if (!classes || classes.length === outputsOf(config)) return;
  const told = classes.slice(0, NAMES_TOLD).map((one) => JSON.stringify(one));
  throw new AppError('invalid-params', 'the last layer does not fit the labels', {
    file: name,
    expected: `layers that end with ${classes.length}: ${told.join(', ')}${classes.length > NAMES_TOLD ? ', …' : ''}`,
    found: String(outputsOf(config)),
  });
}

function requireFinite({ name, targets, targetWidth }: Examples): void {
  const at = targets.findIndex((value) => !Number.isFinite(value));
  if (at < 0) return;
  throw new AppError('invalid-params', 'a value to come out is not finite', {
    file: name,
    found: `${targets[at]} for example ${Math.floor(at / targetWidth)}`,
  });
}

function requireClasses(config: RunConfig, { name, targets }: Examples): void {
  const outputs = outputsOf(config);
  const at = targets.findIndex((label) => !(Number.isInteger(label) && label >= 0 && label < outputs));
  if (at < 0) return;
  throw new AppError('invalid-params', 'a label does not fit the last layer', {
    file: name,
    expected: `whole numbers from 0 to ${outputs - 1}`,
    found: `${targets[at]} for example ${at}`,
  });
}

/** A class by name that the network never sees cannot come out of it. */
function requireSeen({ name, targets, classes }: Examples, kept: Uint32Array, heldOut: Uint32Array): void {
  if (!classes) return;
  const seen = new Set<number>();
  for (const example of kept) seen.add(targets[example]!);
  const strange = heldOut.find((example) => !seen.has(targets[example]!));
  if (strange === undefined) return;
  throw new AppError('invalid-params', 'a label occurs among the examples held out alone', {
    file: name,
    expected: 'each label on an example to train on, too',
    found: `${JSON.stringify(classes[targets[strange]!])} for example ${strange}`,
    hint: 'hold out less, take another seed, or add examples of it',
  });
}

function outputsOf({ layers }: RunConfig): number {
  return layers[layers.length - 1]!;
}
