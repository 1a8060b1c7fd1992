/** How wide a cell must be for the longest value of its dtype. */
import { findDtype } from '#shared/dtype.ts';

/** Pixels of a character of the values' type, and of the room around it. */
const CHARACTER = 7.3;
const PADDING = 18;
const FEWEST_CHARACTERS = 6;
const MOST_CHARACTERS = 46;

/** Digits that tell every value apart, the sign, point and exponent with them. */
const CHARACTERS: Readonly<Record<string, number>> = {
  f64: 22,
  f80: 22,
  f32: 13,
  f16: 10,
  bf16: 10,
  i64: 20,
  u64: 20,
  i32: 11,
  u32: 10,
  bool: 6,
  c128: 46,
  c64: 27,
  c32: 21,
  str: 26,
};

/** Pixels. */
export function cellWidthOf(dtype: string): number {
  const info = findDtype(dtype);
  // what a block stands for is handed out as f32
  const known = CHARACTERS[info?.kind === 'block' ? 'f32' : dtype];
  const guessed = info?.kind === 'time' ? 26 : info?.kind === 'void' ? (info.bits / 8) * 2 : 9;
  const characters = Math.min(MOST_CHARACTERS, Math.max(FEWEST_CHARACTERS, known ?? guessed));
  return Math.ceil(characters * CHARACTER + PADDING);
}
