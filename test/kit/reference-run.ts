import { createHash } from 'node:crypto';

import type { RunConfigInput } from '#shared/commands/run-config.ts';
import { readPlainSafetensors } from '#test/kit/plain-safetensors.ts';

/** A run that goes through every function and stream of the trainer whose bits an engine might have its own mind about. */
export const REFERENCE_CONFIG: RunConfigInput = {
  layers: [20, 64, 33, 10],
  activation: 'gelu',
  initializer: 'kaiming-normal',
  dropout: 0.1,
  labelSmoothing: 0.1,
  optimizer: { name: 'adamw', learningRate: 0.003 },
  schedule: { name: 'cosine', warmupSteps: 10 },
  clipNorm: 1,
  ema: 0.95,
  accumulate: 2,
  checkpoint: { everySteps: 0 },
};

export const REFERENCE_STEPS = 100;

/** Of all tensors after the last step, in whatever engine, on whatever machine. */
export const REFERENCE_DIGEST = '6d9b50688ef9e129fe3dba874f770e47a707b8d706451fc89e0998b0760c3ae5';

/** SHA-256 over the tensors of a checkpoint, by name: settings that are added later do not change it. */
export function tensorDigest(path: string): string {
  const hash = createHash('sha256');
  const { tensors } = readPlainSafetensors(path);
  for (const name of [...tensors.keys()].sort()) hash.update(`${name}\0`).update(tensors.get(name)!.bytes);
  return hash.digest('hex');
}
