import { createHash } from 'node:crypto';

import type { Activation } from '#main/trainer/activation.ts';
import type { DataMark } from '#main/trainer/dataset.ts';
import { parametersOf } from '#main/trainer/mlp.ts';
import { buffersOf } from '#main/trainer/optimizer.ts';
import type { Metrics, Progress, TrainingState } from '#main/trainer/state.ts';
import { bytesOf, type Precision, type Values } from '#main/trainer/values.ts';
import type { Architecture, ArchitectureLayer } from '#shared/reproduction.ts';
import { DEFAULT_NEGATIVE_SLOPE, type RunConfig } from '#shared/run.ts';

/** A tensor of a checkpoint of ours, in memory of its own. */
export interface ContentTensor {
  readonly name: string;
  readonly dtype: Precision;
  readonly shape: readonly number[];
  /** Canonical: little-endian, C order. */
  readonly bytes: Uint8Array;
}

/** What a checkpoint file holds: a function of configuration, data and step alone. */
export interface CheckpointContent {
  readonly tensors: readonly ContentTensor[];
  /** Names and texts, as safetensors has them. */
  readonly metadata: Readonly<Record<string, string>>;
  /** SHA-256 of each tensor's bytes, by name. */
  readonly digests: Readonly<Record<string, string>>;
}

export const CONTENT_VERSION = 1;
/** The metadata entry with everything that is no tensor, as JSON, and the one with that text's SHA-256. */
export const CONTENT_KEY = 'paramscope';
export const CONTENT_DIGEST_KEY = 'paramscope.sha256';

/** The JSON in the metadata. */
export interface ContentRecord {
  readonly version: number;
  readonly architecture: Architecture;
  readonly config: RunConfig;
  readonly step: number;
  readonly epoch: number;
  /** Examples of the epoch already used. */
  readonly position: number;
  /** Generators have no state beside seed, purpose and index. */
  readonly random: { readonly algorithm: string; readonly seed: number };
  readonly optimizer: { readonly name: string; readonly step: number; readonly buffers: readonly string[] };
  readonly metrics: Metrics;
  /** Where early stopping stands; absent where there is none. */
  readonly progress?: Progress;
  readonly data: { readonly source: string } & Partial<DataMark>;
  readonly digests: Readonly<Record<string, string>>;
}

/** A tensor of the state under its name in the file, sharing memory with the state. */
export interface StateTensor {
  readonly name: string;
  readonly shape: readonly number[];
  readonly values: Values;
}

/** Parameters, the optimizer's buffers as `optimizer.<parameter>.<buffer>`, and moving averages as `ema.<parameter>`. */
export function stateTensors(config: RunConfig, state: TrainingState): readonly StateTensor[] {
  const parameters = parametersOf(state.mlp);
  const names = buffersOf(config.optimizer);
  return [
    ...parameters,
    ...parameters.flatMap(({ name, shape }, index) =>
      names.map((buffer, slot) => ({
        name: `optimizer.${name}.${buffer}`,
        shape,
        values: state.buffers[index]![slot]!,
      })),
    ),
    ...(state.average
      ? parametersOf(state.average).map(({ name, ...rest }) => ({ name: `ema.${name}`, ...rest }))
      : []),
  ];
}

/** A content whose digests nobody has taken yet: what is copied while training waits. */
export interface CopiedContent {
  readonly tensors: readonly ContentTensor[];
  readonly record: Omit<ContentRecord, 'digests'>;
}

/**
 * Copies the state; the copies are the caller's.
 * NaNs in the state become the canonical one first: which NaN an engine computes is its own affair.
 */
export function copyContent(config: RunConfig, state: TrainingState, data?: DataMark): CopiedContent {
  return {
    tensors: copyTensors(config, state, sharedCopy),
    record: {
      version: CONTENT_VERSION,
      architecture: architectureOf(state),
      config,
      step: state.step,
      epoch: state.epoch,
      position: state.position,
      random: { algorithm: 'philox4x32-10', seed: config.seed },
      optimizer: { name: config.optimizer.name, step: state.step, buffers: buffersOf(config.optimizer) },
      metrics: state.metrics,
      ...(state.progress ? { progress: state.progress } : {}),
      data: { source: config.data.source, ...data },
    },
  };
}

