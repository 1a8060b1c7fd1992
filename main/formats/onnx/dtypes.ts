/** ONNX element types (onnx.proto3, `TensorProto.DataType`) and the typed field that holds each where there are no raw data. */
export interface OnnxType {
  readonly dtype: string;
  /** Number of the typed field. */
  readonly field: TypedField;
}

/** Fields of TensorProto that hold values one by one. */
export const FLOAT_DATA = 4;
export const INT32_DATA = 5;
export const STRING_DATA = 6;
export const INT64_DATA = 7;
export const DOUBLE_DATA = 10;
export const UINT64_DATA = 11;
export type TypedField =
  | typeof FLOAT_DATA
  | typeof INT32_DATA
  | typeof STRING_DATA
  | typeof INT64_DATA
  | typeof DOUBLE_DATA
  | typeof UINT64_DATA;

const TYPES: readonly (OnnxType | undefined)[] = [
  undefined,
  { dtype: 'f32', field: FLOAT_DATA },
  { dtype: 'u8', field: INT32_DATA },
  { dtype: 'i8', field: INT32_DATA },
  { dtype: 'u16', field: INT32_DATA },
  { dtype: 'i16', field: INT32_DATA },
  { dtype: 'i32', field: INT32_DATA },
  { dtype: 'i64', field: INT64_DATA },
  { dtype: 'str', field: STRING_DATA },
  { dtype: 'bool', field: INT32_DATA },
  { dtype: 'f16', field: INT32_DATA },
  { dtype: 'f64', field: DOUBLE_DATA },
  { dtype: 'u32', field: UINT64_DATA },
  { dtype: 'u64', field: UINT64_DATA },
  { dtype: 'c64', field: FLOAT_DATA },
  { dtype: 'c128', field: DOUBLE_DATA },
  { dtype: 'bf16', field: INT32_DATA },
  { dtype: 'f8_e4m3', field: INT32_DATA },
  { dtype: 'f8_e4m3fnuz', field: INT32_DATA },
  { dtype: 'f8_e5m2', field: INT32_DATA },
  { dtype: 'f8_e5m2fnuz', field: INT32_DATA },
  { dtype: 'u4', field: INT32_DATA },
  { dtype: 'i4', field: INT32_DATA },
  { dtype: 'f4_e2m1', field: INT32_DATA },
  { dtype: 'f8_e8m0', field: INT32_DATA },
  { dtype: 'u2', field: INT32_DATA },
  { dtype: 'i2', field: INT32_DATA },
];

/** Undefined for 0 and for a type of a later version. */
export function onnxType(code: bigint): OnnxType | undefined {
  return code < BigInt(TYPES.length) ? TYPES[Number(code)] : undefined;
}
