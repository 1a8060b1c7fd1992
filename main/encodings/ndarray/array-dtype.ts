// NumPy's data types as its files spell them: https://numpy.org/doc/stable/reference/arrays.interface.html (typestr, descr).
import { ARRAY_FIELDS, ARRAY_ITEM_BYTES, LITERAL_DEPTH, TENSOR_RANK } from '#main/bytes/limits.ts';
import { isSequence, type Literal, type LiteralSequence } from '#main/encodings/ndarray/literal.ts';
import { AppError } from '#shared/errors.ts';

/** What one element of an array is. */
export type ArrayDtype = PlainDtype | TextDtype | ObjectDtype | RecordDtype;

export interface PlainDtype {
  readonly kind: 'plain';
  /** Canonical name. */
  readonly dtype: string;
  readonly byteOrder: 'little' | 'big';
  readonly itemBytes: number;
  /** What the bytes may be, where NumPy knows only their width. */
  readonly offers?: readonly string[];
}

export interface TextDtype {
  readonly kind: 'text';
  readonly encoding: 'ucs4' | 'bytes';
  readonly byteOrder: 'little' | 'big';
  readonly itemBytes: number;
}

/** Python objects; the values are in a pickle. */
export interface ObjectDtype {
  readonly kind: 'object';
  readonly itemBytes: number;
}

export interface RecordDtype {
  readonly kind: 'record';
  readonly fields: readonly RecordField[];
  readonly itemBytes: number;
}

export interface RecordField {
  readonly name: string;
  /** Bytes from the start of the record. */
  readonly offset: number;
  readonly dtype: ArrayDtype;
  /** Of the array that the field holds in every record; empty for a single value. */
  readonly shape: readonly number[];
}

/** Whether elements are Python objects or records that have such: their values are in a pickle. */
export function hasObjects(dtype: ArrayDtype): boolean {
  return (
    dtype.kind === 'object' ||
    (dtype.kind === 'record' && dtype.fields.some((field) => hasObjects(field.dtype)))
  );
}

/** Type letter and width in bytes to canonical names. */
const PLAIN: ReadonlyMap<string, string> = new Map([
  ['b1', 'bool'],
  ...[1, 2, 4, 8].flatMap((width) => [
    [`i${width}`, `i${width * 8}`] as const,
    [`u${width}`, `u${width * 8}`] as const,
  ]),
  ['f2', 'f16'],
  ['f4', 'f32'],
  ['f8', 'f64'],
  ['f16', 'f80'],
  ['c8', 'c64'],
  ['c16', 'c128'],
  // written by MXNet 2 and ml_dtypes; NumPy itself reads neither back
  ['b2', 'bf16'],
  ['f1', 'f8_e5m2'],
]);

/** What ml_dtypes arrays are saved as by NumPy, by width: the file does not say which. */
const VOID_OFFERS: ReadonlyMap<number, readonly string[]> = new Map([
  [1, ['f8_e4m3', 'f8_e5m2', 'f8_e4m3fnuz', 'f8_e5m2fnuz', 'f8_e8m0', 'i4', 'u4']],
  [2, ['bf16']],
]);

/** Dtypes that pickles name by a class of ml_dtypes, wherever that lived at the time. */
const NAMED: ReadonlyMap<string, string> = new Map([
  ['bfloat16', 'bf16'],
  ['float8_e4m3fn', 'f8_e4m3'],
  ['float8_e5m2', 'f8_e5m2'],
  ['float8_e4m3fnuz', 'f8_e4m3fnuz'],
  ['float8_e5m2fnuz', 'f8_e5m2fnuz'],
  ['float8_e8m0fnu', 'f8_e8m0'],
]);

/**
 * A type string: byte order, letter, width in bytes, and a unit for times, such as `<f4`, `|S6`, `<M8[ns]`.
 * @param order what `=` or no sign stands for.
 * @throws AppError `corrupt` for what NumPy would not understand, `unsupported` for what we have no dtype for.
 */
export function parseTypeString(text: string, order: 'little' | 'big' = 'little'): ArrayDtype {
  const sign = '<>|='.includes(text[0] ?? '<') ? text[0] : undefined;
  const letter = text[sign === undefined ? 0 : 1] ?? '';
  const [digits, unit] = splitUnit(text.slice(sign === undefined ? 1 : 2));
  const byteOrder = sign === '>' ? 'big' : sign === '<' || sign === '|' ? 'little' : order;
  if (letter === '?' && digits === '') return plain('bool', byteOrder, 1);
  if (letter === 'O') return { kind: 'object', itemBytes: 8 };
  const width = widthOf(digits, text);
  if (letter === 'M' || letter === 'm') return plain(timeDtype(letter, unit, text), byteOrder, width);
  if (unit !== undefined) throw notUnderstood(text);
  if (letter === 'S' || letter === 'a')
    return { kind: 'text', encoding: 'bytes', byteOrder, itemBytes: width };
  if (letter === 'U') return { kind: 'text', encoding: 'ucs4', byteOrder, itemBytes: width * 4 };
  if (letter === 'V') return { ...plain(`v${width}`, byteOrder, width), ...offersOf(width) };
  const dtype = PLAIN.get(`${letter}${width}`);
  if (dtype) return plain(dtype, byteOrder, width);
  if ('biufc'.includes(letter) && letter !== '') {
    throw new AppError('unsupported', `the NumPy type ${text} has no dtype here`, { found: text });
  }
  throw notUnderstood(text);
}

