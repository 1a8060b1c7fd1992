/** safetensors dtype names. The order is that of the reference's enum, ascending: its writer sorts by it. */
const ROWS: readonly (readonly [spelling: string, dtype: string])[] = [
  ['BOOL', 'bool'],
  ['F4', 'f4_e2m1'],
  ['F6_E2M3', 'f6_e2m3'],
  ['F6_E3M2', 'f6_e3m2'],
  ['U8', 'u8'],
  ['I8', 'i8'],
  ['F8_E5M2', 'f8_e5m2'],
  ['F8_E4M3', 'f8_e4m3'],
  ['F8_E8M0', 'f8_e8m0'],
  ['F8_E4M3FNUZ', 'f8_e4m3fnuz'],
  ['F8_E5M2FNUZ', 'f8_e5m2fnuz'],
  ['I16', 'i16'],
  ['U16', 'u16'],
  ['F16', 'f16'],
  ['BF16', 'bf16'],
  ['I32', 'i32'],
  ['U32', 'u32'],
  ['F32', 'f32'],
  ['C64', 'c64'],
  ['F64', 'f64'],
  ['I64', 'i64'],
  ['U64', 'u64'],
];

/** Canonical dtype by safetensors' spelling. */
export const DTYPE_OF: ReadonlyMap<string, string> = new Map(ROWS);

/** safetensors' spelling by canonical dtype. */
export const SPELLING_OF: ReadonlyMap<string, string> = new Map(
  ROWS.map(([spelling, dtype]) => [dtype, spelling]),
);

/** Place of a canonical dtype in the writer's order; later ones are written first. */
export const RANK_OF: ReadonlyMap<string, number> = new Map(ROWS.map(([, dtype], rank) => [dtype, rank]));
