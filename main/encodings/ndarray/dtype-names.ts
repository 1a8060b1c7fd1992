// NumPy's names of data types, and those of jax-ml/ml_dtypes, as Flax and zarr version 3 write them.
/** What a name stands for, as its values are stored. */
export interface NamedDtype {
  /** Canonical name. */
  readonly dtype: string;
  /** Of one element in the file. */
  readonly itemBytes: number;
  /** Elements below a byte, which NumPy gives a byte each. */
  readonly isUnpacked?: true;
}

const FIXED: ReadonlyMap<string, NamedDtype> = new Map<string, NamedDtype>([
  ...wide(1, { bool: 'bool', bool_: 'bool', int8: 'i8', uint8: 'u8' }),
  ...wide(2, { int16: 'i16', uint16: 'u16', float16: 'f16', bfloat16: 'bf16' }),
  ...wide(4, { int32: 'i32', uint32: 'u32', float32: 'f32' }),
  ...wide(8, { int64: 'i64', uint64: 'u64', float64: 'f64', complex64: 'c64' }),
  ...wide(16, { complex128: 'c128', float128: 'f80', longdouble: 'f80' }),
  ...wide(1, {
    float8_e4m3fn: 'f8_e4m3',
    float8_e5m2: 'f8_e5m2',
    float8_e4m3fnuz: 'f8_e4m3fnuz',
    float8_e5m2fnuz: 'f8_e5m2fnuz',
    float8_e8m0fnu: 'f8_e8m0',
  }),
  ...narrow({
    int4: 'i4',
    uint4: 'u4',
    int2: 'i2',
    uint2: 'u2',
    float4_e2m1fn: 'f4_e2m1',
    float6_e2m3fn: 'f6_e2m3',
    float6_e3m2fn: 'f6_e3m2',
  }),
  // of these there is no dtype here: their bytes are shown
  ...wide(1, { float8_e3m4: 'v1', float8_e4m3: 'v1', float8_e4m3b11fnuz: 'v1', int1: 'v1', uint1: 'v1' }),
]);

const TIME = /^(datetime64|timedelta64)(\[[^\]]{1,16}\])?$/;
const VOID = /^void(\d{1,8})$/;
const TEXT = /^(str|bytes)(\d{1,8})$/;

function wide(itemBytes: number, names: Readonly<Record<string, string>>): [string, NamedDtype][] {
  return Object.entries(names).map(([name, dtype]) => [name, { dtype, itemBytes }]);
}

function narrow(names: Readonly<Record<string, string>>): [string, NamedDtype][] {
  return Object.entries(names).map(([name, dtype]) => [name, { dtype, itemBytes: 1, isUnpacked: true }]);
}

/** The dtype that `numpy.dtype(…).name` stands for; undefined for texts and for what no array of numbers has. */
export function dtypeOfName(name: string): NamedDtype | undefined {
  const fixed = FIXED.get(name);
  if (fixed) return fixed;
  if (TIME.test(name)) return { dtype: name, itemBytes: 8 };
  const bits = Number(VOID.exec(name)?.[1]);
  if (bits > 0 && bits % 8 === 0) return { dtype: `v${bits / 8}`, itemBytes: bits / 8 };
  return undefined;
}

/** Whether the name is one of a type whose values are shown as bytes for want of a dtype. */
export function isShownAsBytes(name: string): boolean {
  return FIXED.get(name)?.dtype === 'v1';
}

/** The width in bytes of a text that `str96` (UCS-4) or `bytes40` names, which tell bits. */
export function textOfName(
  name: string,
): { readonly encoding: 'ucs4' | 'bytes'; readonly itemBytes: number } | undefined {
  const match = TEXT.exec(name);
  const bits = Number(match?.[2]);
  if (!match || bits % 8 !== 0) return undefined;
  return { encoding: match[1] === 'str' ? 'ucs4' : 'bytes', itemBytes: bits / 8 };
}
