/** TensorFlow's DataType codes: tensorflow/core/framework/types.proto. */
const DTYPES: ReadonlyMap<number, string> = new Map([
  [1, 'f32'],
  [2, 'f64'],
  [3, 'i32'],
  [4, 'u8'],
  [5, 'i16'],
  [6, 'i8'],
  [7, 'str'],
  [8, 'c64'],
  [9, 'i64'],
  [10, 'bool'],
  // qint8, quint8, qint32, qint16, quint16: their integers; the ranges are tensors of their own
  [11, 'i8'],
  [12, 'u8'],
  [13, 'i32'],
  [14, 'bf16'],
  [15, 'i16'],
  [16, 'u16'],
  [17, 'u16'],
  [18, 'c128'],
  [19, 'f16'],
  [22, 'u32'],
  [23, 'u64'],
  [24, 'f8_e5m2'],
  [25, 'f8_e4m3'],
  [26, 'f8_e4m3fnuz'],
  [28, 'f8_e5m2fnuz'],
  // int4 and uint4 take a byte each, so they are shown as the bytes they are
  [29, 'i8'],
  [30, 'u8'],
]);

const NAMES: ReadonlyMap<number, string> = new Map([
  [20, 'resource'],
  [21, 'variant'],
  [27, 'float8_e4m3b11fnuz'],
  [31, 'int2'],
  [32, 'uint2'],
]);

/** Codes of references are those of what they refer to, and 100. */
const REFERENCE = 100;

/** Canonical dtype of a code; undefined for those that we do not show. */
export function dtypeOf(code: number): string | undefined {
  return DTYPES.get(code > REFERENCE ? code - REFERENCE : code);
}

/** What a code that we do not show is called. */
export function nameOfCode(code: number): string {
  return NAMES.get(code) ?? `type ${code}`;
}
