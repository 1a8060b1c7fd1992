// JSON (RFC 8259) read value by value without building a tree: key order and duplicate keys stay visible, integers exact.
import { JSON_DEPTH } from '#main/bytes/limits.ts';
import {
  BACKSLASH,
  CLOSE_BRACE,
  CLOSE_BRACKET,
  COLON,
  COMMA,
  MINUS,
  OPEN_BRACE,
  OPEN_BRACKET,
  POINT,
  QUOTE,
  SAFE_DIGITS,
  ZERO,
} from '#main/encodings/json/codes.ts';
import { readStringEscapes } from '#main/encodings/json/string-escapes.ts';
import { AppError } from '#shared/errors.ts';

export type JsonKind = 'object' | 'array' | 'string' | 'number' | 'boolean' | 'null';

/**
 * A pull reader. Look at `kind()`, then take the value by its own method or pass over it with `skip()`.
 * Every method throws AppError `corrupt` with the byte offset where the text is no JSON.
 */
export interface JsonReader {
  /** Byte offset in the file of the next value. */
  offset(): number;
  /** What the next value is, from its first character. */
  kind(): JsonKind;
  /** @throws AppError `limit` for nesting beyond `JSON_DEPTH`, as `beginArray` and `skip` do. */
  beginObject(): void;
  /** The next key, its value being next; undefined once the object is closed. */
  nextKey(): string | undefined;
  /**
   * Passes the next member as a whole, key and value, where `take` knows it: given the index of its key in the text, that
   * tells where the member ends, or undefined. For texts that repeat one form a hundred thousand times; it may take nothing but JSON.
   * @returns whether it was taken; if not, nothing was.
   */
  passMember(take: (begin: number) => number | undefined): boolean;
  beginArray(): void;
  /** Whether another item is next; false once the array is closed. */
  nextItem(): boolean;
  string(): string;
  /** An integer of any length, a bigint where a number would round it; undefined for a number with fraction or exponent. */
  integer(): number | bigint | undefined;
  skip(): void;
  /** Nothing but whitespace may be left. */
  end(): void;
}

export interface JsonOptions {
  /** What the text is, for messages: "the header". */
  readonly what: string;
  readonly file?: string;
  /** Byte offset in the file of the text. */
  readonly base?: number;
}

