import * as z from 'zod/mini';

import {
  bearsName,
  biasOf,
  findCandidates,
  fits,
  isTransposed,
  noTensorFits,
  type Candidate,
  type Candidates,
  type LayerTensors,
} from '#main/services/reproduction/layer-tensors.ts';
import { activationOf, type Activation } from '#main/trainer/activation.ts';
import { CONTENT_KEY } from '#main/trainer/checkpoint-content.ts';
import type { CheckpointSummary } from '#shared/checkpoint.ts';
import { ARCHITECTURE_SCHEMA } from '#shared/commands/run.ts';
import { AppError } from '#shared/errors.ts';
import type { Architecture, ArchitectureLayer } from '#shared/reproduction.ts';
import { ACTIVATIONS, type ActivationName } from '#shared/run.ts';

/** A step of a network, with the tensors that it takes from the file. */
export type ResolvedLayer =
  | { readonly kind: 'linear'; readonly layer: number; readonly tensors: LayerTensors }
  | { readonly kind: 'activation'; readonly activation: Activation };

export interface ResolvedArchitecture {
  readonly arch: Architecture;
  readonly layers: readonly ResolvedLayer[];
}

/** Orders of weights that are tried before the file counts as unclear. */
const MOST_ATTEMPTS = 10_000;

/**
 * Finds the tensors of each layer in a file: by name where the architecture gives one, else by shape and order.
 * @throws AppError `invalid-params` where a layer has no tensor, layers do not follow on each other, or an activation is unknown.
 */
export function resolveArchitecture(arch: Architecture, summary: CheckpointSummary): ResolvedArchitecture {
  return resolve(arch, findCandidates(summary.tensors));
}

function resolve(arch: Architecture, candidates: Candidates): ResolvedArchitecture {
  const taken = new Set<string>();
  const chosen: LayerTensors[] = [];
  let width: number | undefined;
  const layers = arch.layers.map((step, layer): ResolvedLayer => {
    if (!('linear' in step)) return { kind: 'activation', activation: activationIn(step) };
    const [inputs, outputs] = step.linear;
    if (width !== undefined && width !== inputs) {
      throw new AppError('invalid-params', `layer ${layer} does not follow on the one before`, {
        expected: `[${width}, …]`,
        found: `[${inputs}, ${outputs}]`,
      });
    }
    width = outputs;
    const tensors = tensorsOf(step, layer, candidates, taken, chosen);
    chosen.push(tensors);
    return { kind: 'linear', layer, tensors };
  });
  if (chosen.length === 0) throw new AppError('invalid-params', 'the architecture has no linear layer');
  return { arch, layers };
}

function tensorsOf(
  { linear: [inputs, outputs], name }: Extract<ArchitectureLayer, { readonly linear: unknown }>,
  layer: number,
  candidates: Candidates,
  taken: Set<string>,
  chosen: readonly LayerTensors[],
): LayerTensors {
  const isWanted = (candidate: Candidate) => name === undefined || bearsName(candidate, name);
  const weight = candidates.weights.find(
    (candidate) => isWanted(candidate) && !taken.has(candidate.info.name) && fits(candidate, inputs, outputs),
  );
  if (!weight) throw noTensorFits(layer, inputs, outputs, candidates);
  const bias = biasOf(weight, outputs, candidates.biases.filter(isWanted), (other) => taken.has(other));
  taken.add(weight.info.name);
  if (bias) taken.add(bias.info.name);
  return {
    weight: weight.info.name,
    ...(bias ? { bias: bias.info.name } : {}),
    inputs,
    outputs,
    isTransposed: isTransposed(weight, inputs, candidates.weights, chosen),
  };
}

