// HDF5 File Format Specification 4.0, IV.A.2.d "The Datatype Message", versions 1 to 5.
import { HDF5_TYPE_DEPTH, HDF5_TYPE_MEMBERS, TENSOR_RANK } from '#main/bytes/limits.ts';
import { bytesFor, type Fields } from '#main/encodings/hdf5/fields.ts';
import { AppError } from '#shared/errors.ts';

export type ByteOrder = 'little' | 'big' | 'vax';

/** Sizes are bytes of an element in the file. */
export type Datatype =
  | IntegerType
  | FloatType
  | StringType
  | { readonly kind: 'time'; readonly size: number }
  | { readonly kind: 'opaque'; readonly size: number; readonly tag: string }
  | { readonly kind: 'compound'; readonly size: number; readonly members: readonly CompoundMember[] }
  | { readonly kind: 'reference'; readonly size: number }
  | {
      readonly kind: 'enum';
      readonly size: number;
      readonly base: Datatype;
      readonly members: readonly EnumMember[];
    }
  | { readonly kind: 'sequence'; readonly size: number; readonly base: Datatype }
  | {
      readonly kind: 'array';
      readonly size: number;
      readonly base: Datatype;
      readonly shape: readonly number[];
    }
  | { readonly kind: 'complex'; readonly size: number; readonly base: Datatype };

export interface IntegerType {
  readonly kind: 'integer' | 'bitfield';
  readonly size: number;
  readonly byteOrder: ByteOrder;
  readonly isSigned: boolean;
  /** Bits, from the lowest one of the element. */
  readonly bitOffset: number;
  readonly precision: number;
}

export interface FloatType {
  readonly kind: 'float';
  readonly size: number;
  readonly byteOrder: ByteOrder;
  readonly bitOffset: number;
  readonly precision: number;
  /** Bits, from the lowest one of the element. */
  readonly signAt: number;
  readonly exponentAt: number;
  readonly exponentBits: number;
  readonly exponentBias: number;
  readonly mantissaAt: number;
  readonly mantissaBits: number;
  readonly hasImpliedOne: boolean;
}

export interface StringType {
  readonly kind: 'string';
  readonly size: number;
  /** The text is in the global heap; the element says where. */
  readonly isVariable: boolean;
  /** What fills a text of fixed length up. */
  readonly padding: 'nul-terminated' | 'nul' | 'space';
}

export interface CompoundMember {
  readonly name: string;
  /** Bytes into the element. */
  readonly offset: number;
  readonly type: Datatype;
}

export interface EnumMember {
  readonly name: string;
  /** As stored, in the base type. */
  readonly value: Uint8Array;
}

/** @throws AppError `corrupt` for a description that makes no sense, `unsupported` for a class that is not known. */
export function parseDatatype(fields: Fields, depth = 0): Datatype {
  if (depth > HDF5_TYPE_DEPTH) {
    throw new AppError('limit', 'a datatype is nested too deeply', {
      offset: fields.base + fields.position,
      expected: `at most ${HDF5_TYPE_DEPTH} levels`,
    });
  }
  const at = fields.base + fields.position;
  const head = fields.u8();
  const version = head >> 4;
  const flags = fields.u16() | (fields.u8() << 16);
  const size = fields.u32();
  const parse = CLASSES[head & 0x0f];
  if (!parse || version < 1 || version > 5) {
    throw new AppError(
      'unsupported',
      `datatypes of class ${head & 0x0f} and version ${version} are not known`,
      {
        offset: at,
      },
    );
  }
  return parse({ fields, version, flags, size, depth });
}

interface TypeHead {
  readonly fields: Fields;
  readonly version: number;
  readonly flags: number;
  readonly size: number;
  readonly depth: number;
}

/** By the number of the class. */
const CLASSES: readonly ((head: TypeHead) => Datatype)[] = [
  (head) => parseInteger(head, 'integer'),
  parseFloatType,
  ({ fields, size }) => {
    fields.skip(2);
    return { kind: 'time', size };
  },
  ({ flags, size }) => ({ kind: 'string', size, isVariable: false, padding: paddingOf(flags & 0x0f) }),
  (head) => parseInteger(head, 'bitfield'),
  ({ fields, flags, size }) => {
    const tag = textUpToNul(fields.bytes(flags & 0xff));
    return { kind: 'opaque', size, tag };
  },
  parseCompound,
  ({ size }) => ({ kind: 'reference', size }),
  parseEnum,
  parseVariable,
  parseArray,
  ({ fields, size, depth }) => ({ kind: 'complex', size, base: parseDatatype(fields, depth + 1) }),
];

