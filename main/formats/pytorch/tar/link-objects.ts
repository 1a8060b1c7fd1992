import { textOf } from '#main/encodings/pickle/content.ts';
import { itemsOf, type PickleNode, type PicklePersistent } from '#main/encodings/pickle/nodes.ts';
import type { Pickle } from '#main/encodings/pickle/pickle.ts';
import { reprOf } from '#main/encodings/pickle/repr.ts';
import { plainText } from '#main/formats/pytorch/id-parts.ts';
import { visitObjects } from '#main/formats/pytorch/persistent-ids.ts';
import type { TarStorages } from '#main/formats/pytorch/tar/storages.ts';
import type { Problem } from '#shared/checkpoint.ts';

/**
 * Tensors and storages are persistent ids, which are their keys as text; classes of modules are `(class, file, source text)`.
 * Each is made to stand for what a newer file would have in its place.
 * @returns ids of modules as the stream format has them.
 */
export function linkObjects(
  pickle: Pickle,
  { ids }: TarStorages,
  tensors: ReadonlyMap<string, PickleNode>,
  problems: Problem[],
): readonly PickleNode[] {
  const modules: PickleNode[] = [];
  visitObjects(pickle.root, (node) => {
    if (node.kind !== 'persistent') return;
    const items = itemsOf(node.id);
    if (items) {
      const id: PickleNode = { kind: 'tuple', items: [plainText('module'), ...items] };
      node.inserted = { kind: 'persistent', id };
      modules.push(id);
      return;
    }
    const found = referredTo(node, ids, tensors);
    if (found !== undefined) node.inserted = found;
    else
      problems.push({
        code: 'corrupt',
        message: `the pickle refers to ${reprOf(node.id, 40)}, which is no tensor or storage of the file`,
      });
  });
  return modules;
}

function referredTo(
  { id }: PicklePersistent,
  storages: ReadonlyMap<string, PickleNode>,
  tensors: ReadonlyMap<string, PickleNode>,
): PickleNode | undefined {
  const key = typeof id === 'number' ? String(id) : textOf(id);
  return key === undefined ? undefined : (tensors.get(key) ?? storages.get(key));
}