/** @throws AppError `invalid-params` for a name there is not, and a slope where it means nothing. */
function activationIn({
  activation,
  negativeSlope,
}: Extract<ArchitectureLayer, { readonly activation: unknown }>): Activation {
  const name = activationNamed(activation);
  if (negativeSlope !== undefined && name !== 'leaky-relu') {
    throw new AppError('invalid-params', 'negativeSlope is leaky-relu’s alone', {
      expected: '{"activation": "leaky-relu", "negativeSlope": …}',
      found: activation,
    });
  }
  return activationOf(name, negativeSlope);
}

/** PyTorch writes some names with an underscore; `linear` is what Keras calls none. */
function activationNamed(name: string): ActivationName {
  const plain = name.toLowerCase().replace(/_/g, '-');
  const known = ACTIVATIONS.find((activation) => activation === (plain === 'linear' ? 'identity' : plain));
  if (known) return known;
  throw new AppError('invalid-params', 'no activation has this name', {
    expected: ACTIVATIONS.join(', '),
    found: name,
  });
}

/**
 * The architecture of a file that says it (a checkpoint of ours) or is clearly one MLP: every parameter is a weight or
 * its bias, and they follow on each other from the input's width to the output's. relu between them is the convention.
 * @throws AppError `invalid-params` where it has to be stated.
 */
export function inferArchitecture(
  summary: CheckpointSummary,
  inputs: number,
  outputs: number,
): ResolvedArchitecture {
  const own = statedArchitecture(summary);
  if (own) return resolveArchitecture(own, summary);
  const candidates = findCandidates(summary.tensors);
  const { weights, biases, others } = candidates;
  const isComplete = others.length === 0 && biases.length === weights.length;
  const chain = isComplete ? chainOf(weights, inputs, outputs) : undefined;
  if (!chain) {
    throw new AppError('invalid-params', 'the architecture cannot be told from the file', {
      expected: `weights and biases that lead from ${inputs} inputs to ${outputs} outputs`,
      found: weights.map(({ info }) => `[${info.shape.join(', ')}]`).join(', ') || 'no matrices',
      hint: 'state the architecture: {"layers": [{"linear": [inputs, outputs]}, {"activation": "relu"}, …]}',
    });
  }
  const layers = chain.flatMap(({ linear }, index): ArchitectureLayer[] =>
    index === 0 ? [{ linear }] : [{ activation: 'relu' }, { linear }],
  );
  return resolve({ layers }, { ...candidates, weights: chain.map(({ weight }) => weight) });
}

interface Link {
  readonly linear: readonly [number, number];
  readonly weight: Candidate;
}

/** All weights in an order in which each takes what the one before gives; the network's own order is tried first. */
function chainOf(
  weights: readonly Candidate[],
  inputs: number,
  outputs: number,
): readonly Link[] | undefined {
  let attempts = 0;
  const extend = (width: number, rest: readonly Candidate[]): readonly Link[] | undefined => {
    if (rest.length === 0) return width === outputs ? [] : undefined;
    for (const candidate of rest) {
      const [rows, columns] = candidate.info.shape as [number, number];
      if (rows !== width && columns !== width) continue;
      if (++attempts > MOST_ATTEMPTS) return undefined;
      const next = columns === width ? rows : columns;
      const others = rest.filter((other) => other !== candidate);
      const tail = extend(next, others);
      if (tail) return [{ linear: [width, next], weight: candidate }, ...tail];
    }
    return undefined;
  };
  return weights.length === 0 ? undefined : extend(inputs, weights);
}

/** What a checkpoint of a run says of itself; undefined for every other file. */
export function statedArchitecture({ metadata }: CheckpointSummary): Architecture | undefined {
  const text = metadata[CONTENT_KEY];
  if (typeof text !== 'string') return undefined;
  let record: unknown;
  try {
    record = JSON.parse(text);
  } catch {
    // a foreign entry of this name says nothing
    return undefined;
  }
  const parsed = z.safeParse(z.object({ architecture: ARCHITECTURE_SCHEMA }), record);
  return parsed.success ? parsed.data.architecture : undefined;
}
