import { HDF5_ATTRIBUTE_ITEMS, METADATA_DEPTH } from '#main/bytes/limits.ts';
import { numbersOfFields } from '#main/encodings/filters/number-fields.ts';
import type { Hdf5Attribute } from '#main/encodings/hdf5/attributes.ts';
import type { Datatype, FloatType, IntegerType } from '#main/encodings/hdf5/datatype.ts';
import { elementTypeOf } from '#main/encodings/hdf5/element-type.ts';
import type { TextReader } from '#main/encodings/hdf5/text-reader.ts';
import { metadataFrom, type MetadataValue } from '#shared/checkpoint.ts';

/**
 * What an attribute says: text, numbers (exact; beyond 2^53 as bigint), nested lists, records as objects.
 * Long ones and kinds without a value to show are described in a sentence in angle brackets.
 */
export async function attributeValue(attribute: Hdf5Attribute, texts: TextReader): Promise<MetadataValue> {
  const { type, space, data } = attribute;
  if (space.isNull) return null;
  const count = space.shape.reduce((product, size) => product * size, 1);
  if (count > HDF5_ATTRIBUTE_ITEMS) return `<${count} values>`;
  if (data.byteLength < count * type.size) return `<cut off after ${data.byteLength} bytes>`;
  const values: MetadataValue[] = [];
  for (let at = 0; at < count; at++) {
    values.push(await elementValue(type, data.subarray(at * type.size, (at + 1) * type.size), texts, 0));
  }
  return nested(values, space.shape);
}

/** A flat list in C order as lists in lists; the only value itself for a scalar. */
function nested(values: readonly MetadataValue[], shape: readonly number[]): MetadataValue {
  if (shape.length === 0) return values[0] ?? null;
  const [size, ...inner] = shape as [number, ...number[]];
  const step = inner.reduce((product, length) => product * length, 1);
  return Array.from({ length: size }, (_, at) => nested(values.slice(at * step, (at + 1) * step), inner));
}

async function elementValue(
  type: Datatype,
  bytes: Uint8Array,
  texts: TextReader,
  depth: number,
): Promise<MetadataValue> {
  if (depth > METADATA_DEPTH) return '<nested too deeply>';
  switch (type.kind) {
    case 'integer':
    case 'bitfield':
      return integerValue(type, bytes);
    case 'float':
      return floatValue(type, bytes);
    case 'string': {
      const [text] = await texts.read(bytes, type);
      return typeof text === 'string' ? text : hexOf(text ?? new Uint8Array(0));
    }
    case 'enum': {
      const member = type.members.find(({ value }) => Buffer.compare(value, bytes) === 0);
      if (elementTypeOf(type).kind === 'number' && type.size === 1 && type.members.length === 2) {
        if (member?.name.toUpperCase() === 'TRUE') return true;
        if (member?.name.toUpperCase() === 'FALSE') return false;
      }
      return member?.name ?? elementValue(type.base, bytes, texts, depth + 1);
    }
    case 'compound': {
      const entries: [string, MetadataValue][] = [];
      for (const { name, offset, type: member } of type.members) {
        const part = bytes.subarray(offset, offset + member.size);
        entries.push([
          name,
          part.byteLength < member.size ? null : await elementValue(member, part, texts, depth + 1),
        ]);
      }
      return metadataFrom(entries);
    }
    case 'array': {
      const count = type.shape.reduce((product, size) => product * size, 1);
      const { size } = type.base;
      if (count > HDF5_ATTRIBUTE_ITEMS || count * size !== type.size) return `<${count} values>`;
      const values: MetadataValue[] = [];
      for (let at = 0; at < count; at++) {
        values.push(
          await elementValue(type.base, bytes.subarray(at * size, (at + 1) * size), texts, depth + 1),
        );
      }
      return nested(values, type.shape);
    }
    case 'complex': {
      const { size } = type.base;
      const part = (at: number): Promise<MetadataValue> =>
        elementValue(type.base, bytes.subarray(at, at + size), texts, depth + 1);
      return [await part(0), await part(size)];
    }
    case 'opaque':
      return hexOf(bytes.subarray(0, 64));
    case 'reference':
      return '<reference>';
    case 'sequence':
      return '<list>';
    case 'time':
      return '<time>';
  }
}

function integerValue(type: IntegerType, bytes: Uint8Array): MetadataValue {
  if (!isNumber(type, bytes)) return hexOf(bytes);
  const { size, bitOffset, precision, isSigned, byteOrder } = type;
  const isBigEndian = byteOrder === 'big';
  const field = { kind: 'integer', size, isBigEndian, bitOffset, precision, isSigned, outBytes: 8 } as const;
  const buffer = Buffer.from(numbersOfFields(bytes, field));
  const value = isSigned ? buffer.readBigInt64LE() : buffer.readBigUInt64LE();
  return Number.isSafeInteger(Number(value)) ? Number(value) : value;
}

function floatValue(type: FloatType, bytes: Uint8Array): MetadataValue {
  if (!isNumber(type, bytes)) return hexOf(bytes);
  const field = { ...type, kind: 'float', isBigEndian: type.byteOrder === 'big', outBytes: 8 } as const;
  return Buffer.from(numbersOfFields(bytes, field)).readDoubleLE();
}

/** Whether the bytes are a number of this type, and one of those that are shown: an enum's base, or half of a complex number, may claim to be longer than the whole. */
function isNumber(type: IntegerType | FloatType, bytes: Uint8Array): boolean {
  return type.size <= 8 && bytes.byteLength === type.size && elementTypeOf(type).kind === 'number';
}

function hexOf(bytes: Uint8Array): string {
  return `hex:${Buffer.from(bytes).toString('hex')}`;
}
