import {
  CONTENT_DIGEST_KEY,
  CONTENT_KEY,
  CONTENT_VERSION,
  readNumber,
  sha256Of,
  stateTensors,
  type ContentRecord,
} from '#main/trainer/checkpoint-content.ts';
import { emptyState, type Metrics, type TrainingState } from '#main/trainer/state.ts';
import { bytesOf, type Precision } from '#main/trainer/values.ts';
import { parseRunConfig } from '#shared/commands/run-config.ts';
import { AppError } from '#shared/errors.ts';
import type { RunConfig, ValidationPoint } from '#shared/run.ts';

/** A tensor as read back from a file. */
export interface ReadTensor {
  readonly dtype: string;
  readonly shape: readonly number[];
  /** Canonical: little-endian, C order. */
  readonly bytes: Uint8Array;
}

export interface RestoredState {
  readonly config: RunConfig;
  readonly state: TrainingState;
  /** Of the data that the run was trained on; absent for data that come from the seed. */
  readonly dataSha256?: string;
  /** Names of the classes in order of the outputs, where the data had such. */
  readonly classes?: readonly string[];
  readonly digests: Readonly<Record<string, string>>;
}

/**
 * Rebuilds a clone from what a checkpoint file holds. Strict: names, dtypes and shapes are exactly those of the
 * configuration inside, and each tensor has the digest taken before it was saved.
 * @param file base name, for messages.
 * @throws AppError `corrupt` with the tensor, `unsupported` for other versions or files that are not from a run.
 */
export function restore(
  tensors: ReadonlyMap<string, ReadTensor>,
  metadata: ReadonlyMap<string, string>,
  file: string,
  precision: Precision = 'f32',
): RestoredState {
  const restored = rebuild(tensors, metadata, file, precision);
  for (const { name, values } of stateTensors(restored.config, restored.state)) {
    const found = sha256Of(bytesOf(values));
    const expected = restored.digests[name];
    if (found === expected) continue;
    throw new AppError('corrupt', 'the values are not those that were saved', {
      file,
      tensor: name,
      expected: `SHA-256 ${expected ?? 'in the metadata'}`,
      found,
      hint: 'the file is damaged; an earlier checkpoint may be whole',
    });
  }
  return restored;
}

/** As `restore`, without looking at digests: for a report that compares them itself. */
export function rebuild(
  tensors: ReadonlyMap<string, ReadTensor>,
  metadata: ReadonlyMap<string, string>,
  file: string,
  precision: Precision = 'f32',
): RestoredState {
  const record = readRecord(metadata, file);
  const config = parseRunConfig(record.config, file);
  const state = emptyState(config, precision);
  fillTensors(stateTensors(config, state), tensors, precision, file);
  state.step = wholeNumber(record.step, 'step', file);
  state.epoch = wholeNumber(record.epoch, 'epoch', file);
  state.position = wholeNumber(record.position, 'position', file);
  state.metrics = readMetrics(record.metrics, file);
  if (record.progress) {
    const best = readNumber(record.progress.best) ?? NaN;
    state.progress = { best, waited: wholeNumber(record.progress.waited, 'progress.waited', file) };
  }
  const { sha256: dataSha256, classes } = record.data ?? {};
  return {
    config,
    state,
    ...(dataSha256 === undefined ? {} : { dataSha256 }),
    ...(classes === undefined ? {} : { classes: classNames(classes, config, file) }),
    digests: record.digests ?? {},
  };
}

