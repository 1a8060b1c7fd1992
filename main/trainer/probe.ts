import type { Mlp } from '#main/trainer/mlp.ts';
import { forward } from '#main/trainer/passes.ts';
import { randomStream } from '#main/trainer/random.ts';
import { allocate, type Values } from '#main/trainer/values.ts';
import { createWorkspace } from '#main/trainer/workspace.ts';

/** Rows of the input that original and clone are both run on. */
export const PROBE_ROWS = 8;

/** Normally distributed, from the seed alone: rows x inputs. */
export function probeInputs(mlp: Mlp, seed: number): Values {
  const inputs = allocate(mlp.precision, PROBE_ROWS * mlp.layers[0]!.inputs);
  const random = randomStream(seed, 'probe');
  for (let i = 0; i < inputs.length; i++) inputs[i] = random.normal();
  return inputs;
}

/** A function that runs the probe through the network as it is at the call; the caller owns the outputs, rows x outputs. */
export function probeOf(mlp: Mlp, seed: number): () => Values {
  const workspace = createWorkspace(mlp, PROBE_ROWS, { for: 'inference' });
  workspace.inputs.set(probeInputs(mlp, seed));
  return () => forward(mlp, workspace, PROBE_ROWS).slice();
}
