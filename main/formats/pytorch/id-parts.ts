import { textOf } from '#main/encodings/pickle/content.ts';
import { asKind, itemsOf, type PickleNode } from '#main/encodings/pickle/nodes.ts';

/** A storage's id as Python prints the tuple; a view is `None` or a tuple of key, offset and count. */
const PRINTED =
  /^\('storage', <class '(?:([\w.]+)\.)?(\w+)'>, '([^'\\]*)', '([^'\\]*)', (\d+)(?:, (?:None|\('([^'\\]*)', (\d+), (\d+)\)))?\)$/;

/**
 * The parts of a persistent id: `('storage', class, key, location, count[, view])`, `('module', …)`.
 * Protocol 0 has no ids but texts, so that Python's pickler prints the tuple; PyTorch itself does not read that.
 */
export function idParts(id: PickleNode | undefined): readonly PickleNode[] {
  const items = itemsOf(id);
  if (items) return items;
  const [, module = '', name, key, location, count, viewKey, ...view] = PRINTED.exec(textOf(id) ?? '') ?? [];
  if (name === undefined || key === undefined || location === undefined) return [];
  const parts: PickleNode[] = [
    plainText('storage'),
    { kind: 'global', module, name, offset: 0 },
    plainText(key),
    plainText(location),
    Number(count),
  ];
  if (viewKey === undefined) return parts;
  return [...parts, { kind: 'tuple', items: [plainText(viewKey), ...view.map(Number)] }];
}

/** The id that a persistent object has, or that the format of its file has given it. */
export function persistentIdOf(node: PickleNode | undefined): PickleNode | undefined {
  const object = asKind(node, 'persistent');
  return asKind(object?.inserted, 'persistent')?.id ?? object?.id;
}

/** A text that no pickle spells out. */
export function plainText(value: string): PickleNode {
  return { kind: 'text', value, spelling: 'utf8', offset: 0, byteLength: 0 };
}
