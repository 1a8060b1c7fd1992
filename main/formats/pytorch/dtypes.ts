// torch/storage.py (_new_dtypes, _dtype_to_storage_type_map), c10/core/ScalarType.h

export interface TorchDtype {
  /** Canonical name. */
  readonly dtype: string;
  /** Bytes of one element as torch counts them: two packed 4-bit numbers are one. */
  readonly itemBytes: number;
  /** Numbers packed into each element of torch's shape, along the last dimension. */
  readonly packed?: number;
}

/** By the name that the dtype has in the module `torch`. */
const BY_NAME: ReadonlyMap<string, TorchDtype> = new Map<string, TorchDtype>([
  ['float64', { dtype: 'f64', itemBytes: 8 }],
  ['float32', { dtype: 'f32', itemBytes: 4 }],
  ['float16', { dtype: 'f16', itemBytes: 2 }],
  ['bfloat16', { dtype: 'bf16', itemBytes: 2 }],
  ['complex128', { dtype: 'c128', itemBytes: 16 }],
  ['complex64', { dtype: 'c64', itemBytes: 8 }],
  ['complex32', { dtype: 'c32', itemBytes: 4 }],
  ['int64', { dtype: 'i64', itemBytes: 8 }],
  ['int32', { dtype: 'i32', itemBytes: 4 }],
  ['int16', { dtype: 'i16', itemBytes: 2 }],
  ['int8', { dtype: 'i8', itemBytes: 1 }],
  ['uint64', { dtype: 'u64', itemBytes: 8 }],
  ['uint32', { dtype: 'u32', itemBytes: 4 }],
  ['uint16', { dtype: 'u16', itemBytes: 2 }],
  ['uint8', { dtype: 'u8', itemBytes: 1 }],
  ['bool', { dtype: 'bool', itemBytes: 1 }],
  ['float8_e4m3fn', { dtype: 'f8_e4m3', itemBytes: 1 }],
  ['float8_e5m2', { dtype: 'f8_e5m2', itemBytes: 1 }],
  ['float8_e4m3fnuz', { dtype: 'f8_e4m3fnuz', itemBytes: 1 }],
  ['float8_e5m2fnuz', { dtype: 'f8_e5m2fnuz', itemBytes: 1 }],
  ['float8_e8m0fnu', { dtype: 'f8_e8m0', itemBytes: 1 }],
  ['float4_e2m1fn_x2', { dtype: 'f4_e2m1', itemBytes: 1, packed: 2 }],
  ['qint8', { dtype: 'i8', itemBytes: 1 }],
  ['quint8', { dtype: 'u8', itemBytes: 1 }],
  ['qint32', { dtype: 'i32', itemBytes: 4 }],
  ['bits8', { dtype: 'v1', itemBytes: 1 }],
  ['bits16', { dtype: 'v2', itemBytes: 2 }],
  // packed bits without a meaning of their own: the bytes are shown
  ['bits1x8', { dtype: 'v1', itemBytes: 1 }],
  ['bits2x4', { dtype: 'v1', itemBytes: 1 }],
  ['bits4x2', { dtype: 'v1', itemBytes: 1 }],
]);

/** Other names of the same dtypes. */
const ALIASES: ReadonlyMap<string, string> = new Map([
  ['double', 'float64'],
  ['float', 'float32'],
  ['half', 'float16'],
  ['cdouble', 'complex128'],
  ['cfloat', 'complex64'],
  ['chalf', 'complex32'],
  ['long', 'int64'],
  ['int', 'int32'],
  ['short', 'int16'],
]);

/** dtype names by storage class, without the word "Storage". */
const STORAGES: ReadonlyMap<string, string> = new Map([
  ['Double', 'float64'],
  ['Float', 'float32'],
  ['Half', 'float16'],
  ['BFloat16', 'bfloat16'],
  ['ComplexDouble', 'complex128'],
  ['ComplexFloat', 'complex64'],
  ['Long', 'int64'],
  ['Int', 'int32'],
  ['Short', 'int16'],
  ['Char', 'int8'],
  ['Byte', 'uint8'],
  ['Bool', 'bool'],
  ['QInt8', 'qint8'],
  ['QUInt8', 'quint8'],
  ['QInt32', 'qint32'],
  // storage counts bytes; what is in them comes with the tensor
  ['Untyped', 'uint8'],
  ['_Untyped', 'uint8'],
]);

/** Quantised dtypes of less than a byte: the storage counts bytes, the tensor's shape numbers. */
const SUB_BYTE_STORAGES: ReadonlyMap<string, TorchDtype> = new Map([
  ['QUInt4x2', { dtype: 'u4', itemBytes: 1 }],
]);

/** `float32` or `torch.float32` to the dtype. */
export function dtypeByName(name: string): TorchDtype | undefined {
  const bare = name.startsWith('torch.') ? name.slice('torch.'.length) : name;
  return BY_NAME.get(ALIASES.get(bare) ?? bare);
}

/** `FloatStorage` to the dtype of its elements. */
export function dtypeByStorageClass(name: string): TorchDtype | undefined {
  if (!name.endsWith('Storage')) return undefined;
  const bare = name.slice(0, -'Storage'.length);
  const dtype = STORAGES.get(bare);
  return dtype === undefined ? SUB_BYTE_STORAGES.get(bare) : BY_NAME.get(dtype);
}
