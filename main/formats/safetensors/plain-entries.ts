// The entries of a safetensors header as nearly every writer writes them, taken without looking at anything twice.
import {
  BACKSLASH,
  CLOSE_BRACE,
  CLOSE_BRACKET,
  COLON,
  COMMA,
  OPEN_BRACE,
  OPEN_BRACKET,
  QUOTE,
  SAFE_DIGITS,
  ZERO,
} from '#main/encodings/json/codes.ts';
import type { HeaderEntry } from '#main/formats/safetensors/header.ts';

const DTYPE = codesOf('"dtype"');
const SHAPE = codesOf('"shape"');
const DATA_OFFSETS = codesOf('"data_offsets"');

export interface PlainEntries {
  /**
   * The member that begins at an index of the text, key and value, where it has exactly the three fields of a tensor,
   * each once and in any order, nothing escaped and no number beyond fifteen digits. What is not so is left to
   * whoever can tell what is wrong with it.
   */
  take(begin: number): HeaderEntry | undefined;
  /** Behind the member that was taken last. */
  end(): number;
}

/** @param bytes the text in UTF-8. */
export function plainEntries(text: string, bytes: Uint8Array): PlainEntries {
  // the units of the text by their index in it, which numbers in an array give several times as fast as the text does
  const codes = text.length === bytes.byteLength ? bytes : unitsOf(text);
  let at = 0;
  // no text has a NaN in it, so that what is compared with the last number read fails where there was none
  let number = NaN;
  let dtype = '';
  let shape: readonly number[] = [];
  // an array that grows by itself has room to spare, which a hundred thousand of them would keep
  const dimensions: number[] = [];
  let begin = NaN;
  let end = NaN;

  /** The next code that is no whitespace; undefined at the end. */
  function peek(): number | undefined {
    let code = codes[at];
    while (code === 0x20 || code === 0x0a || code === 0x0d || code === 0x09) code = codes[++at];
    return code;
  }

  function passes(wanted: number): boolean {
    if (peek() !== wanted) return false;
    at++;
    return true;
  }

  /** Passes a text without escapes and tells how many units it has; -1 where there is none. */
  function passText(): number {
    if (!passes(QUOTE)) return -1;
    const first = at;
    for (;;) {
      const code = codes[at];
      if (code === undefined || code < 0x20 || code === BACKSLASH) return -1;
      at++;
      if (code === QUOTE) return at - 1 - first;
    }
  }

  function passWord(word: Uint8Array): boolean {
    for (let index = 0; index < word.length; index++) if (codes[at + index] !== word[index]) return false;
    at += word.length;
    return passes(COLON);
  }

  function passNumber(): boolean {
    let code = peek();
    const first = at;
    let value = 0;
    while (code !== undefined && code >= ZERO && code <= ZERO + 9) {
      value = value * 10 + (code - ZERO);
      code = codes[++at];
    }
    const count = at - first;
    number = value;
    return count > 0 && count <= SAFE_DIGITS && (count === 1 || codes[first] !== ZERO);
  }

  function passDtype(): boolean {
    const length = passText();
    if (length < 0) return false;
    const first = at - 1 - length;
    // mostly the one before, which is not made anew then
    if (dtype.length !== length || !text.startsWith(dtype, first)) dtype = text.slice(first, first + length);
    return true;
  }

  function passShape(): boolean {
    if (!passes(OPEN_BRACKET)) return false;
    let rank = 0;
    if (peek() !== CLOSE_BRACKET) {
      do {
        if (!passNumber()) return false;
        dimensions[rank++] = number;
      } while (passes(COMMA));
    }
    shape = dimensions.slice(0, rank);
    return passes(CLOSE_BRACKET);
  }

  function passOffsets(): boolean {
    if (!passes(OPEN_BRACKET) || !passNumber()) return false;
    begin = number;
    if (!passes(COMMA) || !passNumber()) return false;
    end = number;
    return passes(CLOSE_BRACKET);
  }

  /** A field with its value: 1, 2 or 4 for dtype, shape or data_offsets, 0 for anything else. */
  function passField(): number {
    if (peek() !== QUOTE) return 0;
    const letter = codes[at + 2];
    if (codes[at + 1] === 0x73) return passWord(SHAPE) && passShape() ? 2 : 0;
    if (letter === 0x74) return passWord(DTYPE) && passDtype() ? 1 : 0;
    return passWord(DATA_OFFSETS) && passOffsets() ? 4 : 0;
  }

  return {
    take: (from) => {
      at = from;
      const length = passText();
      if (length < 0) return undefined;
      const nameEnd = at - 1;
      if (!passes(COLON) || !passes(OPEN_BRACE)) return undefined;
      const first = passField();
      if (first === 0 || !passes(COMMA)) return undefined;
      const second = passField();
      if (second === 0 || !passes(COMMA)) return undefined;
      const fields = first | second | passField();
      if (fields !== 7 || !passes(CLOSE_BRACE)) return undefined;
      return { name: text.slice(nameEnd - length, nameEnd), dtype, shape, begin, end };
    },
    end: () => at,
  };
}

function codesOf(text: string): Uint8Array {
  return Uint8Array.from(text, (character) => character.charCodeAt(0));
}

function unitsOf(text: string): Uint16Array {
  const units = new Uint16Array(text.length);
  for (let index = 0; index < text.length; index++) units[index] = text.charCodeAt(index);
  return units;
}
