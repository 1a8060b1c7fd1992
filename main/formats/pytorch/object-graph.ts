import type { Pickle } from '#main/encodings/pickle/pickle.ts';
import type { PickleObject } from '#main/encodings/pickle/nodes.ts';
import { walkTree, type Unfolded } from '#main/encodings/pickle/tree.ts';
import type { StoredTensor } from '#main/formats/contract.ts';
import { unknownGlobals } from '#main/formats/pickled-tensors.ts';
import { storeLeaf, type Shelf } from '#main/formats/pytorch/stored-tensors.ts';
import { isScriptModule } from '#main/formats/pytorch/script/unfold-script.ts';
import { unfoldTorch, type TorchLeaf } from '#main/formats/pytorch/unfold.ts';
import type { Layout, Metadata } from '#shared/checkpoint.ts';

export interface GraphContent {
  readonly layout: Layout;
  readonly tensors: readonly StoredTensor[];
  readonly metadata: Metadata;
}

/**
 * Names every tensor that the saved object holds; what goes wrong is put to the shelf's problems.
 * @param unfold what is known about a node.
 */
export async function readObjectGraph(
  pickle: Pick<Pickle, 'root' | 'imports'>,
  shelf: Shelf,
  unfold: (node: PickleObject) => Unfolded<TorchLeaf> | undefined = unfoldTorch,
): Promise<GraphContent> {
  const tree = walkTree<TorchLeaf>(pickle.root, unfold);
  for (const problem of [...tree.problems, ...unknownGlobals(pickle.imports, isTorch)])
    shelf.problems.push(problem);
  const tensors: StoredTensor[] = [];
  for (const { path, leaf } of tree.leaves) {
    const name = path.length === 0 ? 'value' : path.join('.');
    for (const tensor of await storeLeaf(name, leaf, shelf)) tensors.push(tensor);
  }
  return { layout: tree.layout === 'leaf' ? 'tensor' : tree.layout, tensors, metadata: tree.metadata };
}

function isTorch(module: string): boolean {
  return module === 'torch' || module.startsWith('torch.') || isScriptModule(module);
}