export function readJson(text: string, options: JsonOptions): JsonReader {
  const { what, file, base = 0 } = options;
  let position = 0;
  let depth = 0;
  // whether the innermost container has had nothing taken from it yet
  let isFresh = false;

  function fault(at: number, expected: string): AppError {
    const found = at >= text.length ? 'the end of the text' : describe(text, at);
    return new AppError('corrupt', `${what} is not JSON`, {
      ...(file === undefined ? {} : { file }),
      offset: base + byteOffset(text, at),
      expected,
      found,
    });
  }

  /** The next character that is no whitespace; NaN at the end. */
  function peek(): number {
    let code = text.charCodeAt(position);
    while (code === 0x20 || code === 0x0a || code === 0x0d || code === 0x09)
      code = text.charCodeAt(++position);
    return code;
  }

  function enter(opening: number, expected: string): void {
    if (peek() !== opening) throw fault(position, expected);
    if (++depth > JSON_DEPTH) {
      throw new AppError('limit', `${what} is nested too deeply`, {
        ...(file === undefined ? {} : { file }),
        offset: base + byteOffset(text, position),
        expected: `at most ${JSON_DEPTH} levels`,
      });
    }
    position++;
    isFresh = true;
  }

  /** Whether the innermost container goes on; takes the comma or the closing character. */
  function goesOn(closing: number): boolean {
    const code = peek();
    if (code === closing) {
      position++;
      depth--;
      isFresh = false;
      return false;
    }
    if (!isFresh) {
      if (code !== COMMA) throw fault(position, `a comma or ${String.fromCharCode(closing)}`);
      position++;
    }
    isFresh = false;
    return true;
  }

  function string(): string {
    if (peek() !== QUOTE) throw fault(position, 'a string');
    const begin = position + 1;
    let at = begin;
    for (;;) {
      const code = text.charCodeAt(at);
      if (code === QUOTE) {
        position = at + 1;
        return text.slice(begin, at);
      }
      if (code === BACKSLASH) break;
      if (!(code >= 0x20)) throw fault(at, 'a character of a string, control characters escaped');
      at++;
    }
    const { value, end } = readStringEscapes(text, begin, fault);
    position = end;
    return value;
  }

  function digits(): void {
    const begin = position;
    let code = text.charCodeAt(position);
    while (code >= ZERO && code <= ZERO + 9) code = text.charCodeAt(++position);
    if (position === begin) throw fault(position, 'a digit');
  }

  /** Takes a number and tells whether it is an integer. */
  function passNumber(): boolean {
    if (text.charCodeAt(position) === MINUS) position++;
    if (text.charCodeAt(position) === ZERO) position++;
    else digits();
    let isInteger = true;
    if (text.charCodeAt(position) === POINT) {
      position++;
      digits();
      isInteger = false;
    }
    if ((text.charCodeAt(position) | 0x20) === 0x65) {
      position++;
      const sign = text.charCodeAt(position);
      if (sign === MINUS || sign === 0x2b) position++;
      digits();
      isInteger = false;
    }
    return isInteger;
  }

  /** The quick way for nearly all numbers: plain digits, not too many. Takes nothing where it does not apply. */
  function smallInteger(): number | undefined {
    let at = position;
    let value = 0;
    let code = text.charCodeAt(at);
    while (code >= ZERO && code <= ZERO + 9) {
      value = value * 10 + (code - ZERO);
      code = text.charCodeAt(++at);
    }
    const count = at - position;
    const isPadded = count > 1 && text.charCodeAt(position) === ZERO;
    if (count === 0 || count > SAFE_DIGITS || isPadded || code === POINT || (code | 0x20) === 0x65)
      return undefined;
    position = at;
    return value;
  }

  function passWord(): void {
    for (const word of ['true', 'false', 'null']) {
      if (text.startsWith(word, position)) {
        position += word.length;
        return;
      }
    }
    throw fault(position, 'a value');
  }

  function kind(): JsonKind {
    const code = peek();
    if (code === QUOTE) return 'string';
    if (code === OPEN_BRACE) return 'object';
    if (code === OPEN_BRACKET) return 'array';
    if (code === MINUS || (code >= ZERO && code <= ZERO + 9)) return 'number';
    if (code === 0x74 || code === 0x66) return 'boolean';
    if (code === 0x6e) return 'null';
    throw fault(position, 'a value');
  }

  const reader: JsonReader = {
    offset: () => {
      peek();
      return base + byteOffset(text, position);
    },
    kind,
    beginObject: () => enter(OPEN_BRACE, 'an object'),
    nextKey: () => {
      if (!goesOn(CLOSE_BRACE)) return undefined;
      if (peek() !== QUOTE) throw fault(position, 'a key');
      const key = string();
      if (peek() !== COLON) throw fault(position, 'a colon');
      position++;
      return key;
    },
    passMember: (take) => {
      const code = peek();
      if (!isFresh && code !== COMMA) return false;
      const end = take(isFresh ? position : position + 1);
      if (end === undefined) return false;
      position = end;
      isFresh = false;
      return true;
    },
    beginArray: () => enter(OPEN_BRACKET, 'an array'),
    nextItem: () => {
      if (!goesOn(CLOSE_BRACKET)) return false;
      // a closing bracket after a comma is no item
      if (peek() === CLOSE_BRACKET) throw fault(position, 'a value');
      return true;
    },
    string,
    integer: () => {
      const code = peek();
      if (code !== MINUS && !(code >= ZERO && code <= ZERO + 9)) throw fault(position, 'a number');
      const begin = position;
      const small = smallInteger();
      if (small !== undefined) return small;
      if (!passNumber()) return undefined;
      const value = BigInt(text.slice(begin, position));
      return Number.isSafeInteger(Number(value)) ? Number(value) : value;
    },
    skip: () => {
      const closers: number[] = [];
      do {
        switch (kind()) {
          case 'object':
            reader.beginObject();
            closers.push(CLOSE_BRACE);
            break;
          case 'array':
            reader.beginArray();
            closers.push(CLOSE_BRACKET);
            break;
          case 'string':
            string();
            break;
          case 'number':
            passNumber();
            break;
          default:
            passWord();
        }
        while (closers.length > 0) {
          const goes = closers.at(-1) === CLOSE_BRACE ? reader.nextKey() !== undefined : reader.nextItem();
          if (goes) break;
          closers.pop();
        }
      } while (closers.length > 0);
    },
    end: () => {
      peek();
      if (position < text.length) throw fault(position, 'the end of the text');
    },
  };
  return reader;
}

/** Bytes that the first `count` UTF-16 units of a text take in UTF-8. */
function byteOffset(text: string, count: number): number {
  return Buffer.byteLength(text.slice(0, count));
}

function describe(text: string, at: number): string {
  const code = text.codePointAt(at)!;
  return code >= 0x20 && code < 0x7f
    ? `the character ${String.fromCharCode(code)}`
    : `the character U+${code.toString(16).toUpperCase().padStart(4, '0')}`;
}
