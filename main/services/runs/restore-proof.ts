import type { TrainingMemory } from '#main/services/runs/live-run.ts';
import { sha256Of } from '#main/trainer/checkpoint-content.ts';
import { createDataset, type DataFiles } from '#main/trainer/dataset.ts';
import { createTrainer, takeStep } from '#main/trainer/loop.ts';
import type { MemoryRecord } from '#main/trainer/messages.ts';
import { parametersOf } from '#main/trainer/mlp.ts';
import { probeInputs, probeOf } from '#main/trainer/probe.ts';
import type { ReadTensor, RestoredState } from '#main/trainer/restore.ts';
import { emptyState } from '#main/trainer/state.ts';
import { bytesOf, type Values } from '#main/trainer/values.ts';
import { elementByteLength } from '#shared/dtype.ts';
import { AppError, throwIfCancelled } from '#shared/errors.ts';
import type { RestoreReport, RestoreTensorRow, RunPoint } from '#shared/run.ts';
import { coordinateOf, elementCountOf } from '#shared/tensor.ts';

type Probe = NonNullable<RestoreReport['probe']>;

/**
 * One row a tensor. With training memory, bytes are compared with bytes; without it, digests with digests.
 * @param digests SHA-256 by name, taken from training memory at the save.
 * @param tensors undefined where the file could not be read: then all are missing.
 */
export function compareTensors(
  memory: TrainingMemory | undefined,
  digests: Readonly<Record<string, string>>,
  tensors: ReadonlyMap<string, ReadTensor> = new Map(),
): readonly RestoreTensorRow[] {
  const originals = new Map(memory?.tensors.map((tensor) => [tensor.name, tensor]));
  const expected = memory
    ? new Map([...originals].map(([name, { bytes }]) => [name, sha256Of(bytes)]))
    : new Map(Object.entries(digests));
  const names = new Set([...expected.keys(), ...tensors.keys()]);
  return [...names].map((name): RestoreTensorRow => {
    const original = originals.get(name);
    const found = tensors.get(name);
    const described = found ?? original;
    const row = {
      name,
      dtype: described?.dtype ?? 'f32',
      shape: described?.shape ?? [],
      elementCount: described ? (elementCountOf(described.shape) ?? 0) : 0,
    };
    const sha256 = expected.get(name);
    const recorded = sha256 === undefined ? {} : { sha256 };
    if (!found) return { ...row, ...recorded, state: 'missing' };
    const cloned = { ...row, ...recorded, cloneSha256: sha256Of(found.bytes) };
    if (sha256 === undefined) return { ...cloned, state: 'unexpected' };
    if (!original) return { ...cloned, state: sha256 === cloned.cloneSha256 ? 'identical' : 'different' };
    return { ...cloned, ...compareBytes(original, found) };
  });
}

function compareBytes(
  original: ReadTensor,
  found: ReadTensor,
): Pick<RestoreTensorRow, 'state' | 'changed' | 'at'> {
  const isSameKind =
    original.dtype === found.dtype &&
    original.shape.join() === found.shape.join() &&
    original.bytes.byteLength === found.bytes.byteLength;
  if (!isSameKind) return { state: 'different' };
  const width = elementByteLength(original.dtype);
  const a = Buffer.from(original.bytes.buffer, original.bytes.byteOffset, original.bytes.byteLength);
  const b = Buffer.from(found.bytes.buffer, found.bytes.byteOffset, found.bytes.byteLength);
  if (a.equals(b)) return { state: 'identical', changed: 0 };
  let changed = 0;
  let first = -1;
  for (let offset = 0; offset < a.byteLength; offset += width) {
    if (a.compare(b, offset, offset + width, offset, offset + width) === 0) continue;
    if (changed === 0) first = offset / width;
    changed++;
  }
  return { state: 'different', changed, at: coordinateOf(first, original.shape) };
}

/** Runs the probe through the clone; the original's outputs are of training memory, now or at the save. */
export function compareProbes(
  clone: RestoredState,
  recorded: MemoryRecord['probe'] | undefined,
  memory: TrainingMemory | undefined,
): Probe | undefined {
  const { config, state } = clone;
  const inputs = probeInputs(state.mlp, config.seed);
  const ofClone = probeOf(state.mlp, config.seed)();
  const ofOriginal = memory
    ? probeOfMemory(clone, memory)
    : recorded && recordedOutputs(recorded, ofClone.length);
  if (!ofOriginal) return undefined;
  const width = state.mlp.layers[state.mlp.layers.length - 1]!.outputs;
  const difference = ofClone.map((value, index) => value - ofOriginal[index]!);
  const isEqual = Buffer.compare(bytesOf(ofClone), bytesOf(ofOriginal)) === 0;
  let maxAbs = 0;
  for (const value of difference) maxAbs = Math.max(maxAbs, Number.isNaN(value) ? Infinity : Math.abs(value));
  return {
    shape: [ofClone.length / width, width],
    inputs: rowsOf(inputs, state.mlp.layers[0]!.inputs),
    original: rowsOf(ofOriginal, width),
    clone: rowsOf(ofClone, width),
    difference: rowsOf(difference, width),
    isEqual,
    maxAbs: isEqual ? 0 : maxAbs,
  };
}

function probeOfMemory({ config }: RestoredState, { tensors }: TrainingMemory): Values {
  const { mlp } = emptyState(config);
  const byName = new Map(tensors.map(({ name, bytes }) => [name, bytes]));
  for (const { name, values } of parametersOf(mlp)) bytesOf(values).set(byName.get(name)!);
  return probeOf(mlp, config.seed)();
}

/** Undefined where the log's outputs are not those of such a network. */
function recordedOutputs({ base64, dtype }: MemoryRecord['probe'], elementCount: number): Values | undefined {
  const bytes = Uint8Array.from(Buffer.from(base64, 'base64'));
  if (dtype !== 'f32' || bytes.byteLength !== elementCount * 4) return undefined;
  return new Float32Array(bytes.buffer);
}

function rowsOf(values: Values, width: number): number[][] {
  return Array.from({ length: values.length / width }, (_, row) =>
    Array.from(values.subarray(row * width, (row + 1) * width)),
  );
}

/**
 * Trains the clone on from its checkpoint: its losses must be exactly those that the run logged. Changes the clone.
 * @param logged points of the steps that follow the checkpoint, without gaps.
 */
export async function compareFurtherSteps(
  clone: RestoredState,
  data: DataFiles | undefined,
  logged: readonly RunPoint[],
  signal: AbortSignal,
): Promise<RestoreReport['steps']> {
  if (clone.dataSha256 !== data?.sha256) {
    throw new AppError('invalid-params', 'the data are not those that the run began with', {
      expected: `SHA-256 ${clone.dataSha256 ?? 'of none'}`,
      found: data?.sha256 ?? 'none',
    });
  }
  const trainer = createTrainer(clone.config, createDataset(clone.config, data), clone.state);
  const rows: { step: number; logged: number; clone: number }[] = [];
  for (const point of logged) {
    if (point.step !== clone.state.step + 1) break;
    rows.push({ step: point.step, logged: point.loss, clone: takeStep(trainer).loss });
    // other calls are answered between steps
    await new Promise((resolve) => setImmediate(resolve));
    throwIfCancelled(signal);
  }
  const different = rows.find((row) => !Object.is(row.logged, row.clone));
  return { rows, isEqual: different === undefined, ...(different ? { firstDifferent: different.step } : {}) };
}
