import {
  inferArchitecture,
  statedArchitecture,
  type ResolvedArchitecture,
} from '#main/services/reproduction/architecture.ts';
import { findCandidates, type LayerTensors } from '#main/services/reproduction/layer-tensors.ts';
import type { CheckpointSummary } from '#shared/checkpoint.ts';
import { AppError, isAppError } from '#shared/errors.ts';
import type { ActivationName, HeldNetwork } from '#shared/run.ts';

/** The MLP that a file holds, with its activations where the file says them. @throws AppError `invalid-params` where it holds none. */
export function heldNetwork(summary: CheckpointSummary): HeldNetwork {
  const found = networkIn(summary);
  const layers = widthsOf(linearLayers(found));
  if (!statedArchitecture(summary)) return { layers };
  const steps = found.layers.flatMap((step) => (step.kind === 'activation' ? [step.activation] : []));
  const names: ActivationName[] = steps.map(({ name }) => name);
  const slope = steps.find(({ name }) => name === 'leaky-relu')?.negativeSlope;
  return {
    layers,
    ...(names.length > 0 ? { activation: names.every((name) => name === names[0]) ? names[0]! : names } : {}),
    ...(slope === undefined ? {} : { negativeSlope: slope }),
  };
}

/** Where the weights and biases of the MLP in a file are, in order. @throws AppError `invalid-params` where it holds none. */
export function heldLayers(summary: CheckpointSummary): readonly LayerTensors[] {
  return linearLayers(networkIn(summary));
}

export function widthsOf(layers: readonly LayerTensors[]): readonly number[] {
  return [layers[0]!.inputs, ...layers.map(({ outputs }) => outputs)];
}

function linearLayers({ layers }: ResolvedArchitecture): readonly LayerTensors[] {
  return layers.flatMap((step) => (step.kind === 'linear' ? [step.tensors] : []));
}

/** A file does not say which way its weights lie: the way in which they follow on each other, each with its own bias, is it. */
function networkIn(summary: CheckpointSummary): ResolvedArchitecture {
  const { weights, biases } = findCandidates(summary.tensors);
  const [first, last] = [weights[0], weights.at(-1)];
  if (!first || !last) throw noNetwork(summary, []);
  const ends = (isInputsFirst: boolean): readonly [number, number] => {
    const [firstRows, firstColumns] = first.info.shape as [number, number];
    const [lastRows, lastColumns] = last.info.shape as [number, number];
    return isInputsFirst ? [firstRows, lastColumns] : [firstColumns, lastRows];
  };
  const isNamedInputsFirst = weights.some(({ role }) => role.isInputsFirst);
  const order = biases.map(({ info }) => info.name);
  for (const isInputsFirst of [isNamedInputsFirst, !isNamedInputsFirst]) {
    const found = inferred(summary, ...ends(isInputsFirst));
    if (found && isAscending(linearLayers(found).map(({ bias }) => order.indexOf(bias ?? '')))) return found;
  }
  throw noNetwork(
    summary,
    weights.map(({ info }) => info.shape),
  );
}

function inferred(
  summary: CheckpointSummary,
  inputs: number,
  outputs: number,
): ResolvedArchitecture | undefined {
  try {
    return inferArchitecture(summary, inputs, outputs);
  } catch (error) {
    if (isAppError(error) && error.code === 'invalid-params') return undefined;
    throw error;
  }
}

function isAscending(places: readonly number[]): boolean {
  return places.every((place, index) => place >= 0 && (index === 0 || place > places[index - 1]!));
}

function noNetwork({ path }: CheckpointSummary, shapes: readonly (readonly number[])[]): AppError {
  return new AppError('invalid-params', 'the file holds no plain MLP', {
    file: path,
    expected: 'matrices that follow on each other, each with its bias, and no other parameters',
    found:
      shapes
        .slice(0, 8)
        .map((shape) => `[${shape.join(', ')}]`)
        .join(', ') || 'no matrices',
  });
}
