// Flax state in MessagePack: google/flax flax/serialization.py, `msgpack_serialize` and `_msgpack_ext_pack`; T5X and Orbax put links in it.
import { METADATA_VALUES, STATE_NAME_CHARACTERS } from '#main/bytes/limits.ts';
import type { ByteSource } from '#main/bytes/source.ts';
import { readArrayHeader, type ArrayHeader, type ByteSpan } from '#main/encodings/msgpack/array-header.ts';
import { chunkedParts, isChunkedArray } from '#main/encodings/msgpack/chunked-array.ts';
import { linkOf, type StateLink } from '#main/encodings/msgpack/state-link.ts';
import { readMsgpack } from '#main/encodings/msgpack/msgpack.ts';
import type { MsgpackExtension, MsgpackNode } from '#main/encodings/msgpack/nodes.ts';
import type { Layout, MetadataValue, Problem } from '#shared/checkpoint.ts';
import { AppError, isAppError } from '#shared/errors.ts';

/** An array of the state: its bytes are pointed at. */
export interface StateArray {
  /** Keys on the way to it, with dots between them. */
  readonly name: string;
  /** NumPy's name of the dtype; undefined where the array is broken, which is a problem of its own. */
  readonly dtypeName: string | undefined;
  readonly shape: readonly number[];
  /** One after the other, in C order; several where the array was cut because of its size. */
  readonly pieces: readonly ByteSpan[];
}

export interface StateTree {
  readonly layout: Layout;
  readonly arrays: readonly StateArray[];
  /** Arrays whose values lie elsewhere. */
  readonly links: readonly StateLink[];
  /** Everything else, by the same kind of name. */
  readonly values: readonly (readonly [string, MetadataValue])[];
  readonly problems: readonly Problem[];
}

/** What `flax.serialization` calls its extension types. */
const NDARRAY = 1;
const NATIVE_COMPLEX = 2;
const NUMPY_SCALAR = 3;

/** The name of an array that is alone in its file. */
const ALONE = 'value';

interface Visit {
  /** Undefined for the root. */
  readonly name: string | undefined;
  readonly node: MsgpackNode;
}

/** Tells arrays, links and plain values of a state apart. @param source the one that the tree was read from. */
export async function readState(root: MsgpackNode, source: ByteSource): Promise<StateTree> {
  const arrays: StateArray[] = [];
  const links: StateLink[] = [];
  const values: [string, MetadataValue][] = [];
  const problems: Problem[] = [];
  let characters = 0;

  async function array(
    name: string,
    node: MsgpackNode,
    parts: readonly MsgpackExtension[],
    shape?: readonly number[],
  ): Promise<void> {
    try {
      const headers: ArrayHeader[] = [];
      for (const part of parts) headers.push(await readArrayHeader(part, source));
      arrays.push({ name, ...joined(headers, shape, node, source) });
    } catch (error) {
      if (!isAppError(error) || error.code === 'io') throw error;
      problems.push({
        code: 'array',
        message: error.message,
        tensor: name,
        offset: error.fields.offset ?? node.offset,
      });
      arrays.push({ name, dtypeName: undefined, shape: [], pieces: [] });
    }
  }

  async function extension(name: string, node: MsgpackExtension): Promise<void> {
    if (node.type === NDARRAY || node.type === NUMPY_SCALAR) await array(name, node, [node]);
    else values.push([name, node.type === NATIVE_COMPLEX ? await complexText(node, source) : describe(node)]);
  }

  const stack: Visit[] = [{ name: undefined, node: root }];
  for (let visit = stack.pop(); visit; visit = stack.pop()) {
    const { node } = visit;
    const name = visit.name ?? ALONE;
    characters += name.length;
    if (characters > STATE_NAME_CHARACTERS) {
      throw new AppError('limit', 'the names of the state are longer than we hold', {
        file: source.name,
        offset: node.offset,
      });
    }
    const link = linkOf(name, node);
    if (node.kind === 'map' && isChunkedArray(node)) {
      const { parts, shape } = chunkedParts(node);
      await array(name, node, parts, shape);
    } else if (link) links.push(link);
    else if (node.kind === 'map' || node.kind === 'array') pushAll(stack, visit.name, childrenOf(node));
    else if (node.kind === 'extension') await extension(name, node);
    else values.push([name, describe(node)]);
  }
  if (values.length > METADATA_VALUES) {
    problems.push({
      code: 'metadata',
      message: `only the first ${METADATA_VALUES} of ${values.length} plain values are shown`,
    });
  }
  return { layout: layoutOf(root), arrays, links, values: values.slice(0, METADATA_VALUES), problems };
}

function childrenOf(
  node: Extract<MsgpackNode, { kind: 'map' | 'array' }>,
): readonly (readonly [string, MsgpackNode])[] {
  if (node.kind === 'map') return node.entries.map(([key, child]) => [key.text, child]);
  return node.items.map((child, index) => [String(index), child]);
}

/** The first child comes off the stack first. */
function pushAll(
  stack: Visit[],
  parent: string | undefined,
  children: readonly (readonly [string, MsgpackNode])[],
): void {
  for (let at = children.length - 1; at >= 0; at--) {
    const [key, node] = children[at]!;
    stack.push({ name: parent === undefined ? key : `${parent}.${key}`, node });
  }
}

function layoutOf(root: MsgpackNode): Layout {
  if (root.kind === 'array') return 'list';
  return root.kind === 'map' && !isChunkedArray(root) ? 'dict' : 'tensor';
}

/** @param shape of the whole, where there are parts. */
function joined(
  headers: readonly ArrayHeader[],
  shape: readonly number[] | undefined,
  node: MsgpackNode,
  source: ByteSource,
): Omit<StateArray, 'name'> {
  const first = headers[0];
  if (!first)
    throw new AppError('corrupt', 'a chunked array has no chunks', {
      file: source.name,
      offset: node.offset,
    });
  const other = headers.find(({ dtypeName }) => dtypeName !== first.dtypeName);
  if (other) {
    throw new AppError('corrupt', 'the chunks of an array are of different types', {
      file: source.name,
      offset: node.offset,
      expected: first.dtypeName,
      found: other.dtypeName,
    });
  }
  return {
    dtypeName: first.dtypeName,
    shape: shape ?? first.shape,
    pieces: headers.map(({ values }) => values),
  };
}

/** A Python complex number, as Python writes it. */
async function complexText(node: MsgpackExtension, source: ByteSource): Promise<string> {
  try {
    const { root, end } = await readMsgpack(source, node.begin);
    const parts = root.kind === 'array' ? root.items : [];
    const [real, imaginary] = parts.map((part) => (part.kind === 'value' ? Number(part.value) : NaN));
    if (parts.length === 2 && end === node.begin + node.byteLength) {
      return `${real}${imaginary! < 0 || Object.is(imaginary, -0) ? '-' : '+'}${Math.abs(imaginary!)}j`;
    }
  } catch (error) {
    if (!isAppError(error) || error.code === 'io') throw error;
  }
  return describe(node) as string;
}

function describe(node: Exclude<MsgpackNode, { kind: 'map' | 'array' }>): MetadataValue {
  switch (node.kind) {
    case 'value':
      return node.value;
    case 'text':
      return node.value ?? `${node.byteLength} bytes of text`;
    case 'binary':
      return `${node.byteLength} bytes`;
    case 'extension':
      return `${node.byteLength} bytes of extension type ${node.type}`;
  }
}
