import {
  METADATA_DEPTH,
  METADATA_VALUES,
  TREE_DEPTH,
  TREE_NAME_CHARACTERS,
  TREE_REPEATS,
} from '#main/bytes/limits.ts';
import { isObject, type PickleNode, type PickleObject } from '#main/encodings/pickle/nodes.ts';
import { unfoldObject, type ObjectParts } from '#main/encodings/pickle/object-parts.ts';
import { metadataFrom, type Metadata, type MetadataValue, type Problem } from '#shared/checkpoint.ts';

/** What a node is to whoever walks: a leaf of their own, a value to show, or something to look into. */
export type Unfolded<Leaf> =
  /** The entries, where there are any, are named below the leaf. */
  | {
      readonly kind: 'leaf';
      readonly leaf: Leaf;
      readonly entries?: readonly (readonly [string, PickleNode])[];
    }
  /** Another node that this one is only a wrapping of. */
  | { readonly kind: 'same'; readonly node: PickleNode }
  | ObjectParts;

export interface NamedLeaf<Leaf> {
  /** Keys from the root down; empty for the root itself. */
  readonly path: readonly string[];
  readonly leaf: Leaf;
}

export interface PickleTree<Leaf> {
  /** What the root is: a leaf of its own, a list or a dict. */
  readonly layout: 'leaf' | 'list' | 'dict';
  /** In the order in which the pickle holds them. */
  readonly leaves: readonly NamedLeaf<Leaf>[];
  /** Everything that is no leaf, nested as in the pickle; containers with leaves alone are left out. */
  readonly metadata: Metadata;
  readonly problems: readonly Problem[];
}

/** A container being walked. */
interface Frame {
  readonly node: PickleNode;
  readonly key: string;
  readonly children: readonly (readonly [string, PickleNode])[];
  readonly isList: boolean;
  readonly values: (readonly [string, MetadataValue])[];
  next: number;
}

/**
 * Walks a pickle's object graph and names its leaves by the path to them, on an explicit stack and within limits.
 * Objects met on several paths are named by each; cycles end where they close.
 * @param unfold tells what the caller knows about a node; undefined leaves it to the usual containers and to what an object's pickle shows.
 */
export function walkTree<Leaf>(
  root: PickleNode,
  unfold: (node: PickleObject) => Unfolded<Leaf> | undefined,
): PickleTree<Leaf> {
  const leaves: NamedLeaf<Leaf>[] = [];
  const problems: Problem[] = [];
  const told = new Set<string>();
  const stack: Frame[] = [];
  const onPath = new Set<PickleNode>();
  const seen = new Set<PickleNode>();
  let repeats = 0;
  let nameCharacters = 0;
  let values = 0;

  function tell(code: string, message: string): void {
    if (!told.has(code)) problems.push({ code, message });
    told.add(code);
  }

  /** The value of a node that is none to look into; otherwise a frame is pushed and the value comes when that is done. */
  function enter(key: string, node: PickleNode): MetadataValue | undefined {
    const found = lookInto(node);
    if (found.kind === 'value') return found.value;
    if (found.kind === 'leaf') {
      addLeaf(key, found.leaf);
      if (!found.entries || found.entries.length === 0) return undefined;
    }
    if (onPath.has(node)) return '…';
    if (stack.length >= TREE_DEPTH) {
      tell('tree-depth', `objects nested deeper than ${TREE_DEPTH} are not looked into`);
      return undefined;
    }
    const isList = found.kind === 'list';
    const count = isList ? found.items.length : (found.entries ?? []).length;
    if (seen.has(node) && (repeats += count + 1) > TREE_REPEATS) {
      tell('tree-cut', 'the pickle shows the same objects over and over; not every place is looked at');
      return undefined;
    }
    seen.add(node);
    const children = isList
      ? found.items.map((item, index) => [String(index), item] as const)
      : (found.entries ?? []);
    onPath.add(node);
    stack.push({ node, key, children, isList, values: [], next: 0 });
    return undefined;
  }

  function addLeaf(key: string, leaf: Leaf): void {
    const path = stack.length === 0 ? [] : [...stack.slice(1).map((frame) => frame.key), key];
    for (const part of path) nameCharacters += part.length + 1;
    if (nameCharacters <= TREE_NAME_CHARACTERS) leaves.push({ path, leaf });
    else tell('tree-cut', 'the names in the pickle are longer than we keep; not every tensor is listed');
  }

  function lookInto(node: PickleNode): Exclude<Unfolded<Leaf>, { kind: 'same' }> {
    let inner = node;
    for (let wrappings = 0; wrappings < TREE_DEPTH; wrappings++) {
      if (!isObject(inner)) return { kind: 'value', value: inner };
      const found = unfold(inner) ?? unfoldObject(inner);
      if (found.kind !== 'same') return found;
      inner = found.node;
    }
    return { kind: 'value', value: '…' };
  }

  function record(frame: Frame, key: string, value: MetadataValue | undefined): void {
    if (value === undefined) return;
    if (++values > METADATA_VALUES || stack.length > METADATA_DEPTH) {
      tell(
        'metadata-cut',
        `only the first ${METADATA_VALUES} values, nested up to ${METADATA_DEPTH} deep, are shown`,
      );
    } else {
      frame.values.push([key, value]);
    }
  }

  const rootValue = enter('', root);
  const layout = leaves.length > 0 ? 'leaf' : stack[0]?.isList ? 'list' : 'dict';
  let metadata: MetadataValue | undefined = rootValue;
  for (let frame = stack.at(-1); frame; frame = stack.at(-1)) {
    const child = frame.children[frame.next++];
    if (child) {
      record(frame, child[0], enter(child[0], child[1]));
      continue;
    }
    stack.pop();
    onPath.delete(frame.node);
    const value = valueOf(frame);
    const parent = stack.at(-1);
    if (parent) record(parent, frame.key, value);
    else metadata = value;
  }
  return { layout, leaves, metadata: asMetadata(metadata), problems };
}

/** A list whose items are all values stays a list; with leaves among them its values keep their numbers. */
function valueOf(frame: Frame): MetadataValue | undefined {
  if (frame.values.length === 0) return undefined;
  if (frame.isList && frame.values.length === frame.children.length)
    return frame.values.map(([, value]) => value);
  return metadataFrom(frame.values);
}

function asMetadata(value: MetadataValue | undefined): Metadata {
  if (value === undefined) return metadataFrom([]);
  if (Array.isArray(value)) return metadataFrom(value.map((item, index) => [String(index), item]));
  return typeof value === 'object' && value !== null ? value : metadataFrom([['value', value]]);
}
