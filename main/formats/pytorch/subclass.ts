// torch/_tensor.py, `_rebuild_from_type_v2`, and torch/distributed/tensor/_api.py: tensors of a class of their own.
import { asKind, itemsOf, type PickleCall, type PickleNode } from '#main/encodings/pickle/nodes.ts';
import { entriesOfState, stateEntries } from '#main/encodings/pickle/object-parts.ts';

export interface Unwrapped {
  readonly node: PickleNode | undefined;
  /** Python attributes that are shown beside the tensor. */
  readonly attributes?: readonly (readonly [string, PickleNode])[];
  /** `torch.Size` of the tensor that the node is one process's part of. */
  readonly wholeSize?: PickleNode | undefined;
}

/** `(function, class, arguments, state)`: what the function rebuilds is the tensor, but for one that is spread over processes. */
export function unwrapSubclass(args: readonly PickleNode[]): Unwrapped {
  const [rebuild, subclass, rebuildArgs, state] = args;
  if (rebuild === undefined || rebuildArgs === undefined) return { node: undefined };
  const attributes = entriesOfState(state) ?? [];
  if (asKind(subclass, 'global')?.name === 'DTensor') return distributedTensor(attributes, rebuildArgs);
  const call: PickleCall = {
    kind: 'call',
    opcode: 'REDUCE',
    callable: rebuild,
    args: rebuildArgs,
    offset: 0,
  };
  return { node: call, attributes };
}

/** A `DTensor`: its values here are those of this process; its description tells how the others have the rest. */
function distributedTensor(
  attributes: readonly (readonly [string, PickleNode])[],
  rebuildArgs: PickleNode,
): Unwrapped {
  const parts = new Map(attributes);
  const description = new Map(stateEntries(asKind(parts.get('_spec'), 'call') ?? {}));
  const placements = description.get('placements');
  return {
    node: parts.get('_local_tensor'),
    attributes: placements === undefined ? [] : [['placements', placements]],
    // `_rebuild_wrapper_subclass` takes class, dtype and size
    wholeSize: itemsOf(rebuildArgs)?.[2],
  };
}
