/** An architecture as the text a person edits, and what can be guessed of it from a file's tensors. */
import type { Architecture } from '#shared/reproduction.ts';
import type { TensorInfo } from '#shared/tensor.ts';

/** The chapter's network: 20 inputs, 256 hidden units with relu, 10 outputs. */
export const CHAPTER_ARCHITECTURE: Architecture = {
  layers: [{ linear: [20, 256] }, { activation: 'relu' }, { linear: [256, 10] }],
};

/** More matrices than this are no plain MLP, and trying every order of them would take for ever. */
const MOST_LAYERS = 8;

/**
 * The MLP whose matrices these are, relu between them as in the chapter: parameters alone do not say which.
 * @returns undefined where the matrices do not form a chain.
 */
export function inferArchitecture(tensors: readonly TensorInfo[]): Architecture | undefined {
  const own = tensors.filter((tensor) => tensor.sharedWith === undefined);
  const matrices = own.filter((tensor) => tensor.shape.length === 2);
  const biases = own.flatMap((tensor) => (tensor.shape.length === 1 ? [tensor.shape[0]!] : []));
  if (matrices.length === 0 || matrices.length > MOST_LAYERS) return undefined;
  // frameworks store [outputs, inputs] or [inputs, outputs], the whole file one way; 20-256-10 read the wrong way
  // round is 10-256-20, and only the biases, or else the order in the file, tell the two apart
  const layouts = [matrices.map(outputsFirst), matrices.map(inputsFirst)];
  const possible = layouts.flatMap((layers) => {
    const chain = joined([], layers);
    return chain ? [{ layers, chain }] : [];
  });
  const best =
    possible.find(({ chain }) => biases.length > 0 && hasBiases(chain, biases)) ??
    possible.find(({ layers, chain }) => chain.every((layer, index) => layer === layers[index])) ??
    possible[0];
  if (!best) return undefined;
  return {
    layers: best.chain.flatMap((linear, index) => [
      ...(index > 0 ? [{ activation: 'relu' }] : []),
      { linear },
    ]),
  };
}

/** One layer a line, so that it can be read and changed. */
export function architectureText({ layers }: Architecture): string {
  return `{"layers": [\n${layers.map((layer) => `  ${JSON.stringify(layer)}`).join(',\n')}\n]}`;
}

type Linear = readonly [inputs: number, outputs: number];

function outputsFirst({ shape }: TensorInfo): Linear {
  return [shape[1]!, shape[0]!];
}

function inputsFirst({ shape }: TensorInfo): Linear {
  return [shape[0]!, shape[1]!];
}

/** Whether there is a vector for the outputs of every layer. */
function hasBiases(chain: readonly Linear[], biases: readonly number[]): boolean {
  const left = [...biases];
  return chain.every(([, outputs]) => {
    const place = left.indexOf(outputs);
    if (place >= 0) left.splice(place, 1);
    return place >= 0;
  });
}

/** Every order is tried, that of the file first. */
function joined(chain: readonly Linear[], rest: readonly Linear[]): readonly Linear[] | undefined {
  if (rest.length === 0) return chain;
  const last = chain.at(-1);
  for (const [index, layer] of rest.entries()) {
    if (last && last[1] !== layer[0]) continue;
    const found = joined([...chain, layer], [...rest.slice(0, index), ...rest.slice(index + 1)]);
    if (found) return found;
  }
  return undefined;
}
