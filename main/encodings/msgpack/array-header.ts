import type { ByteSource } from '#main/bytes/source.ts';
import { readMsgpack } from '#main/encodings/msgpack/msgpack.ts';
import type { MsgpackExtension, MsgpackNode } from '#main/encodings/msgpack/nodes.ts';
import { TENSOR_RANK } from '#main/bytes/limits.ts';
import { AppError } from '#shared/errors.ts';

/** Bytes of a source. */
export interface ByteSpan {
  readonly begin: number;
  readonly byteLength: number;
}

/** What an ndarray extension says about its values. */
export interface ArrayHeader {
  /** NumPy's name, such as `float32` or `bfloat16`. */
  readonly dtypeName: string;
  readonly shape: readonly number[];
  readonly values: ByteSpan;
}

/** NumPy's longest names are those of times with a unit. */
const DTYPE_NAME_BYTES = 64;

/**
 * Reads the payload of an ndarray: a list of shape, dtype name and bytes.
 * @throws AppError `corrupt` for a payload that is something else.
 */
export async function readArrayHeader(extension: MsgpackExtension, source: ByteSource): Promise<ArrayHeader> {
  const fault = (message: string, found?: string): AppError =>
    new AppError('corrupt', message, {
      file: source.name,
      offset: extension.begin,
      ...(found === undefined ? {} : { found }),
    });
  const { root, end } = await readMsgpack(source, extension.begin);
  const stated = extension.begin + extension.byteLength;
  if (end !== stated) throw fault(`an array should end at byte ${stated} and ends at ${end}`);
  const items = root.kind === 'array' ? root.items : [];
  const [shape, dtype, values] = items;
  if (
    items.length !== 3 ||
    shape?.kind !== 'array' ||
    !values ||
    (values.kind !== 'binary' && values.kind !== 'text')
  ) {
    throw fault('an array is not a shape, a type and bytes');
  }
  return {
    dtypeName: await dtypeName(dtype!, source, fault),
    shape: shape.items.map((item) => dimension(item, fault)).slice(0, TENSOR_RANK + 1),
    values: { begin: values.begin, byteLength: values.byteLength },
  };
}

type Fault = (message: string, found?: string) => AppError;

/** Texts written as binary values are taken, as Flax takes them. */
async function dtypeName(node: MsgpackNode, source: ByteSource, fault: Fault): Promise<string> {
  if (node.kind === 'text' && node.value !== undefined && node.byteLength <= DTYPE_NAME_BYTES)
    return node.value;
  if (node.kind === 'binary' && node.byteLength <= DTYPE_NAME_BYTES) {
    return Buffer.from(await source.read(node.begin, node.byteLength)).toString('latin1');
  }
  throw fault('the type of an array is no name');
}

/** A whole number that is not negative. Beyond 2^53 it is rounded, and named when the checkpoint is validated. */
export function dimension(node: MsgpackNode, fault: Fault): number {
  const value = node.kind === 'value' ? node.value : undefined;
  if (
    (typeof value === 'number' || typeof value === 'bigint') &&
    value >= 0 &&
    Number.isInteger(Number(value))
  ) {
    return Number(value);
  }
  throw fault(
    'the shape of an array has something that is no dimension',
    node.kind === 'value' ? String(node.value) : node.kind,
  );
}
