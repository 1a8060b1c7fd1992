// Messages of V1 checkpoints: tensorflow/core/util/saved_tensor_slice.proto, framework/{tensor,tensor_slice,versions}.proto.
import { PROTOBUF_TEXT_BYTES, V1_META_BYTES } from '#main/bytes/limits.ts';
import type { ByteSource } from '#main/bytes/source.ts';
import type { PlacedBlock, PlacedEntry } from '#main/encodings/sorted-table/placed-entries.ts';
import {
  bytesOf,
  spanOf,
  textOf,
  visitFields,
  type MessageSpan,
  type SpanField,
} from '#main/encodings/protobuf/message-span.ts';
import { countIn, fieldsOf, messageIn, textIn, type Message } from '#main/encodings/protobuf/protobuf.ts';
import { parseShape, parseSlice, type Extent } from '#main/formats/tensorflow/bundle.ts';
import { AppError } from '#shared/errors.ts';

/** What the entry under the empty key says of one tensor. */
export interface SavedTensor {
  readonly name: string;
  /** Undefined for an unknown rank. */
  readonly shape: readonly number[] | undefined;
  readonly dtypeCode: number;
  readonly slices: readonly (readonly Extent[])[];
}

/** The values of one slice: a TensorProto, which has no type of its own here. */
export interface SavedSlice {
  readonly name: string;
  readonly extents: readonly Extent[];
  readonly values: MessageSpan | undefined;
}

/** A slice, the file that it is in, and the block of its values. */
export interface StoredSlice extends SavedSlice {
  /** The file's own source, whatever the values were unpacked to. */
  readonly file: ByteSource;
  readonly block: PlacedBlock;
}

/** What slices are found by. */
export function sliceName(name: string, extents: readonly Extent[]): string {
  return JSON.stringify([name, ...extents.map(({ start, length }) => [start, length ?? -1])]);
}

const META = 1;
const DATA = 2;

/** The list of tensors of a file. @throws AppError `corrupt`, `limit`. */
export async function readMeta(entry: PlacedEntry): Promise<readonly SavedTensor[]> {
  const { source, offset, byteLength } = entry;
  if (byteLength > V1_META_BYTES) {
    throw new AppError('limit', 'the list of tensors is longer than we read', {
      file: source.name,
      offset,
      expected: `at most ${V1_META_BYTES} bytes`,
      found: `${byteLength} bytes`,
    });
  }
  const bytes = await source.read(offset, byteLength);
  const slices: Message = { bytes, base: offset, file: source.name, what: 'the list of tensors' };
  const tensors: SavedTensor[] = [];
  for (const field of fieldsOf(slices)) {
    if (field.number !== META) continue;
    const meta = messageIn(field, slices);
    for (const inner of fieldsOf(meta))
      if (inner.number === 1) tensors.push(parseTensor(messageIn(inner, meta)));
  }
  return tensors;
}

function parseTensor(message: Message): SavedTensor {
  let name = '';
  let shape: readonly number[] | undefined = [];
  let dtypeCode = 0;
  const slices: (readonly Extent[])[] = [];
  for (const field of fieldsOf(message)) {
    if (field.number === 1) name = textIn(field, message);
    else if (field.number === 2) shape = parseShape(messageIn(field, message));
    else if (field.number === 3) dtypeCode = countIn(field, message);
    else if (field.number === 4) slices.push(parseSlice(messageIn(field, message)));
  }
  return { name, shape, dtypeCode, slices };
}

/** The slice that an entry under another key holds; undefined where it holds none. */
export async function readSlice(entry: PlacedEntry): Promise<SavedSlice | undefined> {
  const { source, offset, byteLength } = entry;
  const outer: MessageSpan = {
    source,
    begin: offset,
    end: offset + byteLength,
    what: 'a slice of a tensor',
    depth: 0,
  };
  const data = (await fieldsByNumber(outer)).get(DATA);
  if (!data) return undefined;
  const slice = spanOf(data, outer, outer.what);
  const fields = await fieldsByNumber(slice);
  const [name, extents, values] = [fields.get(1), fields.get(2), fields.get(3)];
  return {
    name: name ? await textOf(name, slice, PROTOBUF_TEXT_BYTES) : '',
    extents: extents ? parseSlice(await messageOf(extents, slice)) : [],
    values: values && spanOf(values, slice, 'the values of a tensor'),
  };
}

async function messageOf(field: SpanField, around: MessageSpan): Promise<Message> {
  const bytes = await bytesOf(field, around, PROTOBUF_TEXT_BYTES);
  return { bytes, base: field.begin, file: around.source.name, what: around.what, depth: around.depth + 1 };
}

/** The last field of each number. */
async function fieldsByNumber(span: MessageSpan): Promise<ReadonlyMap<number, SpanField>> {
  const fields = new Map<number, SpanField>();
  await visitFields(span, (field) => void fields.set(field.number, field));
  return fields;
}