function parseInteger({ fields, flags, size }: TypeHead, kind: IntegerType['kind']): IntegerType {
  const bitOffset = fields.u16();
  const precision = fields.u16();
  return {
    kind,
    size,
    byteOrder: flags & 1 ? 'big' : 'little',
    isSigned: kind === 'integer' && (flags & 8) !== 0,
    bitOffset,
    precision,
  };
}

function parseFloatType({ fields, flags, size }: TypeHead): FloatType {
  const bitOffset = fields.u16();
  const precision = fields.u16();
  const exponentAt = fields.u8();
  const exponentBits = fields.u8();
  const mantissaAt = fields.u8();
  const mantissaBits = fields.u8();
  const exponentBias = fields.u32();
  const isVax = (flags & 0x41) === 0x41;
  return {
    kind: 'float',
    size,
    byteOrder: isVax ? 'vax' : flags & 1 ? 'big' : 'little',
    bitOffset,
    precision,
    signAt: (flags >> 8) & 0xff,
    exponentAt,
    exponentBits,
    exponentBias,
    mantissaAt,
    mantissaBits,
    hasImpliedOne: ((flags >> 4) & 3) === 2,
  };
}

function parseCompound({ fields, version, flags, size, depth }: TypeHead): Datatype {
  const count = flags & 0xffff;
  requireMembers(fields, count);
  const members = Array.from({ length: count }, (): CompoundMember => {
    const name = memberName(fields, version);
    const offset = version >= 3 ? fields.sized(bytesFor(size), 'the place of a member') : fields.u32();
    // version 1 could give a member dimensions of its own
    const rank = version === 1 ? fields.u8() : 0;
    if (version === 1) fields.skip(11);
    const dimensions = version === 1 ? Array.from({ length: 4 }, () => fields.u32()) : [];
    const type = parseDatatype(fields, depth + 1);
    const shape = dimensions.slice(0, rank);
    return { name, offset, type: shape.length === 0 ? type : arrayOf(type, shape) };
  });
  return { kind: 'compound', size, members };
}

function parseEnum({ fields, version, flags, size, depth }: TypeHead): Datatype {
  const count = flags & 0xffff;
  requireMembers(fields, count);
  const base = parseDatatype(fields, depth + 1);
  const names = Array.from({ length: count }, () => memberName(fields, version));
  const members = names.map((name): EnumMember => ({ name, value: fields.bytes(base.size) }));
  return { kind: 'enum', size, base, members };
}

function parseVariable({ fields, flags, size, depth }: TypeHead): Datatype {
  const base = parseDatatype(fields, depth + 1);
  if ((flags & 0x0f) !== 1) return { kind: 'sequence', size, base };
  return { kind: 'string', size, isVariable: true, padding: paddingOf((flags >> 4) & 0x0f) };
}

function parseArray({ fields, version, size, depth }: TypeHead): Datatype {
  const rank = fields.u8();
  if (version < 3) fields.skip(3);
  if (rank > TENSOR_RANK) {
    throw new AppError('corrupt', `a datatype that is an array of ${rank} dimensions`, {
      offset: fields.base + fields.position,
      expected: `at most ${TENSOR_RANK}`,
    });
  }
  const shape = Array.from({ length: rank }, () => fields.u32());
  // version 2 has an order of the axes, which was never used
  if (version < 3) fields.skip(4 * rank);
  return { kind: 'array', size, base: parseDatatype(fields, depth + 1), shape };
}

function arrayOf(base: Datatype, shape: readonly number[]): Datatype {
  return { kind: 'array', size: shape.reduce((product, length) => product * length, base.size), base, shape };
}

function requireMembers(fields: Fields, count: number): void {
  if (count <= HDF5_TYPE_MEMBERS) return;
  throw new AppError('limit', `a datatype of ${count} members`, {
    offset: fields.base + fields.position,
    expected: `at most ${HDF5_TYPE_MEMBERS}`,
  });
}

/** A name up to its NUL; before version 3 filled up to a multiple of eight bytes. */
function memberName(fields: Fields, version: number): string {
  const bytes: number[] = [];
  for (let byte = fields.u8(); byte !== 0; byte = fields.u8()) bytes.push(byte);
  if (version < 3) fields.skip((8 - ((bytes.length + 1) % 8)) % 8);
  return Buffer.from(bytes).toString('utf8');
}

function textUpToNul(bytes: Uint8Array): string {
  const end = bytes.indexOf(0);
  return Buffer.from(bytes.subarray(0, end < 0 ? undefined : end)).toString('utf8');
}

function paddingOf(code: number): StringType['padding'] {
  if (code === 0) return 'nul-terminated';
  return code === 2 ? 'space' : 'nul';
}