/** A content with the digests of its copies, in order. Its metadata are as long whatever the digests are. */
export function sealContent(
  { tensors, record }: CopiedContent,
  sha256s: readonly string[],
): CheckpointContent {
  const digests = Object.fromEntries(tensors.map(({ name }, index) => [name, sha256s[index]!]));
  const text = JSON.stringify({ ...record, digests } satisfies ContentRecord, spellNonFinite);
  return {
    tensors,
    digests,
    metadata: { format: 'pt', [CONTENT_KEY]: text, [CONTENT_DIGEST_KEY]: sha256Of(text) },
  };
}

/** Both at once, where nobody waits. */
export function takeContent(config: RunConfig, state: TrainingState, data?: DataMark): CheckpointContent {
  const copied = copyContent(config, state, data);
  return sealContent(
    copied,
    copied.tensors.map(({ bytes }) => sha256Of(bytes)),
  );
}

/** The state's tensors in memory of their own, NaNs made canonical in both. */
export function copyTensors(
  config: RunConfig,
  state: TrainingState,
  copy: (bytes: Uint8Array) => Uint8Array,
): readonly ContentTensor[] {
  return stateTensors(config, state).map(({ name, shape, values }) => {
    canonicalizeNaNs(values);
    return { name, dtype: state.mlp.precision, shape, bytes: copy(bytesOf(values)) };
  });
}

/** In memory that several threads see: who saves it does not take the digests alone. */
function sharedCopy(bytes: Uint8Array): Uint8Array {
  const copy = new Uint8Array(new SharedArrayBuffer(bytes.byteLength));
  copy.set(bytes);
  return copy;
}

export function sha256Of(content: Uint8Array | string): string {
  return createHash('sha256').update(content).digest('hex');
}

/** JSON has no NaN and no infinities: they are spelt as on the command line. */
export function spellNonFinite(_key: string, value: unknown): unknown {
  return typeof value === 'number' && !Number.isFinite(value) ? String(value) : value;
}

/** The other way: a number that may be spelt. @returns undefined for anything else. */
export function readNumber(value: unknown): number | undefined {
  if (typeof value === 'number') return value;
  return value === 'NaN' || value === 'Infinity' || value === '-Infinity' ? Number(value) : undefined;
}

function architectureOf(state: TrainingState): Architecture {
  return {
    layers: state.mlp.layers.flatMap(({ name, inputs, outputs }, index) => {
      const activation = state.mlp.activations[index];
      return [
        { linear: [inputs, outputs] as const, name },
        ...(activation === undefined ? [] : [describedActivation(activation)]),
      ];
    }),
  };
}

/** Leaky ReLU's factor is told where it is not the usual one. */
function describedActivation({ name, negativeSlope }: Activation): ArchitectureLayer {
  const isOwn = name === 'leaky-relu' && negativeSlope !== DEFAULT_NEGATIVE_SLOPE;
  return { activation: name, ...(isOwn ? { negativeSlope } : {}) };
}

const CANONICAL_F32 = 0x7fc00000;
const CANONICAL_F64 = 0x7ff80000_00000000n;

function canonicalizeNaNs(values: Values): void {
  let first = 0;
  while (first < values.length && !Number.isNaN(values[first])) first++;
  if (first === values.length) return;
  // through the integer view: a float store may change the bits that it is given
  if (values instanceof Float32Array) {
    const bits = new Uint32Array(values.buffer, values.byteOffset, values.length);
    for (let i = first; i < bits.length; i++) if (Number.isNaN(values[i])) bits[i] = CANONICAL_F32;
  } else {
    const bits = new BigUint64Array(values.buffer, values.byteOffset, values.length);
    for (let i = first; i < bits.length; i++) if (Number.isNaN(values[i])) bits[i] = CANONICAL_F64;
  }
}
