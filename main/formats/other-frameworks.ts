/** How files of frameworks that are not read begin: enough to call them by their names. */
import { startsWith } from '#main/formats/input.ts';

const latin1 = (bytes: Uint8Array): string =>
  Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1');

const viewOf = (bytes: Uint8Array): DataView =>
  new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);

/** One field at a position of a protobuf message, its value cut at the end of the head. */
interface HeadField {
  readonly number: number;
  readonly wire: number;
  readonly value: number;
  readonly bytes: Uint8Array;
  readonly end: number;
}

function fieldAt(head: Uint8Array, at: number): HeadField | undefined {
  const tag = varintAt(head, at);
  const value = tag && varintAt(head, tag.end);
  if (!value || ![0, 2].includes(tag.value & 7)) return undefined;
  const wire = tag.value & 7;
  const end = wire === 2 ? value.end + value.value : value.end;
  return {
    number: tag.value >>> 3,
    wire,
    value: value.value,
    bytes: wire === 2 ? head.subarray(value.end, end) : head.subarray(0, 0),
    end,
  };
}

function varintAt(head: Uint8Array, at: number): { value: number; end: number } | undefined {
  let value = 0;
  for (let index = 0; index < 5; index++) {
    const byte = head[at + index];
    if (byte === undefined) return undefined;
    value += (byte & 0x7f) * 128 ** index;
    if (byte < 0x80) return { value, end: at + index + 1 };
  }
  return undefined;
}

const isName = (bytes: Uint8Array): boolean => bytes.byteLength > 0 && /^[\x20-\x7e]+$/.test(latin1(bytes));

/** Core ML's Model: a version, then a description that begins with a named input. coremltools, mlmodel/format/Model.proto. */
export function isCoreMl(head: Uint8Array): boolean {
  const version = fieldAt(head, 0);
  const description = version && fieldAt(head, version.end);
  if (version?.number !== 1 || version.wire !== 0 || version.value > 64) return false;
  const input =
    description?.number === 2 && description.wire === 2 ? fieldAt(description.bytes, 0) : undefined;
  const name = input && [1, 10].includes(input.number) ? fieldAt(input.bytes, 0) : undefined;
  return name?.number === 1 && name.wire === 2 && isName(name.bytes);
}

/** The weights of a Core ML package: a header of 64 bytes, then a sentinel for every blob. coremltools, StorageFormat.hpp. */
export function isCoreMlWeights(head: Uint8Array): boolean {
  return head.byteLength >= 68 && head[4] === 2 && viewOf(head).getUint32(64, true) === 0xdeadbeef;
}

/** MindSpore's Checkpoint: a name, then a tensor with dimensions and the name of its type. mindspore/ccsrc/utils/checkpoint.proto. */
export function isMindSpore(head: Uint8Array): boolean {
  const value = fieldAt(head, 0);
  if (value?.number !== 1 || value.wire !== 2) return false;
  const tag = fieldAt(value.bytes, 0);
  if (tag?.number !== 1 || tag.wire !== 2 || !isName(tag.bytes)) return false;
  const tensor = fieldAt(value.bytes, tag.end);
  if (tensor?.number !== 2 || tensor.wire !== 2) return false;
  for (let at = 0, field = fieldAt(tensor.bytes, at); field; field = fieldAt(tensor.bytes, at)) {
    if (field.number === 2)
      return field.wire === 2 && /^(Float|BFloat|Int|UInt|Bool|Str)\w*$/.test(latin1(field.bytes));
    if (field.number !== 1) return false;
    at = field.end;
  }
  return false;
}

/** Caffe's NetParameter: perhaps a name, then layers of the second generation (field 100) or of the first (field 2). caffe.proto. */
export function isCaffe(head: Uint8Array): boolean {
  const first = fieldAt(head, 0);
  const isNamed = first?.number === 1 && first.wire === 2 && isName(first.bytes);
  const layer = isNamed ? fieldAt(head, first.end) : first;
  if (layer?.wire !== 2) return false;
  const inner = fieldAt(layer.bytes, 0);
  const isText = inner?.wire === 2 && isName(inner.bytes);
  if (layer.number === 100) return isText && inner.number === 1;
  // a layer of the first generation begins with the names of what it takes in or gives out
  return layer.number === 2 && isNamed && isText && [2, 3, 4].includes(inner.number);
}

/** A graph of TensorFlow: nodes with a name and an operation. tensorflow/core/framework/graph.proto. */
export function isTensorflowGraph(head: Uint8Array): boolean {
  const node = fieldAt(head, 0);
  if (node?.number !== 1 || node.wire !== 2) return false;
  const name = fieldAt(node.bytes, 0);
  const operation = name && fieldAt(node.bytes, name.end);
  const isNode = name?.number === 1 && name.wire === 2 && isName(name.bytes) && operation?.number === 2;
  return isNode && operation.wire === 2 && /^[A-Z]\w+$/.test(latin1(operation.bytes));
}

/** Weights of a PaddlePaddle program: version and no levels, then a description of a few bytes. paddle/fluid/framework/lod_tensor.cc. */
export function isPaddleProgram(head: Uint8Array): boolean {
  if (head.byteLength < 24 || !head.subarray(0, 16).every((byte) => byte === 0)) return false;
  const length = viewOf(head).getInt32(16, true);
  const type = fieldAt(head, 20);
  const isType = type?.number === 1 && type.wire === 0 && type.value < 64;
  return isType && length >= 2 && length < 256 && (length === 2 || (head[22]! & 0xf8) === 0x10);
}

/** Darknet's weights: version 0.1 or 0.2, a count of images, then floats and nothing else. darknet/src/parser.c. */
export function isDarknet(head: Uint8Array, byteLength: number): boolean {
  if (head.byteLength < 36) return false;
  const view = viewOf(head);
  const [major, minor, revision] = [0, 4, 8].map((at) => view.getInt32(at, true)) as [number, number, number];
  if (major !== 0 || ![1, 2].includes(minor) || revision < 0 || revision > 9) return false;
  const header = minor === 2 ? 20 : 16;
  const values = [0, 1, 2, 3].map((index) => view.getFloat32(header + 4 * index, true));
  const isPlain = values.every((value) => Number.isFinite(value) && Math.abs(value) < 1e6);
  return (byteLength - header) % 4 === 0 && isPlain && values.some((value) => value !== 0);
}

/** Torch7's objects, in binary or in text, by the version that stands before the first class. torch/File.lua. */
export function isTorch7(head: Uint8Array): boolean {
  const text = latin1(head);
  if (/^[34]\n1\n/.test(text)) return /\nV 1\n\d+\n(torch|nn|nngraph|cudnn|tds)\.\w/.test(text);
  const isObject = [3, 4].some((type) => startsWith(head, [type, 0, 0, 0, 1, 0, 0, 0]));
  return isObject && /V 1[^]{4}(torch|nn|nngraph|cudnn|tds)\.\w/.test(text);
}
