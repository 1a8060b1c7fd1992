// JSON string escapes: RFC 8259, section 7.
import type { AppError } from '#shared/errors.ts';

const SIMPLE: ReadonlyMap<string, string> = new Map([
  ['"', '"'],
  ['\\', '\\'],
  ['/', '/'],
  ['b', '\b'],
  ['f', '\f'],
  ['n', '\n'],
  ['r', '\r'],
  ['t', '\t'],
]);

/**
 * Reads a string that has escapes.
 * @param begin behind the opening quote.
 * @param fault makes the error for a position and what should be there.
 * @returns the value, and where the text goes on behind the closing quote.
 */
export function readStringEscapes(
  text: string,
  begin: number,
  fault: (at: number, expected: string) => AppError,
): { readonly value: string; readonly end: number } {
  const parts: string[] = [];
  let plain = begin;
  for (let at = begin; ; at++) {
    const code = text.charCodeAt(at);
    if (!(code >= 0x20)) throw fault(at, 'a character of a string, control characters escaped');
    if (code !== 0x22 && code !== 0x5c) continue;
    parts.push(text.slice(plain, at));
    if (code === 0x22) return { value: parts.join(''), end: at + 1 };
    const letter = text.charAt(at + 1);
    if (letter === 'u') {
      const unit = hexUnit(text, at, fault);
      if (isLow(unit)) throw fault(at, 'the first half of a surrogate pair before its second');
      if (isHigh(unit)) {
        const isPaired = text.startsWith('\\u', at + 6) && isLow(hexUnit(text, at + 6, fault));
        if (!isPaired) throw fault(at, 'both halves of a surrogate pair');
        parts.push(String.fromCharCode(unit, hexUnit(text, at + 6, fault)));
        at += 11;
      } else {
        parts.push(String.fromCharCode(unit));
        at += 5;
      }
    } else {
      const character = SIMPLE.get(letter);
      if (character === undefined) throw fault(at + 1, 'one of " \\ / b f n r t u');
      parts.push(character);
      at++;
    }
    plain = at + 1;
  }
}

/** The unit that the escape beginning at `at` stands for. */
function hexUnit(text: string, at: number, fault: (at: number, expected: string) => AppError): number {
  const digits = text.slice(at + 2, at + 6);
  if (!/^[0-9a-fA-F]{4}$/.test(digits)) throw fault(at + 2, 'four hexadecimal digits');
  return Number.parseInt(digits, 16);
}

function isHigh(unit: number): boolean {
  return unit >= 0xd800 && unit <= 0xdbff;
}

function isLow(unit: number): boolean {
  return unit >= 0xdc00 && unit <= 0xdfff;
}
