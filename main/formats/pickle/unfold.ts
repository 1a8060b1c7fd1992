import { pickledArray } from '#main/encodings/ndarray/pickled-array.ts';
import { unfoldArray, type ArrayLeaf } from '#main/encodings/ndarray/unfold-array.ts';
import { textOf } from '#main/encodings/pickle/content.ts';
import { asKind, globalName, itemsOf, type PickleObject } from '#main/encodings/pickle/nodes.ts';
import type { Unfolded } from '#main/encodings/pickle/tree.ts';

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
  return unfoldArray(node);
}

function isArray(node: Parameters<typeof pickledArray>[0]): boolean {
  try {
    return pickledArray(node) !== undefined;
  } catch {
    // one that makes no sense is one all the same
    return true;
  }
}
