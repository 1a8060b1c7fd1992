import type { Hdf5Tree } from '#main/encodings/hdf5/hdf5.ts';

/** How Keras arranges its weights in HDF5. */
export type KerasArrangement =
  /** Layers by name, their order and that of their weights in attributes; a whole model or weights alone. */
  | 'layers'
  /** Groups `vars` of numbered datasets, as Keras 3 saves weights. */
  | 'variables';

/** Attributes that only Keras gives a root: since version 0.3, 1 and 2; and of the first weight files for its applications. */
const ROOT_MARKS = ['model_config', 'keras_version', 'layer_names', 'layer_names0', 'nb_layers'] as const;
const VARIABLES = 'vars';

/** The arrangement that a file's groups and attributes show, or undefined where Keras did not write it. */
export function kerasArrangement(tree: Hdf5Tree): KerasArrangement | undefined {
  const [root] = tree.groups;
  if (ROOT_MARKS.some((name) => root?.attributes.has(name))) return 'layers';
  const groups = new Map(tree.groups.map((group) => [group.path, group]));
  const inside = groups.get('model_weights')?.attributes;
  if (inside?.has('layer_names') || inside?.has('layer_names0')) return 'layers';
  const isVariables = tree.groups.some(
    ({ path, attributes }) => isVariablesGroup(path) && attributes.has('name'),
  );
  if (isVariables) return 'variables';
  const owners = tree.datasets.map(({ path }) => path.slice(0, path.lastIndexOf('/') + 1));
  const isNumbered = tree.datasets.every(({ path }, at) => {
    return isVariablesGroup(owners[at]!.slice(0, -1)) && /^\d+$/.test(path.slice(owners[at]!.length));
  });
  return tree.datasets.length > 0 && isNumbered ? 'variables' : undefined;
}

function isVariablesGroup(path: string): boolean {
  return path === VARIABLES || path.endsWith(`/${VARIABLES}`);
}
