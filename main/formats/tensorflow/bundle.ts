// TensorFlow tensor bundle messages: tensorflow/core/protobuf/tensor_bundle.proto, framework/{tensor_shape,tensor_slice}.proto.
import { countIn, fieldsOf, messageIn, signedIn, type Message } from '#main/encodings/protobuf/protobuf.ts';

export interface BundleHeader {
  readonly shardCount: number;
  readonly isBigEndian: boolean;
  readonly producer: number;
  readonly minConsumer: number;
}

export interface BundleEntry {
  /** TensorFlow's DataType code. */
  readonly dtypeCode: number;
  /** Undefined for an unknown rank. */
  readonly shape: readonly number[] | undefined;
  readonly shard: number;
  /** Bytes of the shard. */
  readonly offset: number;
  readonly byteLength: number;
  /** Masked CRC-32C; undefined where none is stated. */
  readonly checksum: number | undefined;
  /** A partitioned variable's parts, each with an extent for every axis; its values stand under keys of their own. */
  readonly slices: readonly (readonly Extent[])[];
}

/** A range of one axis. */
export interface Extent {
  readonly start: number;
  /** Undefined for all of the axis. */
  readonly length: number | undefined;
}

/** Whether the value under the empty key is that of a V1 checkpoint: it has a message where V2 has a number. */
export function isVersion1(header: Message): boolean {
  for (const { number, wire } of fieldsOf(header)) if (number === 1) return wire === 2;
  return false;
}

/** @throws AppError `corrupt`. */
export function parseHeader(message: Message): BundleHeader {
  let shardCount = 0;
  let isBigEndian = false;
  let producer = 0;
  let minConsumer = 0;
  for (const field of fieldsOf(message)) {
    if (field.number === 1) shardCount = countIn(field, message);
    else if (field.number === 2) isBigEndian = countIn(field, message) === 1;
    else if (field.number === 3) {
      const version = messageIn(field, message);
      for (const part of fieldsOf(version)) {
        if (part.number === 1) producer = countIn(part, version);
        else if (part.number === 2) minConsumer = countIn(part, version);
      }
    }
  }
  return { shardCount, isBigEndian, producer, minConsumer };
}

/** @throws AppError `corrupt`. */
export function parseEntry(message: Message): BundleEntry {
  let dtypeCode = 0;
  let shape: readonly number[] | undefined = [];
  let shard = 0;
  let offset = 0;
  let byteLength = 0;
  let checksum: number | undefined;
  const slices: (readonly Extent[])[] = [];
  for (const field of fieldsOf(message)) {
    if (field.number === 1) dtypeCode = countIn(field, message);
    else if (field.number === 2) shape = parseShape(messageIn(field, message));
    else if (field.number === 3) shard = countIn(field, message);
    else if (field.number === 4) offset = countIn(field, message);
    else if (field.number === 5) byteLength = countIn(field, message);
    else if (field.number === 6) checksum = countIn(field, message);
    else if (field.number === 7) slices.push(parseSlice(messageIn(field, message)));
  }
  return { dtypeCode, shape, shard, offset, byteLength, checksum, slices };
}

export function parseShape(message: Message): readonly number[] | undefined {
  const shape: number[] = [];
  for (const field of fieldsOf(message)) {
    if (field.number === 3 && field.integer !== 0) return undefined;
    if (field.number !== 2) continue;
    const dimension = messageIn(field, message);
    let size = 0;
    for (const part of fieldsOf(dimension)) if (part.number === 1) size = Number(signedIn(part, dimension));
    shape.push(size);
  }
  return shape;
}

export function parseSlice(message: Message): readonly Extent[] {
  const extents: Extent[] = [];
  for (const field of fieldsOf(message)) {
    if (field.number !== 1) continue;
    const extent = messageIn(field, message);
    let start = 0;
    let length: number | undefined;
    for (const part of fieldsOf(extent)) {
      if (part.number === 1) start = countIn(part, extent);
      else if (part.number === 2) length = countIn(part, extent);
    }
    extents.push({ start, length });
  }
  return extents;
}
