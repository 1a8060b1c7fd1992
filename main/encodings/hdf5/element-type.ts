import { ieeeBytesFor, type NumberField } from '#main/encodings/filters/number-fields.ts';
import type { Datatype, FloatType, IntegerType, StringType } from '#main/encodings/hdf5/datatype.ts';
import { namedDtype, parseTypeString } from '#main/encodings/ndarray/array-dtype.ts';
import { isAppError } from '#shared/errors.ts';

/** What the elements of a dataset are to us. */
export type ElementType = NumberElement | TextElement | OtherElement;

export interface NumberElement {
  readonly kind: 'number';
  /** Canonical dtype name. */
  readonly dtype: string;
  readonly byteOrder: 'little' | 'big';
  /** Bytes of an element in the file. */
  readonly size: number;
  /** Axes that belong to the element itself. */
  readonly shape: readonly number[];
  readonly offers?: readonly string[];
  /** How to make usual numbers of unusual ones. */
  readonly field?: NumberField;
}

export interface TextElement {
  readonly kind: 'text';
  readonly type: StringType;
  readonly shape: readonly number[];
}

export interface OtherElement {
  readonly kind: 'other';
  /** As in "the elements are …". */
  readonly description: string;
}

/** NumPy types that HDF5 has no class for are kept as opaque bytes with such a tag. */
const NUMPY_TAG = 'NUMPY:';

/** @param savedAs the dtype that an attribute says the bytes are of, as Keras writes it for bfloat16. */
export function elementTypeOf(type: Datatype, savedAs?: string): ElementType {
  if (type.size < 1) return other('nothing, 0 bytes each');
  switch (type.kind) {
    case 'integer':
    case 'bitfield':
      return integerElement(type);
    case 'float':
      return floatElement(type);
    case 'string':
      return { kind: 'text', type, shape: [] };
    case 'opaque':
      return opaqueElement(type.size, type.tag, savedAs);
    case 'enum':
      return enumElement(type);
    case 'compound':
      return complexElement(type) ?? other(describeType(type));
    case 'complex':
      return complexOf(type.base, type.size) ?? other(describeType(type));
    case 'array':
      return arrayElement(type, savedAs);
    case 'time':
    case 'reference':
    case 'sequence':
      return other(describeType(type));
  }
}

function other(description: string): OtherElement {
  return { kind: 'other', description };
}

function number(
  dtype: string,
  byteOrder: 'little' | 'big',
  size: number,
  field?: NumberField,
): NumberElement {
  return { kind: 'number', dtype, byteOrder, size, shape: [], ...(field ? { field } : {}) };
}

function integerElement({ size, byteOrder, isSigned, bitOffset, precision }: IntegerType): ElementType {
  const sign = isSigned ? 'i' : 'u';
  if (byteOrder === 'vax' || size > 8 || precision < 1 || bitOffset + precision > size * 8) {
    return other(`integers of ${precision} bits in ${size} bytes`);
  }
  const outBytes = [1, 2, 4, 8].find((bytes) => bytes >= size)!;
  const dtype = `${sign}${outBytes * 8}`;
  if (outBytes === size && precision === size * 8) return number(dtype, byteOrder, size);
  const isBigEndian = byteOrder === 'big';
  return number(dtype, 'little', size, {
    kind: 'integer',
    size,
    isBigEndian,
    bitOffset,
    precision,
    isSigned,
    outBytes,
  });
}

/** Bits of mantissa and exponent, and the exponent's bias, of numbers whose sign comes first, then exponent, then mantissa. */
const FLOATS: readonly (readonly [
  dtype: string,
  size: number,
  mantissa: number,
  exponent: number,
  bias: number,
])[] = [
  ['f16', 2, 10, 5, 15],
  ['bf16', 2, 7, 8, 127],
  ['f32', 4, 23, 8, 127],
  ['f64', 8, 52, 11, 1023],
  ['f8_e4m3', 1, 3, 4, 7],
  ['f8_e5m2', 1, 2, 5, 15],
];

function floatElement(type: FloatType): ElementType {
  const { size, byteOrder, signAt, exponentAt, exponentBits, exponentBias, mantissaAt, mantissaBits } = type;
  if (byteOrder === 'vax') return other('VAX numbers');
  if (isExtended(type)) return number('f80', byteOrder, size);
  const usual = FLOATS.find(
    ([, bytes, mantissa, exponent, bias]) =>
      size === bytes && mantissaBits === mantissa && exponentBits === exponent && exponentBias === bias,
  );
  const isInOrder = mantissaAt === 0 && exponentAt === mantissaBits && signAt === size * 8 - 1;
  if (usual && isInOrder && type.hasImpliedOne) return number(usual[0], byteOrder, size);

  const outBytes = ieeeBytesFor(exponentBits, exponentBias, mantissaBits);
  const isInside = [signAt + 1, exponentAt + exponentBits, mantissaAt + mantissaBits].every(
    (end) => end <= size * 8,
  );
  if (size > 8 || outBytes === undefined || !isInside || mantissaBits < 1) {
    return other(`floating-point numbers of ${exponentBits} bits exponent and ${mantissaBits} bits mantissa`);
  }
  return number(`f${outBytes * 8}`, 'little', size, {
    kind: 'float',
    size,
    isBigEndian: byteOrder === 'big',
    signAt,
    exponentAt,
    exponentBits,
    exponentBias,
    mantissaAt,
    mantissaBits,
    hasImpliedOne: type.hasImpliedOne,
    outBytes,
  });
}

