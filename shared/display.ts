/** Numbers and names as text, for the window and the command line alike. Minus signs are ASCII here, so that copies can be pasted. */
import { findDtype } from '#shared/dtype.ts';
import type { TensorValue } from '#shared/commands/tensor.ts';
import type { Figure } from '#shared/statistics.ts';

export const THIN_SPACE = '\u2009';

/** Significand bits without the hidden one, and the exponent of the smallest normal number. */
const FLOAT_GRIDS: Readonly<Record<string, readonly [bits: number, smallest: number]>> = {
  f32: [23, -126],
  f16: [10, -14],
  bf16: [7, -126],
  f8_e4m3: [3, -6],
  f8_e5m2: [2, -14],
  f8_e4m3fnuz: [3, -7],
  f8_e5m2fnuz: [2, -15],
  f8_e8m0: [0, -127],
  f6_e2m3: [3, 0],
  f6_e3m2: [2, -2],
  f4_e2m1: [1, 0],
  c64: [23, -126],
  c32: [10, -14],
};

/** One value as short as tells it apart from every other value of its dtype; -0 keeps its sign, texts are escaped. */
export function formatValue(value: TensorValue, dtype: string): string {
  if (typeof value === 'string') return findDtype(dtype)?.kind === 'string' ? escapeName(value) : value;
  if (typeof value === 'boolean' || typeof value === 'bigint') return String(value);
  if (typeof value === 'number') return shortestFloat(value, dtype);
  const [real, imaginary] = value;
  const isNegative = imaginary < 0 || Object.is(imaginary, -0);
  return `${shortestFloat(real, dtype)}${isNegative ? '-' : '+'}${shortestFloat(Math.abs(imaginary), dtype)}i`;
}

/** A statistic in few digits: whole numbers in full while they are short, else `significant` digits. */
export function formatFigure(value: Figure, significant = 4): string {
  if (typeof value === 'bigint') return String(value);
  if (typeof value !== 'number') return formatComplex(value, (part) => formatFigure(part, significant));
  if (!Number.isFinite(value)) return nonFinite(value);
  const size = Math.abs(value);
  if (Number.isInteger(value) && size < 1e9) return Object.is(value, -0) ? '-0' : String(value);
  const isPlain = size >= 1e-4 && size < 1e9;
  const wholeDigits = isPlain ? Math.max(0, Math.floor(Math.log10(size)) + 1) : 0;
  const text = isPlain
    ? value.toPrecision(Math.max(significant, wholeDigits))
    : value.toExponential(significant - 1);
  const trimmed = trimZeros(text);
  // zeros at the end stay where they are digits of a rounded number
  return (Number(trimmed) === value ? trimmed : text).replace('e+', 'e');
}

/** Every digit a statistic has: what hovering shows and copying gives. */
export function formatFull(value: Figure): string {
  if (typeof value === 'bigint') return String(value);
  if (typeof value !== 'number') return formatComplex(value, (part) => formatFull(part));
  return shortestFloat(value, 'f64');
}

/** A whole number in groups of three, by comma unless told. */
export function formatCount(value: number | bigint, separator = ','): string {
  return String(value).replace(/\B(?=(\d{3})+$)/g, separator);
}

const BYTE_UNITS = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB'] as const;

/** Bytes with their binary unit: `31.0 KiB`. */
export function formatBytes(byteLength: number): string {
  let amount = byteLength;
  let unit = 0;
  while (amount >= 1024 && unit < BYTE_UNITS.length - 1) {
    amount /= 1024;
    unit++;
  }
  const name = BYTE_UNITS[unit]!;
  if (unit === 0) return `${amount} ${name}`;
  return `${amount.toFixed(amount < 100 ? 1 : 0)} ${name}`;
}

/** `256 × 20`; a scalar has no dimensions and is said to be one. */
export function formatShape(shape: readonly number[]): string {
  return shape.length === 0 ? 'scalar' : shape.join(' × ');
}

// control, format (bidirectional marks, zero-width), line and paragraph separators, lone surrogates
const UNSAFE = /[\\\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/gu;

/** Text from a file, safe to show: what would change how its surroundings read is written as \uXXXX, a backslash twice. */
export function escapeName(text: string): string {
  return text.replace(UNSAFE, (character) => {
    if (character === '\\') return '\\\\';
    let escaped = '';
    for (let unit = 0; unit < character.length; unit++) {
      escaped += `\\u${character.charCodeAt(unit).toString(16).padStart(4, '0')}`;
    }
    return escaped;
  });
}

/** A name of its own line or cell: an empty one, which would look like a fault of the screen, is said to be one. */
export function shownName(name: string): string {
  return name === '' ? '(empty name)' : escapeName(name);
}

/** The inverse of `escapeName`; a backslash that begins no escape stays. */
export function unescapeName(text: string): string {
  return text.replace(/\\(?:\\|u([0-9a-fA-F]{4}))/g, (_match, code: string | undefined) =>
    code === undefined ? '\\' : String.fromCharCode(Number.parseInt(code, 16)),
  );
}

function shortestFloat(value: number, dtype: string): string {
  if (!Number.isFinite(value)) return nonFinite(value);
  if (value === 0) return Object.is(value, -0) ? '-0' : '0';
  // what a block stands for is handed out as f32
  const grid = FLOAT_GRIDS[findDtype(dtype)?.kind === 'block' ? 'f32' : dtype];
  // rounding a whole number to fewer digits would hide what it is: 65504 in f16 would read 65500
  if (!grid || (Number.isInteger(value) && Math.abs(value) < 1e7)) return String(value);
  for (let digits = 1; digits < 10; digits++) {
    const candidate = Number(value.toPrecision(digits));
    if (isNearest(candidate, value, grid)) return String(candidate);
  }
  return String(value);
}

/** Whether `candidate` is nearer to `value` than to any neighbour of `value` on the dtype's grid. */
function isNearest(candidate: number, value: number, [bits, smallest]: readonly [number, number]): boolean {
  const exponent = Math.max(floorLog2(Math.abs(value)), smallest);
  const step = 2 ** (exponent - bits);
  const isPowerOfTwo = Math.abs(value) === 2 ** exponent && exponent > smallest;
  // below a power of two the grid is twice as fine
  const room = isPowerOfTwo && Math.abs(candidate) < Math.abs(value) ? step / 4 : step / 2;
  return Math.abs(candidate - value) < room;
}

function floorLog2(size: number): number {
  const guess = Math.floor(Math.log2(size));
  if (2 ** guess > size) return guess - 1;
  return 2 ** (guess + 1) <= size ? guess + 1 : guess;
}

function formatComplex(
  [real, imaginary]: readonly [number, number],
  format: (part: number) => string,
): string {
  const isNegative = imaginary < 0 || Object.is(imaginary, -0);
  return `${format(real)}${isNegative ? '-' : '+'}${format(Math.abs(imaginary))}i`;
}

function nonFinite(value: number): string {
  if (Number.isNaN(value)) return 'NaN';
  return value > 0 ? '+Inf' : '-Inf';
}

function trimZeros(text: string): string {
  return text.replace(/(\.\d*?)0+(?=e|$)/, '$1').replace(/\.(?=e|$)/, '');
}
