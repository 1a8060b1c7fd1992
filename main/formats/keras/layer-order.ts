import type { Hdf5Tree } from '#main/encodings/hdf5/hdf5.ts';
import type { MetadataValue, Problem } from '#shared/checkpoint.ts';

/** A dataset of a weight file, where its layer has it. */
export interface OrderedWeight {
  /** Of the dataset. */
  readonly path: string;
  /** What the layer calls it, without the `:0` of TensorFlow's variables. */
  readonly label?: string;
}

export interface LayerOrder {
  readonly weights: readonly OrderedWeight[];
  readonly problems: readonly Problem[];
}

const MODEL_WEIGHTS = 'model_weights';
const OPTIMIZER_WEIGHTS = 'optimizer_weights';

/**
 * The datasets of a Keras 1 or 2 file in the order that its attributes tell: layer by layer, then what no layer names,
 * then the optimizer's. Every dataset comes once. Hugging Face transformers names the weights themselves in place of layers.
 */
export function layerOrder({ groups, datasets }: Hdf5Tree): LayerOrder {
  const attributesAt = new Map(groups.map(({ path, attributes }) => [path, attributes]));
  const known = new Set(datasets.map(({ path }) => path));
  const weights = new Map<string, OrderedWeight>();
  const problems: Problem[] = [];
  const root = attributesAt.has(MODEL_WEIGHTS) ? MODEL_WEIGHTS : '';

  const take = (path: string, name: string): void => {
    if (!weights.has(path)) weights.set(path, { path, label: name.replace(/:0$/, '') });
  };
  const takeWeights = (group: string): void => {
    for (const name of names(attributesAt.get(group), 'weight_names')) {
      const path = group === '' ? name : `${group}/${name}`;
      if (known.has(path)) take(path, name);
      else {
        problems.push({
          code: 'missing-tensor',
          message: `${group || 'the file'} names the weight ${name}, which is not there`,
        });
      }
    }
  };

  for (const layer of names(attributesAt.get(root), 'layer_names')) {
    const group = root === '' ? layer : `${root}/${layer}`;
    if (attributesAt.has(group)) takeWeights(group);
    else if (known.has(group)) take(group, layer);
    else problems.push({ code: 'missing-tensor', message: `the layer ${layer} is named, and is not there` });
  }
  const isOptimizer = (path: string): boolean => path.startsWith(`${OPTIMIZER_WEIGHTS}/`);
  for (const { path } of datasets) {
    if (!weights.has(path) && !isOptimizer(path)) weights.set(path, { path });
  }
  takeWeights(OPTIMIZER_WEIGHTS);
  for (const { path } of datasets) if (!weights.has(path)) weights.set(path, { path });
  return { weights: [...weights.values()], problems };
}

/** Whether a file names its weights in place of layers. */
export function namesWeights({ groups, datasets }: Hdf5Tree): boolean {
  const layers = names(groups[0]?.attributes, 'layer_names');
  const known = new Set(datasets.map(({ path }) => path));
  return layers.length > 0 && layers.every((name) => known.has(name));
}

/** A list of names; Keras splits one that is too long for an attribute into `…0`, `…1`, and so on. */
function names(attributes: ReadonlyMap<string, MetadataValue> | undefined, name: string): string[] {
  const found = texts(attributes?.get(name));
  for (let part = 0; attributes?.has(`${name}${part}`); part++)
    found.push(...texts(attributes.get(`${name}${part}`)));
  return found;
}

function texts(value: MetadataValue | undefined): string[] {
  return Array.isArray(value) ? value.filter((item) => typeof item === 'string') : [];
}