/** The dtype that a class name such as ml_dtypes' `bfloat16` stands for. */
export function namedDtype(name: string): PlainDtype | undefined {
  const dtype = NAMED.get(name);
  if (dtype) return plain(dtype, 'little', dtype === 'bf16' ? 2 : 1);
  // NumPy keeps 4-bit integers one to a byte
  const wide = name === 'int4' ? 'i8' : name === 'uint4' ? 'u8' : undefined;
  return wide && plain(wide, 'little', 1);
}

/**
 * A `descr` as .npy headers have it: a type string, a list of fields, or a pair of a type and a shape.
 * @throws AppError as `parseTypeString`, and `limit`.
 */
export function parseDescr(descr: Literal, depth = 0): ArrayDtype {
  if (typeof descr === 'string') return parseTypeString(descr);
  if (depth > LITERAL_DEPTH) throw new AppError('limit', `records nested deeper than ${LITERAL_DEPTH}`);
  if (!isSequence(descr)) throw notUnderstood(typeof descr === 'object' ? 'a dict' : String(descr));
  if (descr.kind === 'list') return recordOf(descr, depth);
  throw new AppError('unsupported', 'the array consists of sub-arrays without a record around them');
}

function recordOf(descr: LiteralSequence, depth: number): RecordDtype {
  if (descr.items.length > ARRAY_FIELDS) {
    throw new AppError('limit', 'the record has more fields than we read', {
      expected: `at most ${ARRAY_FIELDS}`,
      found: String(descr.items.length),
    });
  }
  const fields: RecordField[] = [];
  let offset = 0;
  for (const item of descr.items) {
    const parts = isSequence(item) && item.kind === 'tuple' ? item.items : [];
    const name = fieldName(parts[0]);
    if (name === undefined || parts.length < 2 || parts.length > 3) {
      throw new AppError('corrupt', 'a field of the record is not a name, a type and perhaps a shape');
    }
    const [dtype, shape] = fieldType(parts[1]!, parts[2], depth + 1);
    const bytes = shape.reduce((product, dimension) => product * dimension, dtype.itemBytes);
    // fields without a name and of void type are padding
    if (name !== '' || !(dtype.kind === 'plain' && dtype.dtype.startsWith('v')))
      fields.push({ name, offset, dtype, shape });
    offset += bytes;
    checkItemBytes(offset);
  }
  return { kind: 'record', fields, itemBytes: offset };
}

/** A field's shape stands beside its type, or with it in a pair. */
function fieldType(
  type: Literal,
  shape: Literal | undefined,
  depth: number,
): [ArrayDtype, readonly number[]] {
  const outer = shape === undefined ? [] : dimensionsOf(shape);
  if (isSequence(type) && type.kind === 'tuple' && type.items.length === 2) {
    const [dtype, inner] = fieldType(type.items[0]!, type.items[1], depth + 1);
    return [dtype, [...outer, ...inner]];
  }
  return [parseDescr(type, depth), outer];
}

/** A name, or a pair of title and name. */
function fieldName(name: Literal | undefined): string | undefined {
  if (typeof name === 'string') return name;
  const pair = isSequence(name) ? name.items : [];
  return pair.length === 2 && typeof pair[1] === 'string' ? pair[1] : undefined;
}

/**
 * A shape: whole dimensions, or one number for one dimension.
 * @throws AppError `corrupt` for anything else, `limit` for more dimensions than a tensor can have.
 */
export function dimensionsOf(shape: Literal): readonly number[] {
  const items = isSequence(shape) ? shape.items : [shape];
  if (items.length > TENSOR_RANK) {
    throw new AppError('limit', 'the array has more dimensions than we read', {
      found: String(items.length),
    });
  }
  return items.map((dimension) => {
    if (typeof dimension === 'number' && dimension >= 0) return dimension;
    throw new AppError('corrupt', 'the shape is not one an array can have', {
      expected: 'dimensions of 0 to 2^53',
      found: typeof dimension === 'object' ? 'a sequence' : String(dimension),
    });
  });
}

function splitUnit(text: string): [string, string | undefined] {
  const open = text.indexOf('[');
  return open < 0 ? [text, undefined] : [text.slice(0, open), text.slice(open)];
}

function timeDtype(letter: 'M' | 'm', unit: string | undefined, text: string): string {
  const isBracketed = unit === undefined || (unit.length >= 3 && unit.length <= 18 && unit.endsWith(']'));
  if (!isBracketed) throw notUnderstood(text);
  return `${letter === 'M' ? 'datetime64' : 'timedelta64'}${unit ?? ''}`;
}

function widthOf(digits: string, text: string): number {
  const width = Number(digits);
  if (digits === '' || digits.length > 10 || !Number.isInteger(width) || width < 0) throw notUnderstood(text);
  checkItemBytes(width);
  return width;
}

function checkItemBytes(bytes: number): void {
  if (bytes <= ARRAY_ITEM_BYTES) return;
  throw new AppError('limit', 'the elements of the array are larger than we read', {
    expected: `at most ${ARRAY_ITEM_BYTES} bytes`,
    found: `${bytes} bytes`,
  });
}

function plain(dtype: string, byteOrder: 'little' | 'big', itemBytes: number): PlainDtype {
  return { kind: 'plain', dtype, byteOrder, itemBytes };
}

function offersOf(width: number): { offers: readonly string[] } | undefined {
  const offers = VOID_OFFERS.get(width);
  return offers && { offers };
}

function notUnderstood(text: string): AppError {
  return new AppError('corrupt', 'the NumPy type is not one that NumPy knows', { found: text.slice(0, 80) });
}
