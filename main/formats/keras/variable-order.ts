import type { Hdf5Tree } from '#main/encodings/hdf5/hdf5.ts';
import type { OrderedWeight } from '#main/formats/keras/layer-order.ts';
import { variableName } from '#main/formats/keras/variable-names.ts';

const VARIABLES = 'vars';
const OPTIMIZER = 'optimizer';

/** A dataset with what decides its place: a rank and a name for each step of its path. */
interface Placed {
  readonly path: string;
  readonly steps: readonly { readonly rank: number; readonly name: string }[];
}

/**
 * The datasets of a Keras 3 weight file: layers in the model's order where its configuration is known, the optimizer last,
 * variables by number; each labelled by the layer names that the file has for the groups above it.
 * @param layerNames in the model's order; empty where nothing tells it.
 */
export function variableOrder(
  { groups, datasets }: Hdf5Tree,
  layerNames: readonly string[],
): OrderedWeight[] {
  const ranks = new Map<string, number>();
  layerNames.forEach((name, at) => {
    if (!ranks.has(name)) ranks.set(name, at);
  });
  /** The layer's own name by the path of its group. */
  const owners = new Map<string, string>();
  for (const { path, attributes } of groups) {
    const name = attributes.get('name');
    if (typeof name === 'string' && isVariables(path)) owners.set(parentOf(path), name);
  }
  const counts = new Map<string, number>();
  for (const { path } of datasets) counts.set(parentOf(path), (counts.get(parentOf(path)) ?? 0) + 1);

  const placed = datasets.map(({ path }): Placed => {
    let above = '';
    const steps = path.split('/').map((name) => {
      above = above === '' ? name : `${above}/${name}`;
      const rank = above === OPTIMIZER ? Infinity : (ranks.get(owners.get(above) ?? '') ?? layerNames.length);
      return { rank, name };
    });
    return { path, steps };
  });
  return placed.sort(inOrder).map(({ path }) => {
    const label = labelOf(path, owners, counts.get(parentOf(path)) ?? 0);
    return { path, ...(label === undefined ? {} : { label }) };
  });
}

function isVariables(path: string): boolean {
  return path === VARIABLES || path.endsWith(`/${VARIABLES}`);
}

function parentOf(path: string): string {
  return path.slice(0, Math.max(0, path.lastIndexOf('/')));
}

function inOrder(a: Placed, b: Placed): number {
  const length = Math.min(a.steps.length, b.steps.length);
  for (let at = 0; at < length; at++) {
    const one = a.steps[at]!;
    const two = b.steps[at]!;
    if (one.name === two.name) continue;
    if (one.rank !== two.rank) return one.rank - two.rank;
    return naturally(one.name, two.name);
  }
  return a.steps.length - b.steps.length;
}

/** Texts by their characters, whole numbers in them by their value. */
function naturally(a: string, b: string): number {
  const partsA = a.split(/(\d+)/);
  const partsB = b.split(/(\d+)/);
  for (let at = 0; at < Math.min(partsA.length, partsB.length); at++) {
    const one = partsA[at]!;
    const two = partsB[at]!;
    if (one === two) continue;
    const difference = at % 2 === 1 ? Number(one) - Number(two) : 0;
    return difference !== 0 ? difference : one < two ? -1 : 1;
  }
  return partsA.length - partsB.length;
}

/** Names of the layers above a variable, and what the variable is to the innermost one. */
function labelOf(path: string, owners: ReadonlyMap<string, string>, count: number): string | undefined {
  const variables = parentOf(path);
  if (!isVariables(variables)) return undefined;
  const layer = parentOf(variables);
  const names: string[] = [];
  for (let above = layer; above !== ''; above = parentOf(above)) {
    const name = owners.get(above);
    if (name !== undefined) names.unshift(name);
  }
  if (names.length === 0) return undefined;
  const number = path.slice(variables.length + 1);
  return [...names, variableName(layer, number, count) ?? number].join('/');
}
