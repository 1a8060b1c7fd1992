/** IEEE 754 binary16, bfloat16 and the 8, 6 and 4 bit floats of OCP and their fnuz variants: codes to numbers. */

/** How the codes of a small float are to be read. */
interface SmallFloat {
  readonly exponentBits: number;
  readonly mantissaBits: number;
  readonly bias: number;
  /**
   * `ieee`: the top exponent holds infinities and NaNs; `fn`: only all ones is NaN;
   * `fnuz`: only the code of minus zero is NaN; `none`: every code is a number.
   */
  readonly special: 'ieee' | 'fn' | 'fnuz' | 'none';
}

const SMALL_FLOATS: ReadonlyMap<string, SmallFloat> = new Map<string, SmallFloat>([
  ['f16', { exponentBits: 5, mantissaBits: 10, bias: 15, special: 'ieee' }],
  ['f8_e4m3', { exponentBits: 4, mantissaBits: 3, bias: 7, special: 'fn' }],
  ['f8_e5m2', { exponentBits: 5, mantissaBits: 2, bias: 15, special: 'ieee' }],
  ['f8_e4m3fnuz', { exponentBits: 4, mantissaBits: 3, bias: 8, special: 'fnuz' }],
  ['f8_e5m2fnuz', { exponentBits: 5, mantissaBits: 2, bias: 16, special: 'fnuz' }],
  ['f6_e2m3', { exponentBits: 2, mantissaBits: 3, bias: 1, special: 'none' }],
  ['f6_e3m2', { exponentBits: 3, mantissaBits: 2, bias: 3, special: 'none' }],
  ['f4_e2m1', { exponentBits: 2, mantissaBits: 1, bias: 1, special: 'none' }],
]);

const tables = new Map<string, Float32Array>();

/** The number of every code of a float of at most 16 bits; undefined for other dtypes. Shared: do not write to it. */
export function codeTable(dtype: string): Float32Array | undefined {
  const known = tables.get(dtype);
  if (known) return known;
  const table = makeTable(dtype);
  if (table) tables.set(dtype, table);
  return table;
}

function makeTable(dtype: string): Float32Array | undefined {
  if (dtype === 'f8_e8m0') {
    return Float32Array.from({ length: 256 }, (_, code) => (code === 255 ? NaN : 2 ** (code - 127)));
  }
  const layout = SMALL_FLOATS.get(dtype);
  if (!layout) return undefined;
  const bits = 1 + layout.exponentBits + layout.mantissaBits;
  return Float32Array.from({ length: 2 ** bits }, (_, code) => numberOf(code, layout));
}

function numberOf(code: number, layout: SmallFloat): number {
  const { exponentBits, mantissaBits, bias, special } = layout;
  const isNegative = ((code >> (exponentBits + mantissaBits)) & 1) === 1;
  const exponent = (code >> mantissaBits) & (2 ** exponentBits - 1);
  const mantissa = code & (2 ** mantissaBits - 1);
  const sign = isNegative ? -1 : 1;
  const isTop = exponent === 2 ** exponentBits - 1;
  if (special === 'ieee' && isTop) return mantissa === 0 ? sign * Infinity : NaN;
  if (special === 'fn' && isTop && mantissa === 2 ** mantissaBits - 1) return NaN;
  if (special === 'fnuz' && isNegative && exponent === 0 && mantissa === 0) return NaN;
  const fraction = mantissa / 2 ** mantissaBits;
  return exponent === 0 ? sign * fraction * 2 ** (1 - bias) : sign * (1 + fraction) * 2 ** (exponent - bias);
}
