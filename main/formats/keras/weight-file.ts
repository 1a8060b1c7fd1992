import type { Hdf5File, Hdf5Tree } from '#main/encodings/hdf5/hdf5.ts';
import { kerasArrangement } from '#main/encodings/hdf5/keras-marks.ts';
import type { Checkpoint } from '#main/formats/contract.ts';
import { layerOrder, namesWeights } from '#main/formats/keras/layer-order.ts';
import { parseConfig, type ModelConfig } from '#main/formats/keras/keras-config.ts';
import { variableOrder } from '#main/formats/keras/variable-order.ts';
import { weightTensors } from '#main/formats/keras/weights.ts';
import { metadataFrom, type MetadataValue } from '#shared/checkpoint.ts';

/** Attributes of the root that are JSON. */
const CONFIGS: ReadonlySet<string> = new Set(['model_config', 'training_config']);

/** Opens a file of weights, or of a model of Keras 1 and 2, that is HDF5 as a whole. */
export async function openWeightFile(file: Hdf5File): Promise<Checkpoint> {
  const tree = await file.tree();
  const isLayers = kerasArrangement(tree) === 'layers';
  const order = isLayers ? layerOrder(tree) : { weights: variableOrder(tree, []), problems: [] };
  const root = tree.groups[0]?.attributes ?? new Map<string, MetadataValue>();
  const configs = new Map<string, ModelConfig>();
  const entries = [...root].map(([name, value]): [string, MetadataValue] => {
    if (typeof value !== 'string' || !CONFIGS.has(name)) return [name, value];
    const config = parseConfig(value, name);
    configs.set(name, config);
    return [name, config.metadata];
  });
  const code = [...configs.values()].flatMap((config) => config.code);
  return {
    format: 'keras',
    dialect: dialectOf(tree, isLayers),
    layout: 'dict',
    sources: file.sources.sources,
    tensors: weightTensors(tree, order.weights),
    regions: file.regions().map((region) => ({ source: 0, ...region })),
    imports: [],
    ...(code.length > 0 ? { code } : {}),
    problems: [
      ...tree.problems,
      ...order.problems,
      ...[...configs.values()].flatMap(({ problems }) => problems),
    ],
    metadata: metadataFrom(entries),
  };
}

function dialectOf(tree: Hdf5Tree, isLayers: boolean): string {
  if (!isLayers) return 'Keras 3 weights (.weights.h5)';
  const root = tree.groups[0]?.attributes;
  if (namesWeights(tree)) return 'weights of a TensorFlow model, written by Hugging Face transformers';
  const version =
    root?.get('keras_version') ??
    tree.groups.find(({ path }) => path === 'model_weights')?.attributes.get('keras_version');
  const backend = root?.get('backend');
  const what = root?.has('model_config') ? 'Keras model' : 'Keras weights';
  const writer =
    typeof version === 'string' ? `, written by Keras ${version}` : ', written by Keras 1 or before';
  return `${what} in HDF5${writer}${typeof backend === 'string' ? ` with ${backend}` : ''}`;
}