function readRecord(metadata: ReadonlyMap<string, string>, file: string): ContentRecord {
  const text = metadata.get(CONTENT_KEY);
  if (text === undefined) {
    throw new AppError('unsupported', 'this is no checkpoint of a run', {
      file,
      expected: `metadata with an entry ${CONTENT_KEY}`,
      found: [...metadata.keys()].join(', ').slice(0, 200) || 'none',
    });
  }
  const found = sha256Of(text);
  if (found !== metadata.get(CONTENT_DIGEST_KEY)) {
    throw new AppError('corrupt', 'the training state is not what was saved', {
      file,
      expected: `SHA-256 ${metadata.get(CONTENT_DIGEST_KEY) ?? 'in the metadata'}`,
      found,
    });
  }
  let record: unknown;
  try {
    record = JSON.parse(text);
  } catch (error) {
    throw new AppError('corrupt', 'the training state is no JSON', { file }, error);
  }
  if (typeof record !== 'object' || record === null) {
    throw new AppError('corrupt', 'the training state is no JSON object', { file });
  }
  const { version } = record as Partial<ContentRecord>;
  if (version !== CONTENT_VERSION) {
    throw new AppError('unsupported', 'the training state is of another version', {
      file,
      expected: String(CONTENT_VERSION),
      found: String(version),
    });
  }
  return record as ContentRecord;
}

function fillTensors(
  targets: ReturnType<typeof stateTensors>,
  tensors: ReadonlyMap<string, ReadTensor>,
  precision: Precision,
  file: string,
): void {
  const names = new Set(targets.map(({ name }) => name));
  for (const name of tensors.keys()) {
    if (!names.has(name)) {
      throw new AppError('corrupt', 'a tensor has no place in the network', { file, tensor: name });
    }
  }
  for (const { name, shape, values } of targets) {
    const tensor = tensors.get(name);
    if (!tensor) throw new AppError('corrupt', 'a tensor is missing', { file, tensor: name });
    const expected = `${precision} [${shape.join(', ')}]`;
    const found = `${tensor.dtype} [${tensor.shape.join(', ')}]`;
    if (found !== expected) {
      throw new AppError('corrupt', 'a tensor does not fit the network', {
        file,
        tensor: name,
        expected,
        found,
      });
    }
    // bytes, not floats: NaN payloads stay as they are
    bytesOf(values).set(tensor.bytes);
  }
}

function readMetrics(value: unknown, file: string): Metrics {
  const { loss, epochLoss, epochRight, epochRows, validation, best } = (value ?? {}) as Record<
    string,
    unknown
  >;
  const lastLoss = readNumber(loss);
  const sum = readNumber(epochLoss);
  if (sum === undefined) throw new AppError('corrupt', 'the metrics are not complete', { file });
  const read = (value: unknown) =>
    value === undefined ? undefined : readValidation(value as Record<string, unknown>, file);
  const point = read(validation);
  const lowest = read(best);
  return {
    ...(lastLoss === undefined ? {} : { loss: lastLoss }),
    epochLoss: sum,
    epochRight: wholeNumber(epochRight, 'epochRight', file),
    epochRows: wholeNumber(epochRows, 'epochRows', file),
    ...(point ? { validation: point } : {}),
    ...(lowest ? { best: lowest } : {}),
  };
}

function readValidation(value: Readonly<Record<string, unknown>>, file: string): ValidationPoint {
  const accuracy = readNumber(value.accuracy);
  return {
    step: wholeNumber(value.step, 'validation.step', file),
    epoch: wholeNumber(value.epoch, 'validation.epoch', file),
    loss: readNumber(value.loss) ?? NaN,
    ...(accuracy === undefined ? {} : { accuracy }),
  };
}

function classNames(value: unknown, { layers }: RunConfig, file: string): readonly string[] {
  const outputs = layers[layers.length - 1]!;
  if (Array.isArray(value) && value.length === outputs && value.every((name) => typeof name === 'string')) {
    return value;
  }
  throw new AppError('corrupt', 'the names of the classes are not those of the outputs', {
    file,
    expected: `${outputs} names`,
    found: Array.isArray(value) ? `${value.length} of them` : typeof value,
  });
}

function wholeNumber(value: unknown, what: string, file: string): number {
  if (Number.isSafeInteger(value) && (value as number) >= 0) return value as number;
  throw new AppError('corrupt', `${what} is not a whole number`, { file, found: String(value) });
}
