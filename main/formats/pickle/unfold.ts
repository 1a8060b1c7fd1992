import { pickledArray } from '#main/encodings/ndarray/pickled-array.ts';
import { unfoldArray, type ArrayLeaf } from '#main/encodings/ndarray/unfold-array.ts';
import { textOf } from '#main/encodings/pickle/content.ts';
import {
  asKind,
  globalName,
  itemsOf,
  type PickleCall,
  type PickleObject,
} from '#main/encodings/pickle/nodes.ts';
import { stateEntries } from '#main/encodings/pickle/object-parts.ts';
import type { Unfolded } from '#main/encodings/pickle/tree.ts';
import { AppError } from '#shared/errors.ts';

/** Mappings that are given their entries as their only argument. */
const FROZEN: ReadonlySet<string> = new Set(['flax.core.frozen_dict.FrozenDict']);

/** NumPy's arrays, Flax's frozen dicts, and PaddlePaddle's tensors, which stand as a tuple made of their name and their array (paddle/framework/io.py, `reduce_varbase`). */
export function unfoldPickled(node: PickleObject): Unfolded<ArrayLeaf> | undefined {
  const call = asKind(node, 'call');
  const maker = globalName(call?.callable);
  if (maker === 'builtins.tuple' || maker === '__builtin__.tuple') {
    const parts = itemsOf(itemsOf(call?.args)?.[0]) ?? [];
    const [name, array] = parts;
    const isTensor = parts.length === 2 && textOf(name) !== undefined && isArray(array);
    if (isTensor) return { kind: 'same', node: array! };
  }
  if (maker !== undefined && FROZEN.has(maker)) {
    const [entries] = itemsOf(call?.args) ?? [];
    if (asKind(entries, 'dict')) return { kind: 'same', node: entries! };
  }
  return (call && unfoldLeftOut(call)) ?? unfoldArray(node);
}

/** Before version 0.10 joblib put every array into a file of its own: joblib/numpy_pickle_compat.py, `NDArrayWrapper`, `ZNDArrayWrapper`. */
function unfoldLeftOut(call: PickleCall): Unfolded<ArrayLeaf> | undefined {
  const named = asKind(call.callable, 'global');
  const wrapper = named?.name === '_reconstructor' ? asKind(itemsOf(call.args)?.[0], 'global') : named;
  if (!wrapper || !/^Z?NDArrayWrapper$/.test(wrapper.name) || !/(^|\.)joblib\./.test(wrapper.module))
    return undefined;
  const file = textOf(new Map(stateEntries(call)).get('filename')) ?? 'another file';
  const message = `the array is in ${file.slice(0, 200)}, where joblib put arrays before version 0.10`;
  const error = new AppError('unsupported', message, { hint: 'open that file by itself' });
  return { kind: 'leaf', leaf: { kind: 'broken', error } };
}

function isArray(node: Parameters<typeof pickledArray>[0]): boolean {
  try {
    return pickledArray(node) !== undefined;
  } catch {
    // one that makes no sense is one all the same
    return true;
  }
}
