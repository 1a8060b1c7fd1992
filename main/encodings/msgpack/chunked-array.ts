// Arrays beyond a gibibyte: google/flax flax/serialization.py, `_chunk`.
import { dimension } from '#main/encodings/msgpack/array-header.ts';
import {
  entryOf,
  type MsgpackExtension,
  type MsgpackMap,
  type MsgpackNode,
} from '#main/encodings/msgpack/nodes.ts';
import { AppError } from '#shared/errors.ts';

const MARK = '__msgpack_chunked_array__';

export interface ChunkedParts {
  readonly shape: readonly number[];
  /** Flat arrays, one after the other. */
  readonly parts: readonly MsgpackExtension[];
}

export function isChunkedArray(map: MsgpackMap): boolean {
  return entryOf(map, MARK) !== undefined;
}

/** @returns no parts where the map is not what its mark says. */
export function chunkedParts(map: MsgpackMap): ChunkedParts {
  const shape = tupleOf(entryOf(map, 'shape'));
  const parts = tupleOf(entryOf(map, 'chunks'))?.filter(
    (node): node is MsgpackExtension => node.kind === 'extension',
  );
  const fault = (message: string, found?: string): AppError =>
    new AppError('corrupt', message, { offset: map.offset, ...(found === undefined ? {} : { found }) });
  try {
    return { shape: shape?.map((node) => dimension(node, fault)) ?? [], parts: shape ? (parts ?? []) : [] };
  } catch {
    return { shape: [], parts: [] };
  }
}

/** The items of a tuple, which is a map with the keys "0", "1" and so on. */
function tupleOf(node: MsgpackNode | undefined): readonly MsgpackNode[] | undefined {
  if (node?.kind === 'array') return node.items;
  if (node?.kind !== 'map') return undefined;
  const byKey = new Map(node.entries.map(([key, item]) => [key.text, item]));
  const items: MsgpackNode[] = [];
  for (let index = 0; index < byKey.size; index++) {
    const item = byKey.get(String(index));
    if (!item) return undefined;
    items.push(item);
  }
  return items;
}
