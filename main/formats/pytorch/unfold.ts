import { unfoldArray, type ArrayLeaf } from '#main/encodings/ndarray/unfold-array.ts';
import { textOf } from '#main/encodings/pickle/content.ts';
import {
  asKind,
  globalName,
  itemsOf,
  safeInteger,
  type PickleCall,
  type PickleNode,
  type PickleObject,
  type PicklePersistent,
} from '#main/encodings/pickle/nodes.ts';
import { entriesOfState, mappingEntries, stateEntries } from '#main/encodings/pickle/object-parts.ts';
import { reprOf } from '#main/encodings/pickle/repr.ts';
import type { Unfolded } from '#main/encodings/pickle/tree.ts';
import { idParts, persistentIdOf } from '#main/formats/pytorch/id-parts.ts';
import { unfoldScript } from '#main/formats/pytorch/script/unfold-script.ts';
import { tensorOf, type TorchTensor } from '#main/formats/pytorch/tensor-calls.ts';
import { AppError } from '#shared/errors.ts';

export type TorchLeaf = TensorLeaf | ArrayLeaf;

export interface TensorLeaf {
  readonly kind: 'tensor';
  readonly tensor: TorchTensor;
  /** Of a tensor that is spread over processes, of which this is one's part. */
  readonly wholeShape?: readonly number[];
}

/** What torch knows about a node: tensors, modules, sizes, devices, storages, NumPy arrays. */
export function unfoldTorch(node: PickleObject): Unfolded<TorchLeaf> | undefined {
  const array = unfoldArray(node);
  if (array) return array;
  if (node.kind === 'persistent') return unfoldPersistent(node);
  if (node.kind !== 'call') return undefined;
  const script = unfoldScript(node);
  if (script) return script;
  try {
    const found = tensorOf(node);
    if (found) {
      const { attributes, ...tensor } = found;
      return { kind: 'leaf', leaf: { kind: 'tensor', ...tensor }, entries: attributes };
    }
  } catch (error) {
    if (error instanceof AppError) return { kind: 'leaf', leaf: { kind: 'broken', error } };
    throw error;
  }
  return unfoldWrapper(node) ?? unfoldModule(node) ?? unfoldValue(node);
}

/** A subclass whose tensors are attributes: these are what there is. */
function unfoldWrapper(call: PickleCall): Unfolded<TorchLeaf> | undefined {
  if (asKind(call.callable, 'global')?.name !== '_rebuild_from_type_v2') return undefined;
  const [, subclass, , state] = itemsOf(call.args) ?? [];
  const entries = entriesOfState(state) ?? [];
  return { kind: 'dict', entries: [['__class__', subclass ?? null], ...entries] };
}

/** A module shows what its state_dict would: parameters, buffers, modules inside; then its plain attributes. */
function unfoldModule(call: PickleCall): Unfolded<TorchLeaf> | undefined {
  const state = new Map(stateEntries(call));
  if (!state.has('_parameters') || !state.has('_modules')) return undefined;
  const parts = ['_parameters', '_buffers', '_modules'].flatMap(
    (key) => mappingEntries(state.get(key)) ?? [],
  );
  const attributes = [...state].filter(([key]) => !MODULE_INTERNALS.has(key));
  return { kind: 'dict', entries: [['__class__', classOf(call)], ...parts, ...attributes] };
}

/** Of a module's state: what is shown elsewhere, and the hooks, which are functions. */
const MODULE_INTERNALS: ReadonlySet<string> = new Set([
  ...['_parameters', '_buffers', '_modules', '_non_persistent_buffers_set', '_is_full_backward_hook'],
  ...['_backward_hooks', '_backward_pre_hooks', '_forward_hooks', '_forward_hooks_with_kwargs'],
  ...['_forward_hooks_always_called', '_forward_pre_hooks', '_forward_pre_hooks_with_kwargs'],
  ...[
    '_state_dict_hooks',
    '_state_dict_pre_hooks',
    '_load_state_dict_pre_hooks',
    '_load_state_dict_post_hooks',
  ],
  // what a recurrent layer keeps of its own parameters, once more
  ...['_flat_weights', '_flat_weight_refs'],
  '_backend',
]);

/** The class of an object; in the stream format it comes with its source text. */
function classOf(call: PickleCall): PickleNode {
  const [tag, named] = itemsOf(persistentIdOf(call.callable)) ?? [];
  return textOf(tag) === 'module' && named !== undefined ? named : call.callable;
}

function unfoldValue(call: PickleCall): Unfolded<TorchLeaf> | undefined {
  const args = itemsOf(call.args) ?? [];
  switch (globalName(call.callable)) {
    case 'torch.Size':
      return { kind: 'same', node: args[0] ?? { kind: 'tuple', items: [] } };
    case 'torch.device':
      return { kind: 'value', value: args.map((arg) => textOf(arg) ?? reprOf(arg)).join(':') };
    default:
      return undefined;
  }
}

/** A tensor, a storage without one, or a class with its source text. */
function unfoldPersistent(node: PicklePersistent): Unfolded<TorchLeaf> {
  if (asKind(node.inserted, 'call')) return { kind: 'same', node: node.inserted! };
  const id = persistentIdOf(node)!;
  const [tag, second, key, , count] = idParts(id);
  if (textOf(tag) === 'storage') {
    const storageClass = asKind(second, 'global')?.name ?? 'storage';
    const text = `${storageClass} ${textOf(key) ?? reprOf(key ?? null)} of ${safeInteger(count) ?? '?'} elements`;
    return { kind: 'value', value: text };
  }
  return { kind: 'value', value: reprOf(textOf(tag) === 'module' ? (second ?? null) : id) };
}
