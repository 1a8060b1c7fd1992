import { textOf } from '#main/encodings/pickle/content.ts';
import {
  asKind,
  globalName,
  isObject,
  itemsOf,
  type PickleCall,
  type PickleDict,
  type PickleEffects,
  type PickleNode,
  type PickleObject,
} from '#main/encodings/pickle/nodes.ts';
import { reprOf } from '#main/encodings/pickle/repr.ts';
import type { MetadataValue } from '#shared/checkpoint.ts';

/** What there is to see of an object: a value, or parts by number or by key. */
export type ObjectParts =
  | { readonly kind: 'value'; readonly value: MetadataValue }
  | { readonly kind: 'list'; readonly items: readonly PickleNode[] }
  | { readonly kind: 'dict'; readonly entries: readonly (readonly [string, PickleNode])[] };

/** Containers of Python's own library; anything else shows what its pickle says of it. */
export function unfoldObject(node: PickleObject): ObjectParts {
  switch (node.kind) {
    case 'float':
      return { kind: 'value', value: node.value };
    case 'text':
    case 'bytes':
      return { kind: 'value', value: textOf(node) ?? reprOf(node) };
    case 'tuple':
    case 'list':
    case 'set':
    case 'frozenset':
      return { kind: 'list', items: node.items };
    case 'dict':
      return { kind: 'dict', entries: entriesOf(node) };
    case 'call':
      return unfoldCall(node);
    case 'global':
    case 'persistent':
    case 'buffer':
      return hasEffects(node)
        ? { kind: 'dict', entries: attributesOf(node) }
        : { kind: 'value', value: reprOf(node) };
  }
}

const DICT_CLASSES: ReadonlySet<string> = new Set([
  'collections.OrderedDict',
  'collections.defaultdict',
  'collections.Counter',
  'builtins.dict',
  '__builtin__.dict',
]);
const LIST_CLASSES: ReadonlySet<string> = new Set([
  'collections.deque',
  'builtins.list',
  'builtins.set',
  'builtins.frozenset',
  'builtins.tuple',
  '__builtin__.list',
  '__builtin__.set',
  '__builtin__.frozenset',
  '__builtin__.tuple',
]);

function unfoldCall(call: PickleCall): ObjectParts {
  const name = globalName(call.callable) ?? '';
  const args = itemsOf(call.args) ?? [];
  if (DICT_CLASSES.has(name)) return { kind: 'dict', entries: dictEntries(call, args) };
  if (LIST_CLASSES.has(name))
    return { kind: 'list', items: [...(collectionItems(args[0]) ?? []), ...(call.items ?? [])] };
  if (!hasEffects(call) && !args.some(isContainer)) return { kind: 'value', value: reprOf(call) };
  return { kind: 'dict', entries: [['__class__', classText(call)], ...attributesOf(call)] };
}

/** The entries of a dict or of what Python builds like one (OrderedDict, defaultdict, Counter), else undefined. */
export function mappingEntries(node: PickleNode | undefined): [string, PickleNode][] | undefined {
  const dict = asKind(node, 'dict');
  if (dict) return entriesOf(dict);
  const call = asKind(node, 'call');
  if (!call || !DICT_CLASSES.has(globalName(call.callable) ?? '')) return undefined;
  return dictEntries(call, itemsOf(call.args) ?? []);
}

/** Entries set one by one, or Python 2's way: a list of pairs as the only argument. */
function dictEntries(call: PickleCall, args: readonly PickleNode[]): [string, PickleNode][] {
  const given = args.at(-1);
  const dict = asKind(given, 'dict');
  const pairs = (itemsOf(given) ?? []).map((pair) => itemsOf(pair) ?? []);
  const merged: PickleDict = {
    kind: 'dict',
    keys: [...(dict?.keys ?? pairs.map((pair) => pair[0] ?? null)), ...(call.entries?.keys ?? [])],
    values: [...(dict?.values ?? pairs.map((pair) => pair[1] ?? null)), ...(call.entries?.values ?? [])],
  };
  return [...entriesOf(merged), ...stateEntries(call)];
}

/**
 * The entries of a dict as Python would have them: of a key that is set again, the later value at the first place.
 * Keys that are no text are spelled as Python prints them.
 */
export function entriesOf(dict: PickleDict): [string, PickleNode][] {
  const entries = new Map<string, [string, PickleNode]>();
  dict.keys.forEach((key, index) => {
    const text = textOf(key);
    const name = text ?? reprOf(key);
    entries.set(text === undefined ? `k${name}` : `t${name}`, [name, dict.values[index]!]);
  });
  return [...entries.values()];
}

/** What a pickle says about an object: arguments, attributes, items, entries. */
export function attributesOf(node: PickleObject & PickleEffects): [string, PickleNode][] {
  const args = node.kind === 'call' ? (itemsOf(node.args) ?? []) : [];
  const keywords = node.kind === 'call' ? asKind(node.keywords, 'dict') : undefined;
  return [
    ...(hasEffects(node) ? args.filter(isContainer) : args).map(
      (arg, index) => [String(index), arg] as [string, PickleNode],
    ),
    ...(keywords ? entriesOf(keywords) : []),
    ...stateEntries(node),
    ...numbered(node.items ?? []),
    ...(node.entries ? entriesOf(node.entries) : []),
  ];
}

/** States are a dict of attributes, a pair of that and a dict of slots, or whatever the class understands. */
export function stateEntries(node: PickleEffects): [string, PickleNode][] {
  return (node.states ?? []).flatMap(
    (state) => entriesOfState(state) ?? [['__state__', state] as [string, PickleNode]],
  );
}

/** @returns undefined for a state that the class alone understands. */
export function entriesOfState(state: PickleNode | undefined): [string, PickleNode][] | undefined {
  const mapping = mappingEntries(state);
  if (mapping) return mapping;
  const parts = asKind(state, 'tuple')?.items ?? [];
  const isPair = parts.length === 2 && parts.every((part) => part === null || asKind(part, 'dict'));
  return isPair ? parts.flatMap((part) => mappingEntries(part) ?? []) : undefined;
}

function numbered(items: readonly PickleNode[]): [string, PickleNode][] {
  return items.map((item, index) => [String(index), item]);
}

function classText(call: PickleCall): PickleNode {
  // copyreg's helpers name the class in their first argument
  const name = globalName(call.callable);
  const isHelper =
    name === 'copyreg._reconstructor' || name === 'copy_reg._reconstructor' || name?.endsWith('.__newobj__');
  const text = reprOf((isHelper ? itemsOf(call.args)?.[0] : undefined) ?? call.callable);
  return { kind: 'text', value: text, spelling: 'utf8', offset: call.offset, byteLength: text.length };
}

function hasEffects(node: PickleEffects): boolean {
  return node.states !== undefined || node.items !== undefined || node.entries !== undefined;
}

function collectionItems(node: PickleNode | undefined): readonly PickleNode[] | undefined {
  return asKind(node, 'set')?.items ?? asKind(node, 'frozenset')?.items ?? itemsOf(node);
}

function isContainer(node: PickleNode): boolean {
  return isObject(node) && !['float', 'text', 'bytes', 'global', 'buffer'].includes(node.kind);
}
