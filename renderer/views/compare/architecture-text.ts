/** An architecture as the text a person edits, and what can be guessed of it from a file's tensors. */
import type { Architecture } from '#shared/run.ts';
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
  const matrices = tensors.filter((tensor) => tensor.shape.length === 2 && tensor.sharedWith === undefined);
  if (matrices.length === 0 || matrices.length > MOST_LAYERS) return undefined;
  // frameworks store [outputs, inputs] or [inputs, outputs], the whole file one way
  const chain = chainOf(matrices, true) ?? chainOf(matrices, false);
  if (!chain) return undefined;
  return {
    layers: chain.flatMap(([inputs, outputs], index) => [
      ...(index > 0 ? [{ activation: 'relu' }] : []),
      { linear: [inputs, outputs] as const },
    ]),
  };
}

/** One layer a line, so that it can be read and changed. */
export function architectureText({ layers }: Architecture): string {
  return `{"layers": [\n${layers.map((layer) => `  ${JSON.stringify(layer)}`).join(',\n')}\n]}`;
}

type Linear = readonly [inputs: number, outputs: number];

function chainOf(matrices: readonly TensorInfo[], isOutputFirst: boolean): readonly Linear[] | undefined {
  const layers = matrices.map(({ shape }): Linear =>
    isOutputFirst ? [shape[1]!, shape[0]!] : [shape[0]!, shape[1]!],
  );
  return joined([], layers);
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