/** x87 numbers in the sixteen bytes that 64-bit systems give them. */
function isExtended({
  size,
  byteOrder,
  exponentBits,
  mantissaBits,
  mantissaAt,
  exponentAt,
}: FloatType): boolean {
  return (
    size === 16 &&
    byteOrder === 'little' &&
    exponentBits === 15 &&
    mantissaBits === 64 &&
    mantissaAt === 0 &&
    exponentAt === 64
  );
}

function opaqueElement(size: number, tag: string, savedAs: string | undefined): ElementType {
  const named = savedAs === undefined ? undefined : namedDtype(savedAs);
  if (named?.itemBytes === size) return number(named.dtype, 'little', size);
  try {
    const parsed = parseTypeString(tag.startsWith(NUMPY_TAG) ? tag.slice(NUMPY_TAG.length) : `|V${size}`);
    if (parsed.kind === 'plain' && parsed.itemBytes === size) {
      const { dtype, byteOrder, offers } = parsed;
      return { ...number(dtype, byteOrder, size), ...(offers ? { offers } : {}) };
    }
  } catch (error) {
    if (!isAppError(error)) throw error;
  }
  return other(`opaque bytes, ${size} each${tag === '' ? '' : `, tagged ${JSON.stringify(tag)}`}`);
}

/** Named numbers: a bool where the names are those of h5py's, else the numbers themselves. */
function enumElement({ size, base, members }: Extract<Datatype, { kind: 'enum' }>): ElementType {
  const names = new Map(members.map(({ name, value }) => [name.toUpperCase(), value[0]]));
  const isBool = size === 1 && names.size === 2 && names.get('FALSE') === 0 && names.get('TRUE') === 1;
  if (isBool) return number('bool', 'little', size);
  return base.kind === 'integer' ? elementTypeOf(base) : other(`names for ${describeType(base)}`);
}

/** Pairs of a real and an imaginary part, as h5py and others write them. */
function complexElement({
  size,
  members,
}: Extract<Datatype, { kind: 'compound' }>): NumberElement | undefined {
  const [real, imaginary] = members;
  const isPair =
    members.length === 2 &&
    /^(r|re|real)$/i.test(real!.name) &&
    /^(i|im|imag|imaginary)$/i.test(imaginary!.name) &&
    real!.offset === 0 &&
    imaginary!.offset === size / 2 &&
    JSON.stringify(real!.type) === JSON.stringify(imaginary!.type);
  return isPair ? complexOf(real!.type, size) : undefined;
}

function complexOf(base: Datatype, size: number): NumberElement | undefined {
  if (base.kind !== 'float' || base.size * 2 !== size) return undefined;
  const part = floatElement(base);
  if (part.kind !== 'number' || part.field || !['f16', 'f32', 'f64'].includes(part.dtype)) return undefined;
  return number(`c${size * 8}`, part.byteOrder, size);
}

function arrayElement(
  { size, base, shape }: Extract<Datatype, { kind: 'array' }>,
  savedAs: string | undefined,
): ElementType {
  const item = elementTypeOf(base, savedAs);
  if (item.kind === 'other') return other(`arrays of ${item.description}`);
  const count = shape.reduce((product, length) => product * length, 1);
  if (count < 1 || count * base.size !== size)
    return other(`arrays of [${shape.join(', ')}] in ${size} bytes`);
  return { ...item, shape: [...shape, ...item.shape] };
}

function describeType(type: Datatype): string {
  switch (type.kind) {
    case 'compound': {
      const names = type.members.slice(0, 5).map(({ name }) => name);
      return `records of ${type.members.length} fields (${names.join(', ')}${type.members.length > 5 ? ', …' : ''})`;
    }
    case 'sequence':
      return `lists of ${describeType(type.base)}, each of its own length`;
    case 'reference':
      return 'references to other objects of the file';
    case 'time':
      return 'times in the format of one kind of machine';
    case 'complex':
      return `complex numbers of ${describeType(type.base)}`;
    case 'array':
      return `arrays of ${describeType(type.base)}`;
    case 'enum':
      return `names for ${describeType(type.base)}`;
    case 'string':
      return 'texts';
    case 'opaque':
      return 'opaque bytes';
    case 'float':
      return `floating-point numbers of ${type.size} bytes`;
    case 'integer':
    case 'bitfield':
      return `integers of ${type.size} bytes`;
  }
}
