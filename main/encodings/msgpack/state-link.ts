// Arrays that lie in folders beside the file: google-research/t5x t5x/checkpoints.py, google/orbax handlers of before 0.6.
import { entryOf, type MsgpackMap, type MsgpackNode } from '#main/encodings/msgpack/nodes.ts';

/** A leaf that stands for an array elsewhere. */
export interface StateLink {
  readonly name: string;
  /** Name of the zarr array beside the file: the last part of the path that was written. */
  readonly arrayName: string;
}

const PLACEHOLDER = 'PLACEHOLDER://';

/** The link that a leaf is: Orbax's placeholder, or TensorStore's description of a zarr array; undefined for everything else. */
export function linkOf(name: string, node: MsgpackNode): StateLink | undefined {
  if (node.kind === 'text') {
    if (!node.value?.startsWith(PLACEHOLDER)) return undefined;
    return { name, arrayName: node.value.slice(PLACEHOLDER.length) };
  }
  if (node.kind !== 'map' || !(textOf(entryOf(node, 'driver')) ?? '').startsWith('zarr')) return undefined;
  const path = textOf(entryIn(node, 'kvstore', 'path')) ?? textOf(entryOf(node, 'path'));
  const arrayName = path
    ?.split('/')
    .filter((part) => part !== '')
    .at(-1);
  return arrayName === undefined ? undefined : { name, arrayName };
}

function entryIn(map: MsgpackMap, key: string, inner: string): MsgpackNode | undefined {
  const child = entryOf(map, key);
  return child?.kind === 'map' ? entryOf(child, inner) : undefined;
}

function textOf(node: MsgpackNode | undefined): string | undefined {
  return node?.kind === 'text' ? node.value : undefined;
}
