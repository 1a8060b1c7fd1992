import type { Batch, DataFiles, Dataset, ExampleSet, LabelledFiles } from '#main/trainer/dataset.ts';
import { readIdx } from '#main/trainer/idx.ts';
import { permutation, randomStream } from '#main/trainer/random.ts';
import { AppError } from '#shared/errors.ts';
import type { RunConfig } from '#shared/run.ts';

/** Examples in memory: bytes as stored, or numbers. */
interface Examples {
  readonly count: number;
  readonly inputs: Uint8Array | Float64Array; // count x width
  readonly labels: Uint8Array | Float64Array;
}

/** Of MNIST's pixels, from 0 to 1, as everybody gives it. */
const DEVIATION = 0.3081;

/**
 * Bytes are pictures. Their values get a standard deviation near 1, at which networks learn best with customary rates;
 * black stays 0 all the same, so that it can be left out of products.
 */
const GREY = Float32Array.from({ length: 256 }, (_, value) => value / 255 / DEVIATION);

/**
 * Labelled arrays, shuffled anew for every epoch. What is unseen comes from the files where they have it,
 * else from the share that the configuration holds out.
 */
export function arrayData(config: RunConfig, files: DataFiles): Dataset {
  const { seed } = config;
  const share = config.data.validation;
  const train = readExamples(config, files.train);
  const order = permutation(train.count, randomStream(seed, 'validation'));
  const heldOut = files.unseen ? 0 : Math.round(train.count * share);
  const kept = order.subarray(heldOut);
  if (kept.length === 0) {
    throw new AppError('invalid-params', 'no examples are left to train on', { file: files.train.name });
  }
  const unseen = files.unseen
    ? inOrder(config, readExamples(config, files.unseen))
    : inOrder(config, train, order.subarray(0, heldOut));
  return {
    hasLabels: true,
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
  const width = config.layers[0]!;
  const outputs = config.layers[config.layers.length - 1]!;
  const { inputs, labels } = examples;
  return {
    count: order ? order.length : examples.count,
    fill: (batch: Batch, start: number, rows: number) => {
      for (let row = 0; row < rows; row++) {
        const example = order ? order[start + row]! : start + row;
        const from = example * width;
        const to = row * width;
        if (inputs instanceof Uint8Array) {
          for (let i = 0; i < width; i++) batch.inputs[to + i] = GREY[inputs[from + i]!]!;
        } else {
          for (let i = 0; i < width; i++) batch.inputs[to + i] = inputs[from + i]!;
        }
        const label = labels[example]!;
        batch.labels[row] = label;
        batch.values.fill(0, row * outputs, (row + 1) * outputs);
        batch.values[row * outputs + label] = 1;
      }
    },
  };
}

function readExamples(config: RunConfig, files: LabelledFiles): Examples {
  const images = readIdx(files.images, files.name);
  const labels = readIdx(files.labels, `the labels of ${files.name}`);
  const count = images.shape[0] ?? 0;
  if (count === 0) throw new AppError('corrupt', 'the file holds no examples', { file: files.name });
  const width = images.elements.length / count;
  if (width !== config.layers[0]) {
    throw new AppError('invalid-params', 'the first layer does not fit the data', {
      file: files.name,
      expected: `layers that begin with ${width}`,
      found: String(config.layers[0]),
    });
  }
  if (labels.shape.length !== 1 || labels.elements.length !== count) {
    throw new AppError('corrupt', 'there are not as many labels as examples', {
      file: files.name,
      expected: `${count} labels`,
      found: `[${labels.shape.join(', ')}]`,
    });
  }
  requireLabels(config, labels.elements, files.name);
  return { count, inputs: images.elements, labels: labels.elements };
}

function requireLabels(config: RunConfig, labels: ArrayLike<number>, file: string): void {
  const outputs = config.layers[config.layers.length - 1]!;
  for (let i = 0; i < labels.length; i++) {
    const label = labels[i]!;
    if (Number.isInteger(label) && label >= 0 && label < outputs) continue;
    throw new AppError('invalid-params', 'a label does not fit the last layer', {
      file,
      expected: `whole numbers from 0 to ${outputs - 1}`,
      found: `${label} for example ${i}`,
    });
  }
}
