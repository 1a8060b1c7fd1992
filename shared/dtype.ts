import { BLOCK_LAYOUTS } from '#shared/block-dtype.ts';

/**
 * The dtype table: canonical lower-case names, bits per element, and what kind of number they are.
 * Framework spellings live beside their formats; this table is what both sides agree on.
 */

export type DtypeKind =
  'float' | 'signed' | 'unsigned' | 'bool' | 'complex' | 'string' | 'time' | 'void' | 'block';

export interface DtypeInfo {
  readonly name: string;
  readonly kind: DtypeKind;
  /** Bits of one element as stored; 0 where elements have no fixed width (strings). */
  readonly bits: number;
  /** For block dtypes: elements per block; `bits` is then the bits of a whole block. */
  readonly blockElements?: number;
}

const FIXED: readonly DtypeInfo[] = [
  { name: 'f64', kind: 'float', bits: 64 },
  { name: 'f32', kind: 'float', bits: 32 },
  { name: 'f16', kind: 'float', bits: 16 },
  { name: 'bf16', kind: 'float', bits: 16 },
  { name: 'f8_e4m3', kind: 'float', bits: 8 },
  { name: 'f8_e5m2', kind: 'float', bits: 8 },
  { name: 'f8_e4m3fnuz', kind: 'float', bits: 8 },
  { name: 'f8_e5m2fnuz', kind: 'float', bits: 8 },
  { name: 'f8_e8m0', kind: 'float', bits: 8 },
  { name: 'f6_e2m3', kind: 'float', bits: 6 },
  { name: 'f6_e3m2', kind: 'float', bits: 6 },
  { name: 'f4_e2m1', kind: 'float', bits: 4 },
  // x87 extended precision in the 16 bytes that NumPy gives it
  { name: 'f80', kind: 'float', bits: 128 },
  { name: 'i64', kind: 'signed', bits: 64 },
  { name: 'i32', kind: 'signed', bits: 32 },
  { name: 'i16', kind: 'signed', bits: 16 },
  { name: 'i8', kind: 'signed', bits: 8 },
  { name: 'i4', kind: 'signed', bits: 4 },
  { name: 'i2', kind: 'signed', bits: 2 },
  { name: 'u64', kind: 'unsigned', bits: 64 },
  { name: 'u32', kind: 'unsigned', bits: 32 },
  { name: 'u16', kind: 'unsigned', bits: 16 },
  { name: 'u8', kind: 'unsigned', bits: 8 },
  { name: 'u4', kind: 'unsigned', bits: 4 },
  { name: 'u2', kind: 'unsigned', bits: 2 },
  { name: 'bool', kind: 'bool', bits: 8 },
  { name: 'c128', kind: 'complex', bits: 128 },
  { name: 'c64', kind: 'complex', bits: 64 },
  { name: 'c32', kind: 'complex', bits: 32 },
  { name: 'str', kind: 'string', bits: 0 },
];

const BLOCKS: readonly DtypeInfo[] = BLOCK_LAYOUTS.map(({ name, elements, byteLength }) => {
  return { name, kind: 'block', bits: 8 * byteLength, blockElements: elements };
});

const TABLE: ReadonlyMap<string, DtypeInfo> = new Map([...FIXED, ...BLOCKS].map((info) => [info.name, info]));

const TIME = /^(?:datetime64|timedelta64)(?:\[[^\]]{1,16}\])?$/;
const VOID = /^v(\d{1,9})$/;

/**
 * Looks a canonical dtype name up.
 * `datetime64[unit]`, `timedelta64[unit]` (64 bits) and `v<bytes>` (NumPy void) are made on the fly.
 * @returns undefined for a name that is none of ours.
 */
export function findDtype(name: string): DtypeInfo | undefined {
  const fixed = TABLE.get(name);
  if (fixed) return fixed;
  if (TIME.test(name)) return { name, kind: 'time', bits: 64 };
  const match = VOID.exec(name);
  if (match) return { name, kind: 'void', bits: Number(match[1]) * 8 };
  return undefined;
}

/** As `findDtype`, for names that are known to be canonical. @throws Error on a name that is not. */
export function dtypeInfo(name: string): DtypeInfo {
  const info = findDtype(name);
  if (!info) throw new Error(`no dtype is called ${name}`);
  return info;
}

/** Whole bytes of one element, as our readers hand values out: sub-byte elements take a byte each. Of block dtypes, the bytes of a block. */
export function elementByteLength(name: string): number {
  return Math.max(1, Math.ceil(dtypeInfo(name).bits / 8));
}

/** Whether values of this dtype are numbers that have an order: statistics and histograms apply. */
export function isReal(name: string): boolean {
  const { kind } = dtypeInfo(name);
  return kind === 'float' || kind === 'block' || kind === 'signed' || kind === 'unsigned' || kind === 'bool';
}

/** Whether the dtype can hold NaN and infinities. */
export function isFloating(name: string): boolean {
  const { kind } = dtypeInfo(name);
  return kind === 'float' || kind === 'block' || kind === 'complex';
}

/** The dtype that values are told in: what blocks stand for are f32 numbers. */
export function valueDtype(name: string): string {
  return dtypeInfo(name).kind === 'block' ? 'f32' : name;
}

/** The width of the words inside an element that byte order applies to, in bytes: a complex number has two. Blocks have words of several widths (`blockLayout`) and give 1. */
export function swapUnit(name: string): number {
  const info = dtypeInfo(name);
  if (info.kind === 'complex') return info.bits / 16;
  if (['void', 'string', 'block'].includes(info.kind) || info.bits < 16) return 1;
  return info.bits / 8;
}
