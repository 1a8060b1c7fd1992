import { isObject, type PickleNode, type PickleObject } from '#main/encodings/pickle/nodes.ts';

/** Every distinct persistent id of a pickle, whether the walk for tensors would come by or not, in order of appearance. */
export function findPersistentIds(root: PickleNode): readonly PickleNode[] {
  const ids: PickleNode[] = [];
  visitObjects(root, (node) => {
    if (node.kind === 'persistent') ids.push(node.id);
  });
  return ids;
}

/** Visits every object of a pickle once, in order of appearance. */
export function visitObjects(root: PickleNode, visit: (node: PickleObject) => void): void {
  const seen = new Set<PickleNode>();
  const waiting: PickleNode[] = [root];
  while (waiting.length > 0) {
    const node = waiting.pop()!;
    if (!isObject(node) || seen.has(node)) continue;
    seen.add(node);
    visit(node);
    // the last one waiting is the next one visited
    const inside = partsOf(node);
    for (let index = inside.length - 1; index >= 0; index--) waiting.push(inside[index]!);
  }
}

function partsOf(node: Extract<PickleNode, object>): readonly PickleNode[] {
  switch (node.kind) {
    case 'tuple':
    case 'list':
    case 'set':
    case 'frozenset':
      return node.items;
    case 'dict':
      return [...node.keys, ...node.values];
    case 'call':
      return [
        node.callable,
        node.args,
        ...(node.keywords === undefined ? [] : [node.keywords]),
        ...effectsOf(node),
      ];
    case 'persistent':
      return [node.id, ...effectsOf(node)];
    case 'global':
    case 'buffer':
      return effectsOf(node);
    default:
      return [];
  }
}

function effectsOf(node: {
  readonly states?: PickleNode[];
  readonly items?: PickleNode[];
  readonly entries?: { readonly keys: PickleNode[]; readonly values: PickleNode[] };
}): readonly PickleNode[] {
  return [
    ...(node.states ?? []),
    ...(node.items ?? []),
    ...(node.entries?.keys ?? []),
    ...(node.entries?.values ?? []),
  ];
}
